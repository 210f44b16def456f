/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What walk.bpf.c gives to the programs. */
#ifndef CTRACE_BPF_WALK_BPF_H
#define CTRACE_BPF_WALK_BPF_H

#include "abi.h"

struct recent_mapping;
struct walk;

/*
 * Walks the current task's user stack with the tables of w->slot into @w, whose record header and
 * kernel frames are there already.  Returns the enum unwind_stop that ended it.
 */
int walk_user(struct walk *w);

/* The mapping of @pc in the table in @slot.  1, or 0: it has none. */
int walk_published(uint32_t slot, uint64_t pc, struct recent_mapping *ret_mapping);

#endif
