/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What walk.bpf.c gives to the programs. */
#ifndef CTRACE_BPF_WALK_BPF_H
#define CTRACE_BPF_WALK_BPF_H

#include "abi.h"

struct walk;

/*
 * Walks the current task's user stack with the tables of w->slot into @w, whose record header and
 * kernel frames are there already.  Returns the enum unwind_stop that ended it.
 */
int walk_user(struct walk *w);

/* Is @pc in a mapping of the table in @slot? */
int walk_covers(uint32_t slot, uint64_t pc);

#endif
