/* SPDX-License-Identifier: MIT */
#include "unwind/table.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/log.h"
#include "unwind/table_chunks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK_RANGES 8192 /* about 60,000 CFI rows: 1 ms of work */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The table while chunks are joined to it. */
struct layout {
	struct unwind_table *table;
	struct rule_set rules;
	uint32_t next_block; /* the first block without an index entry */
};

/* @pc counts from the begin of the table. */
static void append_row(struct layout *layout, uint32_t pc, uint32_t rule)
{
	struct unwind_table *table = layout->table;

	while (layout->next_block <= pc >> CTRACE_BLOCK_SHIFT)
		table->index[layout->next_block++] = table->nr_rows;
	table->rows[table->nr_rows++] = CTRACE_ROW((uint32_t)(table->vaddr_begin + pc) & 0xffff,
						   rule);
}

static bool is_plain(const struct unwind_rule *rule)
{
	return !rule->ramp_mask && rule->rbp_kind != RBP_CFA_FROM &&
	       rule->rbp_kind != RBP_CFA_UNTIL;
}

/* -E2BIG: more rules than numbers. */
static int join_chunk(struct layout *layout, const struct cfi_input *input,
		      const struct table_chunk *chunk)
{
	const struct row_builder *b = &chunk->builder;
	struct unwind_table *table = layout->table;
	_cleanup_free_ uint32_t *number = xcalloc(b->rules.nr, sizeof(*number));

	for (uint32_t i = 0; i < b->rules.nr; i++)
		if (rule_set_add(&layout->rules, &b->rules.rules[i], CTRACE_MAX_RULES, &number[i]))
			return -E2BIG;
	for (size_t i = 0; i < b->nr_rows; i++) {
		uint32_t rule = number[b->rows[i].rule];

		/* A chunk does not see what the one before it ended in. */
		if (i == 0 && table->nr_rows > 1 &&
		    CTRACE_ROW_RULE(table->rows[table->nr_rows - 1]) == rule &&
		    is_plain(&layout->rules.rules[rule])) {
			table->stats.cfi_rows--;
			continue;
		}
		/* The hole behind the last range may begin where the table ends. */
		if (b->rows[i].pc < input->known_end)
			append_row(layout, b->rows[i].pc - input->known_begin, rule);
	}
	table->stats.cfi_rows += b->cfi_rows;
	table->stats.gap_rows += b->gap_rows;
	table->stats.bad_fdes += chunk->bad_fdes;
	for (int i = 0; i < NR_UNWIND_NONE; i++)
		table->stats.none[i] += b->none[i];
	return 0;
}

static void finish(struct layout *layout)
{
	struct unwind_table *table = layout->table;

	while (layout->next_block <= table->nr_blocks)
		table->index[layout->next_block++] = table->nr_rows;
	table->rules = TAKE_PTR(layout->rules.rules);
	table->nr_rules = layout->rules.nr;
	table->rows = xreallocarray(table->rows, table->nr_rows, sizeof(*table->rows));
	table->stats.rows = table->nr_rows;
	table->stats.gap_rows++;
	table->stats.bytes = (uint64_t)table->nr_rows * sizeof(*table->rows) +
			     ((uint64_t)table->nr_blocks + 1) * sizeof(*table->index) +
			     (uint64_t)table->nr_rules * sizeof(*table->rules);
}

/* -E2BIG: the chunks together have too many rules, or rows. */
static int join_chunks(const struct cfi_input *input, const struct table_chunk *chunks, size_t nr,
		       struct unwind_table **ret_table)
{
	_cleanup_(unwind_table_freep) struct unwind_table *table = xcalloc(1, sizeof(*table));
	struct layout layout = {.table = table};
	uint64_t rows = 1;
	int err = 0;

	for (size_t i = 0; i < nr; i++)
		rows += chunks[i].builder.nr_rows;
	if (rows > UINT32_MAX)
		return -E2BIG;
	table->vaddr_begin = input->base + input->known_begin;
	table->vaddr_end = input->base + input->known_end;
	table->nr_blocks = (input->known_end - input->known_begin) >> CTRACE_BLOCK_SHIFT;
	table->index = xcalloc((size_t)table->nr_blocks + 1, sizeof(*table->index));
	table->rows = xcalloc(rows, sizeof(*table->rows));
	rule_set_init(&layout.rules);
	append_row(&layout, 0, 0);
	for (size_t i = 0; i < nr && !err; i++)
		err = join_chunk(&layout, input, &chunks[i]);
	if (!err) {
		finish(&layout);
		*ret_table = TAKE_PTR(table);
	}
	rule_set_release(&layout.rules);
	return err;
}

static int build(const struct cfi_input *input, const struct unwind_options *options,
		 struct unwind_table **ret_table)
{
	size_t max_ranges = CHUNK_RANGES;
	struct table_chunk *chunks;
	size_t nr;
	int err;

	/* In one piece the builder itself keeps to the limit, by plain rows instead of ramps. */
	do {
		chunks = table_chunks_build(input, max_ranges, options, &nr);
		err = unwind_should_stop(options) ? -ECANCELED : 0;
		if (!err)
			err = join_chunks(input, chunks, nr, ret_table);
		table_chunks_free(chunks, nr);
		max_ranges = SIZE_MAX / 2;
	} while (err == -E2BIG && nr > 1);
	return err;
}

static int build_from(struct elf_image *image, const struct unwind_options *options,
		      bool follow_rbx, struct unwind_table **ret_table)
{
	struct cfi_input input;
	int err = cfi_input_collect(&input, image, options, follow_rbx);

	if (!err)
		err = build(&input, options, ret_table);
	if (!err) {
		(*ret_table)->stats.fdes = input.fdes;
		(*ret_table)->stats.bad_fdes += input.bad_fdes;
	}
	cfi_input_release(&input);
	return err;
}

/* A frame whose CFA is in RBX and that calls others: glibc's lazy binding, nothing else known. */
static bool needs_rbx(const struct unwind_table *table)
{
	for (uint32_t i = 0; i < table->nr_rules; i++)
		if (table->rules[i].cfa_kind == CFA_REG && table->rules[i].x == DW_REG_RBX)
			return true;
	return false;
}

int unwind_table_build(struct elf_image *image, const struct unwind_options *options,
		       struct unwind_table **ret_table)
{
	static const struct unwind_options defaults = {0};
	_cleanup_(unwind_table_freep) struct unwind_table *table = NULL;
	uint64_t start = now_ns();
	int err;

	if (!options)
		options = &defaults;
	err = build_from(image, options, false, &table);
	if (!err && needs_rbx(table)) {
		unwind_table_free(TAKE_PTR(table));
		err = build_from(image, options, true, &table);
	}
	if (!err) {
		struct unwind_stats *stats = &table->stats;

		stats->build_ns = now_ns() - start;
		log_debug("table: %" PRIu64 " CFI rows, %" PRIu64 " rows, %" PRIu32
			  " rules, %" PRIu64 " us",
			  stats->cfi_rows, stats->rows, table->nr_rules, stats->build_ns / 1000);
		*ret_table = TAKE_PTR(table);
	}
	return err;
}

void unwind_table_free(struct unwind_table *table)
{
	if (!table)
		return;
	free(table->index);
	free(table->rows);
	free(table->rules);
	free(table);
}
