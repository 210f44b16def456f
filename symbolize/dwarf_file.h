/* SPDX-License-Identifier: MIT */
/*
 * One file with DWARF in it: its sections and units.  Units are listed when the file is opened and
 * read when they are first needed; after that everything is immutable, so threads share it freely.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_FILE_H
#define CTRACE_SYMBOLIZE_DWARF_FILE_H

#include "symbolize/dwarf_abbrev.h"

#include <pthread.h>
#include <stdatomic.h>

#define DWARF_MAX_UNITS ((size_t)4 << 20) /* a large browser has 100,000 */

/* In the order of their usual size: the largest ones are unpacked first. */
enum dwarf_section {
	DWARF_INFO,
	DWARF_STR,
	DWARF_LINE,
	DWARF_RNGLISTS,
	DWARF_RANGES,
	DWARF_ABBREV,
	DWARF_LINE_STR,
	DWARF_ADDR,
	DWARF_STR_OFFSETS,
	DWARF_ARANGES,
	NR_DWARF_SECTIONS
};

/*
 * How much work a file may cost in all, in bytes read or addresses compared: well-formed input
 * stays far below, and what refers to the same bytes again and again runs out of it.
 */
struct dwarf_budget {
	_Atomic int64_t left;
	unsigned int nr_threads; /* that may work at once */
};

struct dwarf_unit {
	struct dwarf_file *file;
	uint64_t off; /* all offsets are into .debug_info */
	uint64_t end;
	uint64_t first_die;
	uint64_t abbrev_off;
	uint64_t id; /* of a skeleton and its split unit */
	struct dwarf_format format;
	uint8_t type; /* DW_UT_* */

	/* Where a unit of a package file has its share of the sections; 0 elsewhere. */
	uint64_t str_offsets_start;
	uint64_t rnglists_start;

	_Atomic int state; /* enum dwarf_unit_state; what follows is read with the root DIE */
	const struct dwarf_abbrevs *abbrevs;
	uint16_t tag;
	uint16_t language;
	uint64_t str_offsets_base;
	uint64_t rnglists_base;
	uint64_t addr_base;
	uint64_t ranges_base;		   /* DW_AT_GNU_ranges_base */
	const struct dwarf_unit *skeleton; /* of a split unit: owns addresses and v4 ranges */
	bool has_lines;
	uint64_t lines_off; /* DW_AT_stmt_list */
	uint64_t low_pc;    /* base of range lists, 0 if absent */
	const char *name;
	const char *comp_dir;
	const char *dwo_name; /* NULL unless a skeleton */
};

struct dwarf_abbrev_set; /* uthash table inside dwarf_file.c */

struct dwarf_file {
	struct elf_image *image; /* borrowed */
	struct elf_span sections[NR_DWARF_SECTIONS];
	struct dwarf_unit *units; /* by offset */
	size_t nr_units;
	struct dwarf_file *alt; /* of .gnu_debugaltlink, borrowed; or NULL */
	struct dwarf_budget *budget;
	uint64_t code_start;  /* what lies below is a mark of discarded code */
	pthread_mutex_t lock; /* guards the two below and the reading of units */
	struct dwarf_abbrev_set *abbrev_sets;
};

/*
 * Opens the DWARF of @image, of its .dwo sections if @is_split, and grants @budget the work that
 * reading it may take.  Sections are decompressed here.
 * -ENOENT: it has none; -EBADMSG, -E2BIG, -EOPNOTSUPP: .debug_info or .debug_abbrev is damaged,
 * too large, or compressed by an unknown method.
 */
int dwarf_file_open(struct elf_image *image, bool is_split, struct dwarf_budget *budget,
		    struct dwarf_file **ret_file);
void dwarf_file_free(struct dwarf_file *file);
DEFINE_CLEANUP(struct dwarf_file *, dwarf_file_free);

/* Reads the unit's root DIE unless that was done; thread-safe.  0 or -EBADMSG. */
int dwarf_unit_load(struct dwarf_unit *unit);
/* The unit that holds the DIE at @off, or NULL. */
struct dwarf_unit *dwarf_file_unit_at(const struct dwarf_file *file, uint64_t off);

/* Takes @cost off the budget; false when it is used up. */
static inline bool dwarf_budget_take(struct dwarf_budget *budget, uint64_t cost)
{
	return atomic_fetch_sub_explicit(&budget->left, (int64_t)cost, memory_order_relaxed) > 0;
}

#endif
