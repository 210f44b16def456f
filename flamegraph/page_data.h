/* SPDX-License-Identifier: MIT */
/*
 * The data block of a page: a page tree as columns of LEB128 numbers, deflated, in base64, so that
 * it is safe in SVG and HTML whatever the names are.  engine/model.js reads it; so does
 * page_read.c.
 *
 *   strings    count; each: bytes shared with the one before, more bytes, those bytes (byte order)
 *   functions  count; columns: name, kind, module + 1, full name + 1, file + 1, line
 *   nodes      count; columns: pops, function, self, and before in a comparison
 */
#ifndef CTRACE_FLAMEGRAPH_PAGE_DATA_H
#define CTRACE_FLAMEGRAPH_PAGE_DATA_H

#include <stddef.h>
#include <stdint.h>

struct page_tree;

/* The base64 text, NUL-terminated, to be freed. */
char *page_data_encode(const struct page_tree *tree, size_t *ret_size);

#endif
