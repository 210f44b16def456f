/* SPDX-License-Identifier: MIT */
/*
 * The names of code made at run time for a capture, where an address has one name in each object:
 * an address that had several, one after the other or in several images, is told apart by variant.
 */
#ifndef CTRACE_LOADER_JIT_NAMES_H
#define CTRACE_LOADER_JIT_NAMES_H

#include <stdint.h>

struct jit_names;
struct process;
struct process_set;
struct stack_record;

struct jit_names *jit_names_new(const struct process_set *processes);
void jit_names_free(struct jit_names *names);

/*
 * The name @addr had when the stack of @record was seen in @process, or NULL.  @ret_variant: 0, 1,
 * 2 ...: the same for the same name at the same address, another for another.
 */
const char *jit_names_find(struct jit_names *names, const struct process *process,
			   const struct stack_record *record, uint64_t addr, uint32_t *ret_variant);

#endif
