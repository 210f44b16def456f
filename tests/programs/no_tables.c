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

/* Keeps the stack pointer it had in another register: lea 8(%rsp),%r10; and. */
static NOINLINE void realigned_and_dynamic(int n)
{
	_Alignas(32) volatile char block[64];
	volatile char array[n + 1];

	block[0] = array[n] = (char)n;
	use(block, 32);
	block[1] = array[0];
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

/* Known by their pointers only; the first ends in a call that does not return. */
static __attribute__((noipa)) void op_ends(int n)
{
	volatile char frame[40];

	frame[0] = (char)n;
	gives_up(frame[0]);
}

static NOINLINE void op_hits(int n)
{
	volatile char frame[1000];

	frame[n] = 1;
	hit();
	frame[0] = frame[n];
}

static NOINLINE void op_realigns(int n)
{
	_Alignas(32) volatile char block[96];

	block[n] = (char)n;
	use(block, 32);
	DISTINCT(31);
}

typedef void (*op_fn)(int);
static op_fn const ops[] = {op_hits, op_realigns, op_ends};

/* Never falls out of its loop: code that leads to a return lies in one case. */
static NOINLINE int interprets(const volatile unsigned char *code, int n)
{
	volatile int stack[20] = {0};
	int top = 0;

	for (;;) {
		switch (*code++) {
		case 0:
			stack[top++ % 20] = n;
			break;
		case 1:
			ops[0](stack[0] % 20);
			break;
		case 2:
			ops[1](stack[0] % 20);
			break;
		case 3:
			stack[0] += stack[1];
			break;
		case 4:
			hit();
			DISTINCT(32);
			break;
		case 5:
			return stack[0];
		case 6:
			ops[2](stack[0]);
			break;
		default:
			abort();
		}
	}
}

static NOINLINE void interprets_to_the_end(int n)
{
	static const volatile unsigned char code[] = {0, 1, 3, 2, 4, 0, 1, 5};

	interprets(code, n);
	DISTINCT(33);
}

static NOINLINE void interprets_and_gives_up(int n)
{
	static const volatile unsigned char code[] = {0, 4, 6};

	interprets(code, n);
	DISTINCT(34);
}

#define TO_THE_END ";comes_back;interprets_to_the_end;interprets"
#define GIVING_UP  ";comes_back;interprets_and_gives_up;interprets"

static void expect_all(void)
{
	expect("hit", HITS, MAIN ";realigned;use;hit");
	expect("hit", HITS, MAIN ";realigned_with_arguments;use;hit");
	expect("hit", HITS, MAIN ";realigned_and_dynamic;use;hit");
	expect("hit", HITS * 7, MAIN ";in_loop;hit");
	/* 0: 1; 1: 2; 2: 3; 3: 1; 4: 1; 5: 2; 6 and 7: 1 each */
	expect("hit", HITS * 12, MAIN ";in_switch;hit");
	expect("hit", HITS / 2, MAIN ";comes_back;calls_may_give_up;may_give_up;hit");
	expect("hit", HITS / 2, MAIN ";comes_back;calls_may_give_up;may_give_up;gives_up;hit");
	expect("hit", HITS, MAIN ";comes_back;only_gives_up;gives_up;hit");
	expect("hit", HITS, MAIN TO_THE_END ";hit");
	expect("hit", HITS * 2, MAIN TO_THE_END ";op_hits;hit");
	expect("hit", HITS, MAIN TO_THE_END ";op_realigns;use;hit");
	expect("hit", HITS, MAIN GIVING_UP ";hit");
	expect("hit", HITS, MAIN GIVING_UP ";op_ends;gives_up;hit");
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
		realigned_and_dynamic(n);
		in_loop(7);
		for (int i = 0; i < CASES; i++)
			in_switch(i, &word);
		comes_back(calls_may_give_up, n);
		comes_back(only_gives_up, n);
		comes_back(interprets_to_the_end, n);
		comes_back(interprets_and_gives_up, n);
	}
	return 0;
}
