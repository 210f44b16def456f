/* SPDX-License-Identifier: MIT */
/*
 * Functions of one object by name where its symbols do not tell: by its debug information, and by
 * the table of Go programs.  Says too where a function was inlined.  Debug information is read in a
 * child without rights.
 */
#ifndef CTRACE_SYMBOLIZE_FUNCTION_SEARCH_H
#define CTRACE_SYMBOLIZE_FUNCTION_SEARCH_H

#include "common/cleanup.h"
#include "symbolize/name_pattern.h"

#include <stddef.h>
#include <stdint.h>

#define FUNCTION_SEARCH_MAX	    ((size_t)1 << 20)
#define FUNCTION_SEARCH_MAX_CALLERS 64

struct elf_image;

struct found_function {
	char *name; /* raw */
	uint64_t vaddr;
	uint64_t size; /* 0: not known */
	enum name_verdict verdict;
};

struct function_search {
	struct found_function *functions; /* with code of their own */
	size_t nr, cap;
	uint64_t nr_inlined; /* places a function of that name was inlined at */
	char *callers[FUNCTION_SEARCH_MAX_CALLERS]; /* into which, raw names, each once */
	size_t nr_callers;
};

struct function_search *function_search_new(void);
void function_search_free(struct function_search *search);
DEFINE_CLEANUP(struct function_search *, function_search_free);

/*
 * Adds what @pattern means in the DWARF of @image or of its debug file (@path is where it lies) to
 * @search.  0, whether or not there is any; -ENOENT: there is no debug information; -ETIME, -ECHILD
 * and others: it could not be read.
 */
int function_search_dwarf(struct function_search *search, struct elf_image *image, const char *path,
			  const struct name_pattern *pattern);
/* The same by .gopclntab.  -ENOENT: it is no Go program; -EBADMSG: damaged. */
int function_search_go(struct function_search *search, struct elf_image *image,
		       const struct name_pattern *pattern);

/* For those who search: adds copies.  False when the list is full. */
bool function_search_add(struct function_search *search, const char *name, uint64_t vaddr,
			 uint64_t size, enum name_verdict verdict);
/* A function was inlined into @caller, or into one without a name (NULL). */
void function_search_add_inlined(struct function_search *search, const char *caller);

#endif
