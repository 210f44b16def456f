/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a file that may be packed with gzip or zstd, as its first bytes tell, and those of
 * UTF-16 as UTF-8.
 */
#ifndef CTRACE_FLAMEGRAPH_TEXT_STREAM_H
#define CTRACE_FLAMEGRAPH_TEXT_STREAM_H

#include "common/cleanup.h"

#include <stddef.h>
#include <stdio.h>

#define TEXT_STREAM_MIN 16

struct text_stream;

/* @file stays the caller's and must outlive the stream. */
struct text_stream *text_stream_new(FILE *file);
void text_stream_free(struct text_stream *stream);
DEFINE_CLEANUP(struct text_stream *, text_stream_free);

/*
 * Fills up to @size bytes, of which there are TEXT_STREAM_MIN; *ret_nr is 0 at the end only.  -EIO:
 * the file fails; -EBADMSG: damaged or cut packing.
 */
int text_stream_read(struct text_stream *stream, void *data, size_t size, size_t *ret_nr);

#endif
