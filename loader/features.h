/* SPDX-License-Identifier: MIT */
/*
 * What this kernel and these rights allow, each thing found out by trying it.  For `ctrace
 * doctor`; nothing else asks here, as everything else just tries too.  Prints nothing.
 */
#ifndef CTRACE_LOADER_FEATURES_H
#define CTRACE_LOADER_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

/* The cure of all that is refused for want of rights: to be told once, whatever lacks. */
#define FEATURE_CURE_RIGHTS "more rights"

struct feature {
	const char *name;
	const char *purpose; /* what ctrace does with it */
	bool required;	     /* without it nothing is recorded */
	bool available;
	char *why;	  /* what was found, or why not; may be NULL */
	const char *cure; /* for one that is missing; NULL if there is none */
};

/* Tries everything; takes some tenths of a second.  To be freed by features_free(). */
struct feature *features_check(size_t *ret_nr);
void features_free(struct feature *features, size_t nr);

#endif
