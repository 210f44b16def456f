/* SPDX-License-Identifier: MIT */
/* Deep stacks: one that fits the limit of 512 frames whole, and one of 600 that is cut at it. */
#include "expect.h"

#include <stdlib.h>

enum { FITS = 480, TOO_DEEP = 600, LIMIT = 512 };

static NOINLINE int recurse(int depth)
{
	int below = 0;

	if (depth > 1)
		below = recurse(depth - 1);
	else
		hit();
	NO_TAIL_CALL();
	return below + 1;
}

static void expect_recursion(const char *root, int depth)
{
	char *regex = malloc(strlen(root) + (size_t)depth * sizeof(";recurse") + sizeof(";hit"));

	strcpy(regex, root);
	for (int i = 0; i < depth; i++)
		strcat(regex, ";recurse");
	strcat(regex, ";hit");
	expect("hit", 1, regex);
	free(regex);
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect_recursion(MAIN, FITS);
		expect_recursion("\\[truncated\\]", LIMIT - 1);
		return 0;
	}
	return recurse(FITS) + recurse(TOO_DEEP) != FITS + TOO_DEEP;
}
