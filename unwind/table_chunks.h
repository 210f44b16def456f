/* SPDX-License-Identifier: MIT */
/*
 * Builds the rows of an object in stretches, on as many threads as asked for.  The stretches do
 * not depend on the threads, so neither does the table.
 */
#ifndef CTRACE_UNWIND_TABLE_CHUNKS_H
#define CTRACE_UNWIND_TABLE_CHUNKS_H

#include "unwind/cfi_input.h"
#include "unwind/row_builder.h"

struct unwind_options;

/* One stretch of ranges and what became of it. */
struct table_chunk {
	size_t first; /* ranges [first, end) of the input */
	size_t end;
	struct row_builder builder;
	uint64_t bad_fdes;
};

/*
 * Splits the ranges of @input into *ret_nr chunks of at most @max_ranges and builds them; some are
 * left empty when the options say to stop.
 */
struct table_chunk *table_chunks_build(const struct cfi_input *input, size_t max_ranges,
				       const struct unwind_options *options, size_t *ret_nr);
void table_chunks_free(struct table_chunk *chunks, size_t nr);

#endif
