/* SPDX-License-Identifier: MIT */
#include "unwind/fde_list.h"

#include "common/alloc.h"
#include "unwind/dwarf_constants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NESTING	16 /* overlapping ranges remembered at once; compilers make none */
#define PREFETCH_AHEAD	12 /* entries; FDEs are 50 bytes apart on average, not in order */
#define HDR_TABLE_START 12 /* version, three encodings, pointer and count of 4 bytes each */

struct hdr_entry {
	int32_t pc;
	int32_t fde;
};

void fde_list_release(struct fde_list *list)
{
	free(list->ranges);
	*list = (struct fde_list){0};
}

static inline void append(struct fde_list *list, const struct cfi_range *range)
{
	GROW_ARRAY(list->ranges, list->nr, list->cap);
	list->ranges[list->nr++] = *range;
}

void fde_list_append(struct fde_list *list, const struct cfi_range *range)
{
	append(list, range);
}

/* Room for @nr ranges in all. */
static void reserve(struct fde_list *list, size_t nr)
{
	if (nr <= list->cap)
		return;
	list->ranges = xreallocarray(list->ranges, nr, sizeof(*list->ranges));
	list->cap = nr;
}

/* The piece of text that holds @vaddr, or NULL. */
static const struct text_range *find_text(const struct fde_source *source, uint64_t vaddr)
{
	for (size_t i = 0; i < source->nr_text; i++)
		if (vaddr >= source->text[i].begin && vaddr < source->text[i].end)
			return &source->text[i];
	return NULL;
}

static void append_fde(struct fde_list *list, const struct fde_source *source,
		       const struct cfi_fde *fde)
{
	const struct text_range *text = find_text(source, fde->begin);
	struct cfi_range range;

	/* Linkers leave FDEs of discarded functions behind, at address 0 mostly. */
	if (!text || !fde->length)
		return;
	range.begin = range.start = (uint32_t)(fde->begin - source->base);
	range.end = (uint32_t)((fde->length < text->end - fde->begin ? fde->begin + fde->length
								     : text->end) -
			       source->base);
	range.program = fde->program;
	range.program_end = fde->program_end;
	range.cie = fde->cie;
	append(list, &range);
}

void fde_list_walk(struct fde_list *list, struct fde_source *source, uint32_t off)
{
	const struct cfi_section *section = &source->sections[source->index];
	struct cfi_entry entry;
	struct cfi_fde fde;
	int err;

	for (;; off = entry.end) {
		err = cfi_entry_read(section, off, &entry);
		if (err) {
			if (err < 0)
				source->bad_fdes++;
			return;
		}
		if (entry.is_cie)
			continue;
		if (cfi_fde_read(source->sections, source->index, &entry, source->cies, &fde) < 0)
			source->bad_fdes++;
		else
			append_fde(list, source, &fde);
	}
}

static int check_header(struct elf_span header, const uint8_t **ret_table, uint32_t *ret_nr)
{
	const uint8_t *p = header.data;
	uint32_t nr;

	/* Every linker writes this one form; others are left to the walk. */
	if (header.size < HDR_TABLE_START || p[0] != 1 || p[1] == DW_EH_PE_omit ||
	    (p[1] & DW_EH_PE_format_mask) != DW_EH_PE_sdata4 || p[2] != DW_EH_PE_udata4 ||
	    p[3] != (DW_EH_PE_datarel | DW_EH_PE_sdata4))
		return -EBADMSG;
	memcpy(&nr, p + 8, sizeof(nr));
	if (!nr || nr > (header.size - HDR_TABLE_START) / sizeof(struct hdr_entry))
		return -EBADMSG;
	*ret_table = p + HDR_TABLE_START;
	*ret_nr = nr;
	return 0;
}

/* Where the FDE of table entry @i lies in the section, or UINT32_MAX. */
static uint32_t entry_off(const struct cfi_section *section, struct elf_span header,
			  const uint8_t *table, uint32_t i, uint64_t *ret_pc)
{
	struct hdr_entry entry;
	uint64_t off;

	memcpy(&entry, table + i * sizeof(entry), sizeof(entry));
	*ret_pc = header.vaddr + (uint64_t)(int64_t)entry.pc;
	off = header.vaddr + (uint64_t)(int64_t)entry.fde - section->vaddr;
	return off < section->size ? (uint32_t)off : UINT32_MAX;
}

