/* SPDX-License-Identifier: MIT */
/*
 * The plain bytes of a capture file, number by number: unpacks the zstd frame as it goes, and
 * refuses to unpack more than the packed size can account for.  After the first error every read
 * gives zero and source->error tells why.
 */
#ifndef CTRACE_FLAMEGRAPH_CAPTURE_SOURCE_H
#define CTRACE_FLAMEGRAPH_CAPTURE_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct capture_source;

/* Exactly one of @file and @data.  Reads the head: errors as capture_read(). */
int capture_source_open(FILE *file, const void *data, size_t size,
			struct capture_source **ret_source);
void capture_source_free(struct capture_source *source);

/* Of the format: 1 to CAPTURE_VERSION. */
uint32_t capture_source_version(const struct capture_source *source);
/* The first error, or 0. */
int capture_source_error(const struct capture_source *source);
void capture_source_fail(struct capture_source *source, int error);

/* -EBADMSG beyond @max. */
uint64_t capture_source_uint(struct capture_source *source, uint64_t max);
/* The length of a list; -E2BIG beyond @max. */
uint64_t capture_source_length(struct capture_source *source, uint64_t max);
void capture_source_bytes(struct capture_source *source, void *data, size_t size);
/* A string or NULL; lives as long as the source. */
const char *capture_source_string(struct capture_source *source);

/* Checks that the frame and the file end here. */
int capture_source_finish(struct capture_source *source);

#endif
