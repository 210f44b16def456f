/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_scopes.h"

#include "common/alloc.h"
#include "symbolize/dwarf_inline.h"
#include "symbolize/dwarf_names.h"
#include "symbolize/dwarf_units.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

/* Names of later standards than elfutils 0.188 knows: DWARF 6, 7.5. */
#ifndef DW_LANG_C_plus_plus_17
#define DW_LANG_C_plus_plus_17 0x2b
#endif
#ifndef DW_LANG_C_plus_plus_20
#define DW_LANG_C_plus_plus_20 0x2c
#endif

/* The DIEs around the present place, outermost first. */
struct scope {
	const char *text; /* NULL: of no consequence for names */
	size_t len;
};

struct walk {
	const struct dwarf_unit *unit;
	struct scope scopes[DWARF_MAX_DEPTH];
	size_t depth;
	uint64_t sibling; /* of the DIE just read; 0: not stated */
};

static bool is_cplus(const struct dwarf_unit *unit)
{
	switch (unit->language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_C_plus_plus_17:
	case DW_LANG_C_plus_plus_20:
		return true;
	default:
		return false;
	}
}

static struct scope literal(const char *text)
{
	return (struct scope){text, strlen(text)};
}

/* What a DIE of @tag, called @name, puts before the names inside of it. */
static struct scope scope_of(uint16_t tag, const char *name)
{
	static const char lambda[] = "<lambda";

	switch (tag) {
	case DW_TAG_namespace:
		return name ? literal(name) : literal("(anonymous namespace)");
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		/* clang gives closures no name, gcc "<lambda(int)>". */
		if (!name || strncmp(name, lambda, strlen(lambda)) == 0)
			return literal("{lambda}");
		return literal(name);
	case DW_TAG_subprogram:
		return name ? literal(name) : (struct scope){0};
	default:
		return (struct scope){0};
	}
}

/* Reads the DIE's attributes, so that the cursor is at its children. */
static struct scope read_scope(struct walk *walk, struct dwarf_die *die, uint64_t off)
{
	const struct dwarf_attribute *attributes = dwarf_die_attributes(die);
	const char *name = NULL;
	struct dwarf_file *file;

	walk->sibling = 0;
	for (size_t i = 0; i < die->abbrev->nr_attributes; i++) {
		struct dwarf_value value = dwarf_form_read(&die->cursor, &attributes[i],
							   walk->unit->format);

		if (attributes[i].name == DW_AT_name)
			name = dwarf_value_string(walk->unit, &value);
		else if (attributes[i].name == DW_AT_sibling &&
			 (!dwarf_value_reference(walk->unit, &value, &file, &walk->sibling) ||
			  file != walk->unit->file || walk->sibling <= off))
			walk->sibling = 0;
	}
	return scope_of(die->abbrev->tag, name && *name ? name : NULL);
}

static char *join(const struct walk *walk, const char *name)
{
	size_t len = strlen(name) + 1, nr = 0;
	char *text;

	for (size_t i = 0; i < walk->depth; i++)
		len += walk->scopes[i].len + 2;
	if (len == strlen(name) + 1 + 2 * walk->depth || len > DWARF_SCOPES_MAX_NAME)
		return NULL;
	text = xmalloc(len);
	for (size_t i = 0; i < walk->depth; i++) {
		if (!walk->scopes[i].len)
			continue;
		memcpy(text + nr, walk->scopes[i].text, walk->scopes[i].len);
		nr += walk->scopes[i].len;
		text[nr++] = ':';
		text[nr++] = ':';
	}
	strcpy(text + nr, name);
	return text;
}

/* The offset of what @die's cursor is at. */
static uint64_t offset_of(const struct dwarf_unit *unit, const struct dwarf_die *die)
{
	return unit->end - dwarf_cursor_left(&die->cursor);
}

void dwarf_scopes_find(const struct dwarf_unit *unit, struct dwarf_scope_query *queries, size_t nr)
{
	_cleanup_free_ struct walk *walk = xcalloc(1, sizeof(*walk));
	uint64_t off = unit->first_die;
	size_t next = 0;

	walk->unit = unit;
	if (!is_cplus(unit))
		return;
	while (next < nr && off < unit->end) {
		struct dwarf_die die;
		struct scope scope;

		if (!dwarf_die_at(unit, off, &die)) {
			/* An end of children, or damage: that ends it at the latest with the unit.
			 */
			if (walk->depth == 0)
				return;
			walk->depth--;
			off++;
			continue;
		}
		while (next < nr && queries[next].die < off)
			next++;
		for (; next < nr && queries[next].die == off; next++)
			queries[next].full = join(walk, queries[next].name);
		scope = read_scope(walk, &die, off);
		if (die.cursor.failed)
			return;
		if (die.abbrev->has_children && walk->sibling && next < nr &&
		    queries[next].die >= walk->sibling) {
			off = walk->sibling;
			continue;
		}
		off = offset_of(unit, &die);
		if (!die.abbrev->has_children)
			continue;
		if (walk->depth == DWARF_MAX_DEPTH)
			return;
		walk->scopes[walk->depth++] = scope;
	}
}
