/* SPDX-License-Identifier: MIT */
/*
 * The stacks of a page that ctrace has drawn, SVG or HTML, out of its data block (page_data.h): a
 * picture is a recording that can be drawn anew, compared, and told in other formats.
 */
#ifndef CTRACE_FLAMEGRAPH_PAGE_READ_H
#define CTRACE_FLAMEGRAPH_PAGE_READ_H

#include <stdbool.h>
#include <stddef.h>

/* Of a page, and of what its data block unpacks to. */
#define PAGE_READ_MAX ((size_t)128 << 20)

struct profile;

struct page_report {
	bool has_before; /* a comparison: profile_count_before() got the other side */
	bool is_pruned;	 /* some frames are only told as how many they were */
};

/*
 * Adds the page's stacks to @profile, which is not finished.  -ENOEXEC: no page of ctrace's;
 * -EBADMSG: damaged; -E2BIG: more than PAGE_READ_MAX; -EOVERFLOW as profile_count().  What was read
 * before an error stays in @profile.
 */
int page_read(const char *text, size_t size, struct profile *profile,
	      struct page_report *ret_report);

#endif
