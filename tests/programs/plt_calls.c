/* SPDX-License-Identifier: MIT */
/* Calls and recursion through the PLT, the first of each through the lazy resolver. */
#include "expect.h"
#include "plt_library.h"

enum { DEPTH = 20, HITS = 15 };

static NOINLINE void called_back(void)
{
	hit();
	NO_TAIL_CALL();
}

static NOINLINE int calls_leaf(int n)
{
	int got = plt_leaf(n);

	NO_TAIL_CALL();
	return got;
}

/* Probes in the library are named by its path, which the harness knows. */
static void expect_all(void)
{
	expect("hit", HITS, MAIN ";plt_call_back;called_back;hit");
	expect("@LIBRARY@:plt_leaf", HITS, MAIN ";calls_leaf;plt_leaf");
	expect("@LIBRARY@:plt_leaf", HITS, MAIN "(;plt_recurse){20};plt_leaf");
}

int main(int argc, char **argv)
{
	int sum = 0;

	if (asked_for_expectations(argc, argv)) {
		expect_all();
		return 0;
	}
	for (int i = 0; i < HITS; i++) {
		sum += calls_leaf(1) + plt_recurse(DEPTH);
		plt_call_back(called_back);
	}
	return sum != HITS * (DEPTH + 1);
}
