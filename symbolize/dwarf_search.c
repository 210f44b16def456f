/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_search.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "symbolize/dwarf_names.h"
#include "symbolize/dwarf_ranges.h"
#include "symbolize/dwarf_skip.h"
#include "symbolize/dwarf_units.h"
#include "symbolize/function_search.h"
#include "symbolize/object_files.h"
#include "symbolize/split_dwarf.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH    512
#define MAX_SCOPES   32 /* of nested namespaces and classes in one name */
#define MAX_KNOWN    ((size_t)1 << 20)
#define MAX_WORK     ((uint64_t)64 << 30) /* bytes of DIEs, over all passes */
#define MAX_NAMELESS 3			  /* steps from a function's code to where its name is */

/* A DIE whose name is the wanted one, by itself or by what it refers to. */
struct known_die {
	const struct dwarf_file *file;
	uint64_t off;
	char *name;
	enum name_verdict verdict;
};

struct search {
	const struct name_pattern *pattern;
	struct function_search *found;
	struct split_dwarf *split;
	uint64_t work;

	struct known_die *known; /* sorted up to @nr_sorted */
	size_t nr_known, cap_known, nr_sorted;

	/* Of the unit that is being read. */
	struct dwarf_unit *unit;
	struct dwarf_cursor cursor;
	const char *scopes[MAX_DEPTH]; /* at each depth; NULL: it adds nothing to names */
	uint64_t functions[MAX_DEPTH]; /* the function with code around each depth; 0: none */
	unsigned int depth;
};

/* What a function's DIE says. */
struct function_values {
	struct dwarf_pc_values pc;
	struct dwarf_value entry;
	struct dwarf_value name;
	struct dwarf_value linkage_name;
	struct dwarf_value reference;
};

typedef int visit_fn(struct search *search, const struct dwarf_abbrev *abbrev, uint64_t die,
		     const struct function_values *values);

static int compare_known(const void *a, const void *b)
{
	const struct known_die *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->off > y->off) - (x->off < y->off);
}

static const struct known_die *find_known(const struct search *search,
					  const struct dwarf_file *file, uint64_t off)
{
	struct known_die key = {.file = file, .off = off};

	if (!search->nr_sorted)
		return NULL;
	return bsearch(&key, search->known, search->nr_sorted, sizeof(key), compare_known);
}

static int add_known(struct search *search, uint64_t die, const char *name,
		     enum name_verdict verdict)
{
	if (search->nr_known == MAX_KNOWN)
		return -E2BIG;
	GROW_ARRAY(search->known, search->nr_known, search->cap_known);
	search->known[search->nr_known++] = (struct known_die){
		.file = search->unit->file, .off = die, .name = xstrdup(name), .verdict = verdict};
	return 0;
}

/* @name in its namespaces and classes. */
static char *qualify(const struct search *search, const char *name)
{
	char *text = xstrdup(name);
	unsigned int nr = 0;

	for (unsigned int i = search->depth; i > 0 && nr < MAX_SCOPES; i--) {
		char *longer;

		if (!search->scopes[i])
			continue;
		longer = xasprintf("%s::%s", search->scopes[i], text);
		free(text);
		text = longer;
		nr++;
	}
	return text;
}

/* First round: DIEs that state a wanted name themselves. */
static int visit_name(struct search *search, const struct dwarf_abbrev *abbrev, uint64_t die,
		      const struct function_values *values)
{
	const char *linkage = dwarf_value_string(search->unit, &values->linkage_name);
	const char *name = dwarf_value_string(search->unit, &values->name);
	_cleanup_free_ char *qualified = NULL;
	enum name_verdict verdict = NAME_DIFFERS;

	if (abbrev->kind != DWARF_DIE_FUNCTION)
		return 0;
	if (linkage && *linkage)
		verdict = name_pattern_judge(search->pattern, linkage);
	if (verdict != NAME_DIFFERS)
		return add_known(search, die, linkage, verdict);
	if (!name || !*name)
		return 0;
	verdict = name_pattern_judge(search->pattern, name);
	if (verdict == NAME_EQUALS)
		return add_known(search, die, linkage ?: name, verdict);
	qualified = qualify(search, name);
	if (strcmp(qualified, name) != 0 &&
	    name_pattern_judge(search->pattern, qualified) > verdict)
		verdict = name_pattern_judge(search->pattern, qualified);
	return verdict == NAME_DIFFERS ? 0 : add_known(search, die, linkage ?: qualified, verdict);
}

