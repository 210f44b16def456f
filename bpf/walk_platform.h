/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the walk stands on: whoever includes walk_step.h supplies these (walk_kernel.h out of BPF
 * maps and the current task, tests/unit/bpf/walk_host.h out of memory).
 */
#ifndef CTRACE_BPF_WALK_PLATFORM_H
#define CTRACE_BPF_WALK_PLATFORM_H

#include "walk.h"

/* Reads @size bytes of the walked task's memory; 0 or negative. */
static int walk_read(void *to, uint32_t size, uint64_t addr);
static const struct mapping_table *walk_mapping_table(uint32_t slot);
static const struct unwind_blob *walk_blob(uint32_t blob);
static const struct unwind_rules *walk_rules(void);
/* Of the scratch slot @w lies in: whoever interrupts this walk has another. */
static struct walk_cache *walk_cache(const struct walk *w);
/*
 * For a pc our table does not cover: puts a mapping in hand that was learned since.  0, or
 * negative when there is none.
 */
static int walk_ask_mapping(struct walk *w, uint64_t pc);
/* The return address a return probe has replaced by its trampoline on the stack at @where. */
static int walk_uprobe_return(struct walk *w, uint64_t where, uint64_t *ret_addr);

#endif
