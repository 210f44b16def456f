/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_abbrev.h"

#include "common/alloc.h"
#include "symbolize/dwarf_cursor.h"
#include "symbolize/dwarf_forms.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#define MAX_ATTRIBUTES 1024 /* of one abbreviation; compilers stay below 40 */

static enum dwarf_die_kind classify(uint64_t tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
		return DWARF_DIE_FUNCTION;
	case DW_TAG_inlined_subroutine:
		return DWARF_DIE_INLINED;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_compile_unit:
	case DW_TAG_partial_unit:
	case DW_TAG_skeleton_unit:
		return DWARF_DIE_SCOPE;
	default:
		return DWARF_DIE_LEAF_SCOPE;
	}
}

static int skip_kind(uint64_t form)
{
	switch (form) {
	case DW_FORM_sdata:
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		return DWARF_SKIP_LEB;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		return DWARF_SKIP_BLOCK;
	case DW_FORM_block1:
		return DWARF_SKIP_BLOCK1;
	case DW_FORM_block2:
		return DWARF_SKIP_BLOCK2;
	case DW_FORM_block4:
		return DWARF_SKIP_BLOCK4;
	case DW_FORM_string:
		return DWARF_SKIP_STRING;
	case DW_FORM_indirect:
		return DWARF_SKIP_INDIRECT;
	default:
		return -1;
	}
}

static void add_skip(struct dwarf_abbrevs *abbrevs, struct dwarf_abbrev *abbrev, int kind)
{
	GROW_ARRAY(abbrevs->skips, abbrevs->nr_skips, abbrevs->cap_skips);
	abbrevs->skips[abbrevs->nr_skips++] = (struct dwarf_skip){.kind = (uint16_t)kind};
	abbrev->nr_skips++;
}

/* Appends the skipping of one attribute, joined to the last step where both are fixed. */
static int plan_skip(struct dwarf_abbrevs *abbrevs, struct dwarf_abbrev *abbrev, uint64_t name,
		     uint64_t form, struct dwarf_format format)
{
	int size = dwarf_form_size((uint16_t)form, format);

	if (name == DW_AT_sibling && form == DW_FORM_ref4) {
		add_skip(abbrevs, abbrev, DWARF_SKIP_SIBLING);
	} else if (size >= 0) {
		if (abbrev->nr_skips == 0)
			add_skip(abbrevs, abbrev, DWARF_SKIP_FIXED);
		abbrevs->skips[abbrevs->nr_skips - 1].fixed += (uint16_t)size;
	} else if (skip_kind(form) >= 0) {
		add_skip(abbrevs, abbrev, skip_kind(form));
	} else {
		return -EBADMSG;
	}
	return 0;
}

/* Where the bytes of the next attribute begin, as long as that is the same in every DIE. */
struct fixed_offset {
	uint16_t off;
	bool is_known;
	bool has_low;
};

/* Notes where a DIE's code can be read without going through its attributes. */
static void plan_code(struct dwarf_abbrev *abbrev, uint64_t name, uint64_t form,
		      struct dwarf_format format, struct fixed_offset *at)
{
	int size = dwarf_form_size((uint16_t)form, format);

	if (!at->is_known)
		return;
	if (name == DW_AT_low_pc && form == DW_FORM_addr) {
		abbrev->low_off = at->off;
		at->has_low = true;
	} else if (name == DW_AT_high_pc && at->has_low &&
		   (form == DW_FORM_data8 || form == DW_FORM_data4)) {
		abbrev->high_off = at->off;
		abbrev->high_size = (uint8_t)size;
	} else if (name == DW_AT_ranges) {
		at->is_known = false;
		abbrev->high_size = 0;
	}
	if (size < 0)
		at->is_known = false;
	else
		at->off += (uint16_t)size;
}

/* Reads the attribute list of @abbrev up to its terminating pair of zeros. */
static int read_attributes(struct dwarf_cursor *cursor, struct dwarf_format format,
			   struct dwarf_abbrevs *abbrevs, struct dwarf_abbrev *abbrev)
{
	struct fixed_offset at = {.is_known = true};

