/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What learn.bpf.c gives to the programs. */
#ifndef CTRACE_BPF_LEARN_BPF_H
#define CTRACE_BPF_LEARN_BPF_H

#include "abi.h"

/*
 * Learns the mapping of the current task, a thread of @tgid, that covers @pc.  1: learned; 0: not
 * (known already, no object with a table there, or the kernel could not be asked just now).
 */
int learn_mapping(uint32_t tgid, uint64_t pc);

#endif