static const struct known_die *known_origin(const struct search *search,
					    const struct function_values *values)
{
	struct dwarf_file *file;
	uint64_t off;

	if (!dwarf_value_reference(search->unit, &values->reference, &file, &off))
		return NULL;
	return find_known(search, file, off);
}

/* Further rounds: functions that refer to one that is known. */
static int visit_reference(struct search *search, const struct dwarf_abbrev *abbrev, uint64_t die,
			   const struct function_values *values)
{
	const struct known_die *origin = known_origin(search, values);

	if (abbrev->kind != DWARF_DIE_FUNCTION || !origin ||
	    find_known(search, search->unit->file, die))
		return 0;
	return add_known(search, die, origin->name, origin->verdict);
}

static void add_function(struct search *search, const struct known_die *known,
			 const struct function_values *values)
{
	struct dwarf_range_iter iter;
	uint64_t low, high, entry, begin = 0, size = 0;
	bool has_entry = dwarf_value_address(search->unit, &values->entry, &entry);

	dwarf_range_iter_init(&iter, search->unit, &values->pc);
	while (dwarf_range_iter_next(&iter, &low, &high)) {
		if (size && (!has_entry || low != entry))
			continue;
		begin = low;
		size = high - low;
	}
	if (size)
		function_search_add(search->found, known->name, begin, size, known->verdict);
}

/* Last round: code of functions that are known, and calls of them that were inlined. */
static int visit_code(struct search *search, const struct dwarf_abbrev *abbrev, uint64_t die,
		      const struct function_values *values)
{
	const struct known_die *known;
	uint64_t caller = search->functions[search->depth];

	if (abbrev->kind == DWARF_DIE_FUNCTION) {
		known = find_known(search, search->unit->file, die);
		if (known)
			add_function(search, known, values);
		return 0;
	}
	known = known_origin(search, values);
	if (known && known->verdict == NAME_EQUALS)
		function_search_add_inlined(
			search->found, caller ? dwarf_name_find(search->unit, caller).text : NULL);
	return 0;
}

static void read_function(struct search *search, const struct dwarf_abbrev *abbrev,
			  struct function_values *values)
{
	const struct dwarf_attribute *attribute = search->unit->abbrevs->attributes +
						  abbrev->attributes;

	*values = (struct function_values){0};
	for (unsigned int i = 0; i < abbrev->nr_attributes; i++, attribute++) {
		struct dwarf_value value = dwarf_form_read(&search->cursor, attribute,
							   search->unit->format);

		switch (attribute->name) {
		case DW_AT_low_pc:
			values->pc.low = value;
			break;
		case DW_AT_high_pc:
			values->pc.high = value;
			break;
		case DW_AT_ranges:
			values->pc.ranges = value;
			break;
		case DW_AT_entry_pc:
			values->entry = value;
			break;
		case DW_AT_name:
			values->name = value;
			break;
		case DW_AT_linkage_name:
		case DW_AT_MIPS_linkage_name:
			values->linkage_name = value;
			break;
		case DW_AT_abstract_origin:
		case DW_AT_specification:
			values->reference = value;
			break;
		default:
			break;
		}
	}
}

/* The name a DIE gives to those within it. */
static const char *scope_name(struct search *search, const struct dwarf_abbrev *abbrev)
{
	const struct dwarf_attribute *attribute = search->unit->abbrevs->attributes +
						  abbrev->attributes;
	const char *name = NULL;

	for (unsigned int i = 0; i < abbrev->nr_attributes; i++, attribute++) {
		struct dwarf_value value = dwarf_form_read(&search->cursor, attribute,
							   search->unit->format);

		if (attribute->name == DW_AT_name)
			name = dwarf_value_string(search->unit, &value);
	}
	if (!name && abbrev->tag == DW_TAG_namespace)
		return "(anonymous namespace)";
	return name;
}

static bool is_scope(uint16_t tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_enumeration_type || tag == DW_TAG_module;
}

