/* SPDX-License-Identifier: MIT */
/*
 * Functions of one ELF file as places a uprobe can be put at: by their names, in whatever of the
 * file's sources has them (symbols, symbols of the debug file, versions, Go's table, DWARF).
 * Knows what the kernel refuses; not what a probe is.
 */
#ifndef CTRACE_LOADER_OBJECT_FUNCTIONS_H
#define CTRACE_LOADER_OBJECT_FUNCTIONS_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;
struct function_search;
struct near_names;
struct object_code;
struct object_functions;

struct object_function {
	const char *name; /* raw; valid until the object is closed */
	uint64_t vaddr;
	uint64_t off;	/* in the file */
	uint64_t size;	/* 0 = unknown */
	bool is_whole;	/* the file states the size */
	bool is_label;	/* of no type: data, perhaps */
	bool probeable; /* the kernel takes a uprobe on its first instruction */
};

/* @path is where @fd was found, to find its debug file.  Errors of elf_image_open_fd(). */
int object_functions_open(int fd, const char *path, struct object_functions **ret_object);
void object_functions_close(struct object_functions *object);
DEFINE_CLEANUP(struct object_functions *, object_functions_close);

const char *object_functions_path(const struct object_functions *object);
struct elf_image *object_functions_image(const struct object_functions *object);
const struct object_code *object_functions_code(const struct object_functions *object);

/*
 * Calls @fn, by address, for every function @pattern means: those of that very raw or demangled
 * name, with @VERSION or @@VERSION if it says so, else those it matches as a glob.  @everything:
 * pieces that were cut off functions too, if a glob.  A positive return ends it.  Returns the
 * number of matches.
 */
int object_functions_match(struct object_functions *object, const char *pattern, bool everything,
			   int (*fn)(const struct object_function *function, void *arg), void *arg);

/*
 * Where functions called @name have been inlined, by debug information or Go's table; or NULL if
 * nothing tells.  Valid until the next call.
 */
const struct function_search *object_functions_inlined(struct object_functions *object,
						       const char *name);

/* Shows every raw name there is to @near, and the demangled one. */
void object_functions_near(struct object_functions *object, struct near_names *near);
/* Calls @fn for every function's name there is, of any source but DWARF. */
void object_functions_each_name(struct object_functions *object,
				void (*fn)(const char *raw, void *arg), void *arg);
/* Calls @fn for every name of the function that begins at @vaddr. */
void object_functions_names_at(struct object_functions *object, uint64_t vaddr,
			       void (*fn)(const char *raw, void *arg), void *arg);
/* What stacks call the function that begins at @vaddr (raw); NULL: it has no name. */
const char *object_functions_name_at(struct object_functions *object, uint64_t vaddr);
/* The function around @vaddr, which may have no name; -ENOENT: none is known there. */
int object_functions_around(struct object_functions *object, uint64_t vaddr,
			    struct object_function *ret_function);

/* File offset of an address of the object.  -ENOENT: no code there. */
int object_functions_address(const struct object_functions *object, uint64_t vaddr,
			     uint64_t *ret_off);
/* Was it linked by Go?  Its runtime moves stacks, which no return probe survives. */
bool object_functions_is_go(const struct object_functions *object);
/* Is the function at @vaddr the resolver of one that is chosen at run time? */
bool object_functions_is_resolver(struct object_functions *object, uint64_t vaddr);
/* Does @name name data? */
bool object_functions_is_data(const struct object_functions *object, const char *name);
/* "fn@V1, fn@@V2": the versions of function @name, or "" without any; to be freed. */
char *object_functions_versions(const struct object_functions *object, const char *name);

#endif
