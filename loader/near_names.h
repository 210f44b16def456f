/* SPDX-License-Identifier: MIT */
/* The names nearest to one that was not found, out of any number that is shown to it. */
#ifndef CTRACE_LOADER_NEAR_NAMES_H
#define CTRACE_LOADER_NEAR_NAMES_H

#include <stddef.h>

#define NEAR_NAMES_MAX	   3
#define NEAR_NAMES_MAX_LEN 128 /* longer names are not compared */

struct near_names {
	const char *wanted;
	struct {
		char name[NEAR_NAMES_MAX_LEN];
		unsigned int distance;
	} best[NEAR_NAMES_MAX];
	size_t nr;
};

/* @wanted is borrowed. */
void near_names_init(struct near_names *near, const char *wanted);
void near_names_add(struct near_names *near, const char *name);
/* "; did you mean 'a', 'b' or 'c'?", or "" if nothing is near; to be freed. */
char *near_names_question(const struct near_names *near);

#endif
