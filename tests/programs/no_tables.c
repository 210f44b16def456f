/* SPDX-License-Identifier: MIT */
/*
 * A program for small size and without CFI: frames are known from its code alone, through
 * realigned stacks, loops that call, jump tables and calls that do not return.
 */
#include "expect.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

enum { HITS = 10, CASES = 8 };

static jmp_buf back;

static NOINLINE void use(volatile char *p, unsigned int alignment)
{
	if ((uintptr_t)p % alignment)
		__builtin_trap();
	hit();
	DISTINCT(1);
}

static NOINLINE void realigned(int n)
{
	_Alignas(64) volatile char block[192];

	block[n & 63] = (char)n;
	use(block, 64);
	DISTINCT(2);
}

static NOINLINE void realigned_with_arguments(int a, int b, int c, int d, int e, int f, int g,
					      int h)
{
	_Alignas(128) volatile char block[128];

	block[(a + b + c + d + e + f + g + h) & 127] = 1;
	use(block, 128);
	DISTINCT(3);
}

static NOINLINE int in_loop(int n)
{
	volatile int words[10];
	int sum = 0;

	for (int i = 0; i < n; i++) {
		words[i % 10] = i;
		while (words[i % 10] < n) {
			hit();
			words[i % 10] += n;
		}
		sum += words[i % 10];
	}
	return sum;
}

static NOINLINE int in_switch(int n, volatile int *p)
{
	volatile int kept[6] = {n};

	switch (n) {
	case 0:
		hit();
		DISTINCT(10);
		return kept[0] + *p;
	case 1:
		*p += 3;
		hit();
		DISTINCT(11);
		break;
	case 2:
		for (int i = 0; i < 2; i++)
			hit();
		DISTINCT(12);
		break;
	case 3:
		kept[1] = *p;
		hit();
		DISTINCT(13);
		return kept[1];
	case 4:
		*p *= 2;
		break;
	case 5:
		hit();
		DISTINCT(14);
		kept[2] = *p;
		break;
	default:
		kept[3] = 1;
	}
	hit();
	return kept[0] + kept[1] + kept[2] + kept[3];
}

static NOINLINE __attribute__((noreturn)) void gives_up(int n)
{
	hit();
	longjmp(back, n + 1);
}

/* The call that does not return is its last instruction, or has the other branch behind it. */
static NOINLINE int may_give_up(int n)
{
	volatile char frame[104];

	frame[0] = (char)n;
	if (n % 2)
		gives_up(frame[0]);
	hit();
	DISTINCT(20);
	return frame[0];
}

static NOINLINE void only_gives_up(int n)
{
	volatile char frame[200];

	frame[0] = (char)n;
	gives_up(frame[0]);
}

static NOINLINE void comes_back(void (*fn)(int), int n)
{
	if (!setjmp(back))
		fn(n);
	DISTINCT(21);
}

static NOINLINE void calls_may_give_up(int n)
{
	may_give_up(n);
	DISTINCT(22);
}

static void expect_all(void)
{
	expect("hit", HITS, MAIN ";realigned;use;hit");
	expect("hit", HITS, MAIN ";realigned_with_arguments;use;hit");
	expect("hit", HITS * 7, MAIN ";in_loop;hit");
	/* 0: 1; 1: 2; 2: 3; 3: 1; 4: 1; 5: 2; 6 and 7: 1 each */
	expect("hit", HITS * 12, MAIN ";in_switch;hit");
	expect("hit", HITS / 2, MAIN ";comes_back;calls_may_give_up;may_give_up;hit");
	expect("hit", HITS / 2, MAIN ";comes_back;calls_may_give_up;may_give_up;gives_up;hit");
	expect("hit", HITS, MAIN ";comes_back;only_gives_up;gives_up;hit");
}

int main(int argc, char **argv)
{
	volatile int word = 1;

	if (asked_for_expectations(argc, argv)) {
		expect_all();
		return 0;
	}
	for (int n = 0; n < HITS; n++) {
		realigned(n);
		realigned_with_arguments(1, 2, 3, 4, 5, 6, 7, n);
		in_loop(7);
		for (int i = 0; i < CASES; i++)
			in_switch(i, &word);
		comes_back(calls_may_give_up, n);
		comes_back(only_gives_up, n);
	}
	return 0;
}
