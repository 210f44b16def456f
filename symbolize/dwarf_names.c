/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_names.h"

#include "symbolize/dwarf_units.h"

#include <dwarf.h>

/* What one DIE says about its name, and where it sends us on. */
struct name_step {
	struct dwarf_value name;
	struct dwarf_value linkage_name;
	struct dwarf_value reference;
};

static bool read_step(const struct dwarf_unit *unit, uint64_t off, struct name_step *step)
{
	const struct dwarf_attribute *attributes;
	struct dwarf_die die;

	*step = (struct name_step){0};
	if (!dwarf_die_at(unit, off, &die))
		return false;
	attributes = dwarf_die_attributes(&die);
	for (size_t i = 0; i < die.abbrev->nr_attributes; i++) {
		struct dwarf_value value = dwarf_form_read(&die.cursor, &attributes[i],
							   unit->format);

		switch (attributes[i].name) {
		case DW_AT_name:
			step->name = value;
			break;
		case DW_AT_linkage_name:
		case DW_AT_MIPS_linkage_name:
			step->linkage_name = value;
			break;
		case DW_AT_abstract_origin:
		case DW_AT_specification:
			step->reference = value;
			break;
		default:
			break;
		}
	}
	return !die.cursor.failed;
}

struct dwarf_name dwarf_name_find(struct dwarf_unit *unit, uint64_t die)
{
	struct dwarf_name found = {0};

	for (int hop = 0; hop < DWARF_MAX_HOPS; hop++) {
		struct dwarf_file *file;
		struct name_step step;
		const char *text;

		if (dwarf_unit_load(unit) < 0 || !read_step(unit, die, &step))
			break;
		text = dwarf_value_string(unit, &step.linkage_name);
		if (text && *text)
			return (struct dwarf_name){
				.text = text, .is_linkage = true, .unit = unit, .die = die};
		text = dwarf_value_string(unit, &step.name);
		if (text && *text && !found.text)
			found.text = text;
		if (found.text) {
			/* The last one on the way, a declaration, stands in the scope that counts.
			 */
			found.unit = unit;
			found.die = die;
		}
		if (!dwarf_value_reference(unit, &step.reference, &file, &die))
			break;
		unit = dwarf_file_unit_at(file, die);
		if (!unit)
			break;
	}
	return found;
}
