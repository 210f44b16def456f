/* SPDX-License-Identifier: MIT */
/*
 * Size and speed of unwind tables over every ELF program and library under the directories given
 * (/usr and /opt by default), and of some large ones alone, as markdown.
 *
 *   bench_tables [--cfi-only] [DIR...]
 *
 * --cfi-only leaves out what Go's tables and code without CFI add.
 *
 * Every file is compiled several times and the quickest run counts, so that files come from the
 * page cache.  The time is that of opening, compiling and closing the file: processor time of one
 * thread, elapsed time of two.
 */
#include "common/elf_image.h"
#include "unwind/table.h"

#include <fts.h>
#include <glob.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ROUNDS_ALL   2
#define ROUNDS_LARGE 10

struct figures {
	bool cfi_only; /* asked for, not measured */
	uint64_t files;
	uint64_t rules;
	uint64_t ns;
	uint64_t ns_two_threads;
	struct unwind_stats stats;
};

/* Large objects of a development machine; patterns, since versions come and go. */
static const char *const large[] = {
	"/usr/lib/llvm-19/lib/libLLVM.so.*.*",
	"/usr/lib/llvm-19/lib/libclang-cpp.so.*",
	"/usr/lib/llvm-14/lib/libLLVM-14.so.1",
	"/usr/lib/gcc/x86_64-linux-gnu/12/cc1",
	"/usr/bin/node",
	"/usr/bin/python3.*[0-9]",
	"/usr/lib/x86_64-linux-gnu/libc.so.6",
	"/usr/bin/ls",
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* One compilation.  0 and the time it took, or what opening or compiling gave. */
static int compile(const char *path, unsigned int nr_threads, bool cfi_only,
		   struct unwind_table **ret_table, uint64_t *ret_ns)
{
	const struct unwind_options options = {.nr_threads = nr_threads, .cfi_only = cfi_only};
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	/* One thread: what it costs, whoever else wants the processor.  Two: how long it takes. */
	clockid_t clock = nr_threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
	uint64_t start = clock_ns(clock);
	int err = elf_image_open(path, &image);

	if (!err && elf_image_header(image)->e_type == ET_REL)
		err = -1;
	if (!err)
		err = unwind_table_build(image, &options, ret_table);
	elf_image_close(TAKE_PTR(image));
	*ret_ns = clock_ns(clock) - start;
	return err;
}

static void add_stats(struct unwind_stats *sum, const struct unwind_stats *one)
{
	sum->fdes += one->fdes;
	sum->cfi_rows += one->cfi_rows;
	sum->rows += one->rows;
	sum->gap_rows += one->gap_rows;
	sum->bytes += one->bytes;
	sum->bad_fdes += one->bad_fdes;
	for (int i = 0; i < NR_UNWIND_NONE; i++)
		sum->none[i] += one->none[i];
}

static void measure(const char *path, int rounds, bool two_threads, struct figures *sum)
{
	uint64_t ns, best = UINT64_MAX;
	struct unwind_table *table = NULL;

	for (int i = 0; i < rounds; i++) {
		unwind_table_free(table);
		table = NULL;
		if (compile(path, two_threads ? 2 : 1, sum->cfi_only, &table, &ns) < 0)
			return;
		if (ns < best)
			best = ns;
	}
	if (two_threads) {
		sum->ns_two_threads += best;
	} else {
		sum->files++;
		sum->rules += table->nr_rules;
		sum->ns += best;
		add_stats(&sum->stats, &table->stats);
	}
	unwind_table_free(table);
}

static void measure_trees(char *const *directories, struct figures *sum)
{
	FTS *tree = fts_open(directories, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	while (tree && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_F && entry->fts_statp->st_size > 1024)
			measure(entry->fts_path, ROUNDS_ALL, false, sum);
	if (tree)
		fts_close(tree);
}

static uint64_t row_bytes(const struct figures *f)
{
	return f->stats.bytes - f->rules * sizeof(struct unwind_rule);
}

static double per_row(uint64_t value, const struct figures *f)
{
	return f->stats.cfi_rows ? (double)value / (double)f->stats.cfi_rows : 0;
}

static void print_all(const struct figures *f)
{
	static const char *const reasons[] = {
#define X(name, json, text) text,
		CTRACE_NONE_REASONS(X)
#undef X
	};
	uint64_t unexpressed = 0;

	for (int i = NONE_GAP + 1; i < NR_UNWIND_NONE; i++)
		unexpressed += f->stats.none[i];
	printf("| everything | |\n|-|-|\n");
	printf("| files with CFI | %" PRIu64 " |\n", f->files);
	printf("| FDEs | %" PRIu64 " |\n", f->stats.fdes);
	printf("| CFI rows | %" PRIu64 " |\n", f->stats.cfi_rows);
	printf("| table rows | %" PRIu64 " (%" PRIu64 " of them holes) |\n", f->stats.rows,
	       f->stats.gap_rows);
	printf("| bytes of rows and index | %" PRIu64 " |\n", row_bytes(f));
	printf("| **bytes per CFI row** | **%.3f** |\n", per_row(row_bytes(f), f));
	printf("| bytes per CFI row, every file with its own rules | %.3f |\n",
	       per_row(f->stats.bytes, f));
	printf("| **ns per CFI row, one thread** | **%.1f** |\n", per_row(f->ns, f));
	printf("| rows not expressed | %" PRIu64 " (1 in %.0f) |\n", unexpressed,
	       unexpressed ? (double)f->stats.cfi_rows / (double)unexpressed : 0);
	for (int i = NONE_GAP + 1; i < NR_UNWIND_NONE; i++)
		if (f->stats.none[i])
			printf("| - %s | %" PRIu64 " |\n", reasons[i], f->stats.none[i]);
	printf("| damaged FDEs | %" PRIu64 " |\n\n", f->stats.bad_fdes);
}

static void print_large(bool cfi_only)
{
	printf("| object | CFI rows | bytes per CFI row | rules | ms, one thread | ns per CFI row "
	       "| "
	       "ms, two threads |\n|-|-|-|-|-|-|-|\n");
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		struct figures f = {.cfi_only = cfi_only};
		glob_t found;

		if (glob(large[i], 0, NULL, &found) == 0) {
			measure(found.gl_pathv[0], ROUNDS_LARGE, false, &f);
			measure(found.gl_pathv[0], ROUNDS_LARGE, true, &f);
			if (f.files)
				printf("| %s | %" PRIu64 " | %.2f | %" PRIu64
				       " | %.2f | %.1f | %.2f |\n",
				       found.gl_pathv[0], f.stats.cfi_rows,
				       per_row(row_bytes(&f), &f), f.rules, (double)f.ns / 1e6,
				       per_row(f.ns, &f), (double)f.ns_two_threads / 1e6);
		}
		globfree(&found);
	}
}

int main(int argc, char **argv)
{
	char usr[] = "/usr", opt[] = "/opt";
	char *const defaults[] = {usr, opt, NULL};
	struct figures all = {.cfi_only = argc > 1 && !strcmp(argv[1], "--cfi-only")};

	argv += 1 + all.cfi_only;
	argc -= 1 + all.cfi_only;
	measure_trees(argc > 0 ? argv : defaults, &all);
	print_all(&all);
	print_large(all.cfi_only);
	return 0;
}
