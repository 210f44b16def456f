/* SPDX-License-Identifier: MIT */
/* Out of the program, through libc, and back in: qsort's and bsearch's callbacks. */
#include "expect.h"

#include <stdlib.h>

enum { NR = 64 };

/* The frames of libc's sort: how many, and whether they have names, is libc's business. */
#define SORTING "(;" IN_LIBC("qsort(_r)?|__qsort_r|msort_with_tmp[^;]*|_quicksort") ")+"

static unsigned int nr_compared;

static NOINLINE int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	nr_compared++;
	hit();
	NO_TAIL_CALL();
	return (x > y) - (x < y);
}

static NOINLINE void sort_numbers(int *numbers)
{
	for (int i = 0; i < NR; i++)
		numbers[i] = i * 37 % NR;
	qsort(numbers, NR, sizeof(*numbers), compare);
	NO_TAIL_CALL();
}

static NOINLINE void *search_number(const int *numbers, int key)
{
	void *found = bsearch(&key, numbers, NR, sizeof(*numbers), compare);

	NO_TAIL_CALL();
	return found;
}

int main(int argc, char **argv)
{
	int numbers[NR];
	unsigned int nr_sorting;
	void *found;

	sort_numbers(numbers);
	nr_sorting = nr_compared;
	found = search_number(numbers, 5);
	if (asked_for_expectations(argc, argv)) {
		expect("hit", nr_sorting, MAIN ";sort_numbers" SORTING ";compare;hit");
		/* bsearch is an inline function of the headers when optimising. */
		expect("hit", nr_compared - nr_sorting,
		       MAIN ";search_number(;" IN_LIBC("bsearch") ")?;compare;hit");
	}
	return !found;
}
