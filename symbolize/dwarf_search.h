/* SPDX-License-Identifier: MIT */
/*
 * The functions of one object's DWARF that have a given name, and the places they were inlined at.
 * Reads every DIE, by the names those state.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_SEARCH_H
#define CTRACE_SYMBOLIZE_DWARF_SEARCH_H

struct dwarf_opener;
struct function_search;
struct name_pattern;
struct object_files;

/*
 * Adds what it finds to @search.  -ENOENT: no DWARF; -EBADMSG, -E2BIG: damaged or over a limit
 * somewhere; what was found elsewhere stands.
 */
int dwarf_search(const struct object_files *files, const struct dwarf_opener *opener,
		 const struct name_pattern *pattern, struct function_search *search);

#endif