static int visit(struct search *search, const struct dwarf_abbrev *abbrev, uint64_t die,
		 visit_fn *fn)
{
	uint64_t function = search->functions[search->depth];
	struct function_values values;
	const char *scope = NULL;
	int err = 0;

	if (abbrev->kind == DWARF_DIE_FUNCTION || abbrev->kind == DWARF_DIE_INLINED) {
		read_function(search, abbrev, &values);
		if (search->cursor.failed)
			return -EBADMSG;
		err = fn(search, abbrev, die, &values);
		if (abbrev->kind == DWARF_DIE_FUNCTION && abbrev->has_code)
			function = die;
	} else if (is_scope(abbrev->tag) && abbrev->has_children) {
		scope = scope_name(search, abbrev);
	} else {
		dwarf_attributes_skip(search->unit, abbrev, &search->cursor);
	}
	if (err || !abbrev->has_children)
		return err;
	if (search->depth + 1 == MAX_DEPTH)
		return -E2BIG;
	search->depth++;
	search->scopes[search->depth] = scope;
	search->functions[search->depth] = function;
	return 0;
}

static int read_unit(struct search *search, struct dwarf_unit *unit, visit_fn *fn)
{
	struct elf_span info = unit->file->sections[DWARF_INFO];

	if (dwarf_unit_load(unit) < 0)
		return -EBADMSG;
	search->unit = unit;
	search->cursor = dwarf_cursor_at(info.data, unit->end, unit->first_die);
	search->depth = 0;
	search->work += unit->end - unit->off;
	if (search->work > MAX_WORK)
		return -E2BIG;
	while (search->cursor.at != search->cursor.end && !search->cursor.failed) {
		uint64_t die = (uint64_t)(search->cursor.at - info.data);
		uint64_t code = dwarf_uleb(&search->cursor);
		const struct dwarf_abbrev *abbrev;
		int err;

		if (code == 0) {
			if (search->depth <= 1)
				break;
			search->depth--;
			continue;
		}
		abbrev = dwarf_abbrevs_find(unit->abbrevs, code);
		err = abbrev ? visit(search, abbrev, die, fn) : -EBADMSG;
		if (err)
			return err;
	}
	return search->cursor.failed ? -EBADMSG : 0;
}

/* All units; damage in one does not keep us from the others. */
static int read_file(struct search *search, struct dwarf_file *file, visit_fn *fn)
{
	int err = 0;

	for (size_t i = 0; i < file->nr_units; i++) {
		struct dwarf_unit *unit = &file->units[i];
		int unit_err;

		if (dwarf_unit_load(unit) == 0 && unit->dwo_name) {
			unit = split_dwarf_find(search->split, unit);
			if (!unit)
				continue;
		}
		unit_err = read_unit(search, unit, fn);
		if (!err)
			err = unit_err;
	}
	return err;
}

static void sort_known(struct search *search)
{
	if (search->nr_known)
		qsort(search->known, search->nr_known, sizeof(*search->known), compare_known);
	search->nr_sorted = search->nr_known;
}

static int read_all(struct search *search, struct dwarf_file *file)
{
	int err = read_file(search, file, visit_name);

	if (file->alt)
		read_file(search, file->alt, visit_name);
	for (int i = 0; i < MAX_NAMELESS && search->nr_known > search->nr_sorted; i++) {
		sort_known(search);
		read_file(search, file, visit_reference);
	}
	sort_known(search);
	if (search->nr_known)
		read_file(search, file, visit_code);
	return err;
}

int dwarf_search(const struct object_files *files, const struct dwarf_opener *opener,
		 const struct name_pattern *pattern, struct function_search *found)
{
	_cleanup_free_ struct search *search = xcalloc(1, sizeof(*search));
	_cleanup_(dwarf_file_freep) struct dwarf_file *file = NULL, *alt = NULL;
	struct dwarf_budget budget = {.nr_threads = 1};
	int err = dwarf_file_open(files->dwarf_image, false, &budget, &file);

	if (err)
		return err;
	if (files->alt_image && dwarf_file_open(files->alt_image, false, &budget, &alt) == 0)
		file->alt = alt;
	search->pattern = pattern;
	search->found = found;
	search->split = split_dwarf_new(file, files->dwarf_path, files->path, opener);
	err = read_all(search, file);
	for (size_t i = 0; i < search->nr_known; i++)
		free(search->known[i].name);
	free(search->known);
	split_dwarf_free(search->split);
	return err;
}
