/* SPDX-License-Identifier: MIT */
/*
 * What people give in place of folded stacks: recordings, other tools' profiles, stacks that nobody
 * has folded yet.  Told by how they begin, with what makes folded stacks of them.
 */
#ifndef CTRACE_FLAMEGRAPH_FOREIGN_TEXT_H
#define CTRACE_FLAMEGRAPH_FOREIGN_TEXT_H

#include <stddef.h>

struct foreign_text {
	const char *what; /* "a recording of perf's" */
	const char *cure; /* what to do, with FILE where its name belongs */
};

/* NULL: it may well be folded stacks.  @text is the beginning, unpacked. */
const struct foreign_text *foreign_text_find(const char *text, size_t len);

#endif