	for (;;) {
		struct dwarf_attribute *attribute;
		uint64_t name = dwarf_uleb(cursor);
		uint64_t form = dwarf_uleb(cursor);
		int64_t implicit = form == DW_FORM_implicit_const ? dwarf_sleb(cursor) : 0;

		if (cursor->failed || name > UINT16_MAX || form > UINT16_MAX)
			return -EBADMSG;
		if (name == 0 && form == 0)
			return 0;
		if (abbrev->nr_attributes == MAX_ATTRIBUTES)
			return -EBADMSG;
		GROW_ARRAY(abbrevs->attributes, abbrevs->nr_attributes, abbrevs->cap_attributes);
		attribute = &abbrevs->attributes[abbrevs->nr_attributes++];
		attribute->name = (uint16_t)name;
		attribute->form = (uint16_t)form;
		attribute->implicit = (int32_t)implicit;
		abbrev->nr_attributes++;
		abbrev->has_code |= name == DW_AT_low_pc || name == DW_AT_ranges;
		plan_code(abbrev, name, form, format, &at);
		if (plan_skip(abbrevs, abbrev, name, form, format) < 0)
			return -EBADMSG;
	}
}

static int compare_abbrevs(const void *a, const void *b)
{
	const struct dwarf_abbrev *x = a;
	const struct dwarf_abbrev *y = b;

	return (x->code > y->code) - (x->code < y->code);
}

static int read_entries(struct dwarf_cursor *cursor, struct dwarf_format format,
			struct dwarf_abbrevs *abbrevs, bool *ret_sorted)
{
	uint64_t code;

	*ret_sorted = true;
	while ((code = dwarf_uleb(cursor)) != 0) {
		struct dwarf_abbrev abbrev = {
			.code = code,
			.attributes = (uint32_t)abbrevs->nr_attributes,
			.skips = (uint32_t)abbrevs->nr_skips,
		};
		uint64_t tag = dwarf_uleb(cursor);

		abbrev.has_children = dwarf_u8(cursor) != 0;
		if (cursor->failed || abbrevs->nr == DWARF_ABBREV_MAX_ENTRIES)
			return -EBADMSG;
		abbrev.tag = tag > UINT16_MAX ? 0 : (uint16_t)tag;
		abbrev.kind = classify(tag);
		if (read_attributes(cursor, format, abbrevs, &abbrev) < 0)
			return -EBADMSG;
		if (abbrevs->nr && abbrevs->items[abbrevs->nr - 1].code >= code)
			*ret_sorted = false;
		GROW_ARRAY(abbrevs->items, abbrevs->nr, abbrevs->cap);
		abbrevs->items[abbrevs->nr++] = abbrev;
	}
	return cursor->failed ? -EBADMSG : 0;
}

int dwarf_abbrevs_read(struct elf_span section, uint64_t off, struct dwarf_format format,
		       struct dwarf_abbrevs *ret_abbrevs, size_t *ret_size)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(section.data, section.size, off);
	const uint8_t *start = cursor.at;
	struct dwarf_abbrevs abbrevs = {0};
	bool sorted;

	if (read_entries(&cursor, format, &abbrevs, &sorted) < 0) {
		dwarf_abbrevs_release(&abbrevs);
		return -EBADMSG;
	}
	/* Something to point at for DIEs without attributes. */
	if (!abbrevs.attributes)
		abbrevs.attributes = xcalloc(1, sizeof(*abbrevs.attributes));
	if (!abbrevs.skips)
		abbrevs.skips = xcalloc(1, sizeof(*abbrevs.skips));
	if (!sorted)
		qsort(abbrevs.items, abbrevs.nr, sizeof(*abbrevs.items), compare_abbrevs);
	*ret_abbrevs = abbrevs;
	*ret_size = (size_t)(cursor.at - start);
	return 0;
}

void dwarf_abbrevs_release(struct dwarf_abbrevs *abbrevs)
{
	free(abbrevs->items);
	free(abbrevs->attributes);
	free(abbrevs->skips);
	*abbrevs = (struct dwarf_abbrevs){0};
}

const struct dwarf_abbrev *dwarf_abbrevs_search(const struct dwarf_abbrevs *abbrevs, uint64_t code)
{
	struct dwarf_abbrev key = {.code = code};

	if (abbrevs->nr == 0)
		return NULL;
	return bsearch(&key, abbrevs->items, abbrevs->nr, sizeof(key), compare_abbrevs);
}