int fde_list_read_header(struct fde_list *list, struct fde_source *source, struct elf_span header)
{
	const struct cfi_section *section = &source->sections[source->index];
	uint64_t pc, previous = 0, bytes = 0;
	const uint8_t *table;
	uint32_t nr, off;
	int err = check_header(header, &table, &nr);

	if (!err)
		reserve(list, nr);
	for (uint32_t i = 0; !err && i < nr; i++) {
		struct cfi_entry entry;
		struct cfi_fde fde;

		if (i + PREFETCH_AHEAD < nr) {
			off = entry_off(section, header, table, i + PREFETCH_AHEAD, &pc);
			if (off != UINT32_MAX)
				__builtin_prefetch(section->data + off);
		}
		off = entry_off(section, header, table, i, &pc);
		err = -EBADMSG;
		if (off == UINT32_MAX || (i && pc < previous) ||
		    cfi_entry_read(section, off, &entry) != 0 || entry.is_cie ||
		    cfi_fde_read(source->sections, source->index, &entry, source->cies, &fde) < 0 ||
		    fde.begin != pc)
			break;
		/* Entries that lie in one another would be work without end. */
		bytes += entry.end - off;
		if (bytes > section->size)
			break;
		previous = pc;
		err = 0;
		append_fde(list, source, &fde);
	}
	if (err)
		list->nr = 0;
	return err;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct cfi_range *x = a, *y = b;

	if (x->begin != y->begin)
		return (x->begin > y->begin) - (x->begin < y->begin);
	if (x->end != y->end)
		return (x->end < y->end) - (x->end > y->end);
	return (x->program > y->program) - (x->program < y->program);
}

/* Appends @range cut to [begin, end), if anything is left of it. */
static void append_piece(struct fde_list *list, const struct cfi_range *range, uint32_t begin,
			 uint32_t end)
{
	struct cfi_range piece = *range;

	if (begin >= end)
		return;
	piece.begin = begin;
	piece.end = end;
	append(list, &piece);
}

/* The piece of @range behind another one that covers its front: its program runs once more. */
static void append_resumed(struct fde_list *list, const struct cfi_range *range, uint32_t begin,
			   uint32_t end, uint64_t *budget)
{
	uint64_t cost = begin > range->start ? range->program_end - range->program : 0;

	if (cost > *budget)
		return;
	*budget -= cost;
	append_piece(list, range, begin, end);
}

/*
 * Sweeps upwards with a stack of the ranges that are open; the last one opened is in force.  There
 * are at most twice as many pieces as ranges, and running them all takes at most three times as
 * long: a long program interrupted ten thousand times is not resumed every time.
 */
static void separate(struct fde_list *list)
{
	struct cfi_range open[MAX_NESTING];
	struct fde_list out = {0};
	uint32_t cursor = 0; /* everything below is dealt with */
	uint64_t budget = 0;
	size_t nr_open = 0;

	for (size_t i = 0; i < list->nr; i++)
		budget += 2 * (uint64_t)(list->ranges[i].program_end - list->ranges[i].program);

	for (size_t i = 0; i <= list->nr; i++) {
		const struct cfi_range *next = i < list->nr ? &list->ranges[i] : NULL;

		while (nr_open && (!next || open[nr_open - 1].end <= next->begin)) {
			const struct cfi_range *top = &open[--nr_open];

			append_resumed(&out, top, cursor, top->end, &budget);
			if (top->end > cursor)
				cursor = top->end;
		}
		if (!next)
			break;
		if (nr_open)
			append_resumed(&out, &open[nr_open - 1], cursor, next->begin, &budget);
		cursor = next->begin;
		if (nr_open == MAX_NESTING) {
			memmove(open, open + 1, sizeof(open) - sizeof(open[0]));
			nr_open--;
		}
		open[nr_open++] = *next;
	}
	free(list->ranges);
	*list = out;
}

void fde_list_settle(struct fde_list *list)
{
	bool is_disjoint = true;

	for (size_t i = 1; i < list->nr; i++)
		is_disjoint &= list->ranges[i - 1].end <= list->ranges[i].begin;
	if (is_disjoint)
		return;
	qsort(list->ranges, list->nr, sizeof(*list->ranges), compare_ranges);
	separate(list);
}

size_t fde_list_find(const struct fde_list *list, uint32_t addr)
{
	size_t low = 0, high = list->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->ranges[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The ranges of @more that begin in a hole of @list, cut to it. */
static void collect_fitting(const struct fde_list *list, const struct fde_list *more,
			    struct fde_list *out)
{
	for (size_t j = 0; j < more->nr; j++) {
		const struct cfi_range *range = &more->ranges[j];
		size_t i = fde_list_find(list, range->begin);
		uint32_t end = range->end;

		if (i < list->nr && list->ranges[i].begin <= range->begin)
			continue;
		if (i < list->nr && list->ranges[i].begin < end)
			end = list->ranges[i].begin;
		append_piece(out, range, range->begin, end);
	}
}

void fde_list_fill(struct fde_list *list, const struct fde_list *more)
{
	struct fde_list fitting = {0};
	size_t i = list->nr, j, to;

	collect_fitting(list, more, &fitting);
	j = fitting.nr;
	to = i + j;
	reserve(list, to);
	list->nr = to;
	/* Merged from the back, so that nothing is overwritten that is still to be moved. */
	while (j) {
		if (i && list->ranges[i - 1].begin > fitting.ranges[j - 1].begin)
			list->ranges[--to] = list->ranges[--i];
		else
			list->ranges[--to] = fitting.ranges[--j];
	}
	fde_list_release(&fitting);
}
