/* SPDX-License-Identifier: MIT */
/*
 * The compact unwind table of one object: ramp rows, their block index and the rules they name, as
 * bpf/abi.h describes them.  Pure: bytes in, table out.  Knows no process, no BPF map, and does
 * not print.  Published by loader/table_store.c, searched by bpf/.
 */
#ifndef CTRACE_UNWIND_TABLE_H
#define CTRACE_UNWIND_TABLE_H

#include "bpf/abi.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct elf_image;

struct unwind_stats {
	uint64_t fdes;
	uint64_t cfi_rows;	       /* rows of the CFI, equal neighbours merged */
	uint64_t rows;		       /* ramp rows in the table */
	uint64_t gap_rows;	       /* of those, holes between FDEs */
	uint64_t bytes;		       /* rows + index + rules */
	uint64_t none[NR_UNWIND_NONE]; /* cfi rows not expressed, by reason (GAP is no CFI row) */
	uint64_t bad_fdes;	       /* FDEs or CIEs refused as damaged */
	uint64_t build_ns;	       /* wall time; 0 when it came from the cache */
};

struct unwind_table {
	uint64_t vaddr_begin; /* multiple of 1 KiB */
	uint64_t vaddr_end;   /* exclusive, multiple of 1 KiB */
	uint32_t nr_blocks;   /* (vaddr_end - vaddr_begin) >> 10 */
	uint32_t nr_rows;
	uint32_t nr_rules;
	uint32_t *index;	   /* nr_blocks + 1 positions in rows; never decreasing */
	uint32_t *rows;		   /* rows[0] is a GAP row, so that position - 1 always exists */
	struct unwind_rule *rules; /* rules[0] is NONE/GAP; at most CTRACE_MAX_RULES */
	struct unwind_stats stats;
};

struct unwind_options {
	/* Second file with .debug_frame (separate debug file), or NULL.  Fills holes only. */
	struct elf_image *debug_image;
	unsigned int nr_threads; /* 0 = decide by size */
	bool cfi_only;		 /* without what Go's table and the code itself tell */
	bool no_text;		 /* cfi_only, and the image's text is not there to be looked at */
	bool no_ramps;		 /* plain rows only: when the global rule space runs short */
	/* Asked now and then, from several threads; true gives the table up.  NULL: never. */
	bool (*should_stop)(const void *arg);
	const void *stop_arg;
};

/*
 * Builds the table of @image, which may be closed afterwards.  Sources in order: .eh_frame found
 * by PT_GNU_EH_FRAME, the .eh_frame section, then .debug_frame for what is still uncovered.
 * -ENODATA: no CFI and no code known without; -EBADMSG: nothing of it could be trusted; -E2BIG:
 * more than 2^32 bytes of text or rows; -ECANCELED: @should_stop said so.  A row that cannot be
 * expressed becomes a NONE row with its reason, counted.
 */
int unwind_table_build(struct elf_image *image, const struct unwind_options *options,
		       struct unwind_table **ret_table);
static inline bool unwind_should_stop(const struct unwind_options *options)
{
	return options->should_stop && options->should_stop(options->stop_arg);
}
void unwind_table_free(struct unwind_table *table);
DEFINE_CLEANUP(struct unwind_table *, unwind_table_free);

/*
 * The rule that holds at @vaddr with any ramp worked out (ramp_mask 0 and RBP_CFA or RBP_SAME
 * instead of _FROM/_UNTIL), exactly as the kernel walk sees it.  Always gives a rule.
 */
void unwind_table_lookup(const struct unwind_table *table, uint64_t vaddr,
			 struct unwind_rule *ret_rule);

/*
 * @rule as it is @distance bytes behind its row: the ramp worked out.  For those who walk a table
 * row by row.
 */
void unwind_rule_at(const struct unwind_rule *rule, uint32_t distance,
		    struct unwind_rule *ret_rule);

/*
 * The cache under XDG_CACHE_HOME (or ~/.cache)/ctrace/tables, one zstd file per key, written
 * by rename, checked (magic, version, checksum, every index and rule in bounds) before use.
 * load: -ENOENT not there, -EBADMSG damaged (and removed).  store: errors as the system gave them.
 */
struct build_id;
int unwind_cache_load(const struct build_id *key, struct unwind_table **ret_table);
int unwind_cache_store(const struct build_id *key, const struct unwind_table *table);
/*
 * The image's build-id; without one (rustc's own libraries have none) a digest of its headers, its
 * size, the time it was written and the sections its rows are made from, which costs 0.1 ms a
 * megabyte.  Size 0: no section headers.
 */
struct build_id unwind_cache_key(struct elf_image *image);

#endif
