/* SPDX-License-Identifier: MIT */
#include "unwind/table_chunks.h"

#include "common/alloc.h"
#include "unwind/cfi_program.h"
#include "unwind/table.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#define MAX_THREADS    8
#define MAX_HOLE       15 /* longer ones are no padding between functions */
#define PREFETCH_AHEAD 4  /* FDEs are not in the order of their code */
#define ROWS_PER_FDE   4  /* a little more than the average of 3.3 */

struct work {
	const struct cfi_input *input;
	struct table_chunk *chunks;
	const struct unwind_options *options;
	size_t nr_chunks;
	atomic_size_t next;
};

/* The instructions of @range; NULL if it has none, for then there may be no section either. */
static const uint8_t *program_of(const struct cfi_input *input, const struct cfi_range *range)
{
	if (range->program == range->program_end)
		return NULL;
	return input->sections[input->cies.cies[range->cie].section].data + range->program;
}

static int run_range(const struct cfi_input *input, const struct cfi_range *range,
		     struct row_builder *builder)
{
	const struct cfi_cie *cie = &input->cies.cies[range->cie];
	const struct cfi_section *section = &input->sections[cie->section];
	const uint8_t *code = program_of(input, range);
	const struct cfi_program program = {
		.code = code,
		.end = code ? code + (range->program_end - range->program) : NULL,
		.vaddr = section->vaddr + range->program,
		.base = input->base,
		.start = range->start,
		.from = range->begin,
		.to = range->end,
	};

	return cfi_program_run(&program, &cie->context, builder);
}

static void build_chunk(const struct cfi_input *input, struct table_chunk *chunk)
{
	const struct cfi_range *ranges = input->ranges.ranges;
	const struct cfi_state gap = row_builder_gap();
	struct row_builder *b = &chunk->builder;
	uint32_t next = input->size;

	for (size_t i = chunk->first; i < chunk->end; i++) {
		next = i + 1 < input->ranges.nr ? ranges[i + 1].begin : input->size;
		if (i + PREFETCH_AHEAD < chunk->end)
			__builtin_prefetch(program_of(input, &ranges[i + PREFETCH_AHEAD]));
		if (run_range(input, &ranges[i], b) < 0)
			chunk->bad_fdes++;
		if (next - ranges[i].end > MAX_HOLE)
			row_builder_add(b, ranges[i].end, &gap);
	}
	row_builder_flush(b, next);
}

static void *run_chunks(void *arg)
{
	struct work *work = arg;

	for (;;) {
		size_t i = atomic_fetch_add(&work->next, 1);

		if (i >= work->nr_chunks || unwind_should_stop(work->options))
			return NULL;
		build_chunk(work->input, &work->chunks[i]);
	}
}

static unsigned int default_threads(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 1;
	return (unsigned int)CPU_COUNT(&cpus);
}

static void run_threads(struct work *work, unsigned int nr_threads)
{
	pthread_t thread[MAX_THREADS];
	unsigned int nr = 0;

	if (!nr_threads)
		nr_threads = default_threads();
	if (nr_threads > MAX_THREADS)
		nr_threads = MAX_THREADS;
	if (nr_threads > work->nr_chunks)
		nr_threads = (unsigned int)work->nr_chunks;
	/* A thread that cannot be had is work for those there are. */
	while (nr + 1 < nr_threads && pthread_create(&thread[nr], NULL, run_chunks, work) == 0)
		nr++;
	run_chunks(work);
	while (nr)
		pthread_join(thread[--nr], NULL);
}

struct table_chunk *table_chunks_build(const struct cfi_input *input, size_t max_ranges,
				       const struct unwind_options *options, size_t *ret_nr)
{
	size_t nr = (input->ranges.nr + max_ranges - 1) / max_ranges;
	struct work work = {.input = input, .options = options, .nr_chunks = nr};

	work.chunks = xcalloc(nr, sizeof(*work.chunks));
	for (size_t i = 0; i < nr; i++) {
		size_t left = input->ranges.nr - i * max_ranges;

		work.chunks[i].first = i * max_ranges;
		work.chunks[i].end = i * max_ranges + (left < max_ranges ? left : max_ranges);
		row_builder_init(&work.chunks[i].builder, options->no_ramps,
				 (work.chunks[i].end - work.chunks[i].first) * ROWS_PER_FDE);
	}
	run_threads(&work, options->nr_threads);
	*ret_nr = nr;
	return work.chunks;
}

void table_chunks_free(struct table_chunk *chunks, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		row_builder_release(&chunks[i].builder);
	free(chunks);
}
