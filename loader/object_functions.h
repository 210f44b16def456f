/* SPDX-License-Identifier: MIT */
/*
 * Functions of one ELF file as places a uprobe can be put at: names to file offsets.  Knows symbol
 * tables and what the kernel refuses; not what a probe is.
 */
#ifndef CTRACE_LOADER_OBJECT_FUNCTIONS_H
#define CTRACE_LOADER_OBJECT_FUNCTIONS_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct near_names;
struct object_functions;

struct object_function {
	const char *name; /* valid until the object is closed */
	uint64_t off;	  /* in the file */
	uint64_t size;	  /* 0 = unknown */
	bool probeable;	  /* the kernel takes a uprobe on its first instruction */
};

/* @path is where @fd was found, to find its debug file.  Errors of elf_image_open_fd(). */
int object_functions_open(int fd, const char *path, struct object_functions **ret_object);
void object_functions_close(struct object_functions *object);
DEFINE_CLEANUP(struct object_functions *, object_functions_close);

/*
 * Calls @fn for every function whose raw or demangled name matches @pattern (symtab_match()); a
 * positive return ends it.  The separate debug file is asked when the object itself knows none.
 * Returns the number of matches.
 */
int object_functions_match(struct object_functions *object, const char *pattern,
			   int (*fn)(const struct object_function *function, void *arg), void *arg);
/* Shows every raw name there is to @near. */
void object_functions_near(struct object_functions *object, struct near_names *near);

/* File offset of an address of the object.  -ENOENT: no code there. */
int object_functions_address(const struct object_functions *object, uint64_t vaddr,
			     uint64_t *ret_off);
/* Was it linked by Go?  Its runtime moves stacks, which no return probe survives. */
bool object_functions_is_go(const struct object_functions *object);
/* Does the kernel take a uprobe at this file offset? */
bool object_functions_probeable(const struct object_functions *object, uint64_t off);
/* Is the function at @off the resolver of one that is chosen at run time? */
bool object_functions_is_resolver(const struct object_functions *object, uint64_t off);

#endif
