/* SPDX-License-Identifier: MIT */
/*
 * Which language runtime an object is, as far as code made at run time goes: whether that keeps
 * frame pointers, and what its user can do if not.  Known by the symbols a file defines, never by
 * its name.  Knows files and one flag in memory; whose code a pc was in is process_jit's.
 */
#ifndef CTRACE_LOADER_RUNTIME_FACTS_H
#define CTRACE_LOADER_RUNTIME_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct object;

struct jit_runtime {
	const char *symbol; /* what its object alone defines */
	const char *name;
	bool keeps_rbp;	  /* always */
	const char *flag; /* the variable of one byte that says so; or NULL */
	const char *cure; /* how the user gets whole stacks; or NULL */
};

/* What an object says of code made at run time.  Found at the first question. */
struct jit_facts {
	bool known;
	const struct jit_runtime *runtime; /* or NULL */
	uint64_t flag;			   /* vaddr of the runtime's flag; 0 = none */
	uint64_t descriptor;		   /* vaddr of __jit_debug_descriptor; 0 = none */
};

const struct jit_facts *jit_facts_of(const struct object *object);

/* Does the runtime of @facts, loaded with @bias into @pid, make code with frame pointers? */
bool jit_runtime_keeps_rbp(const struct jit_facts *facts, pid_t pid, uint64_t bias);

#endif
