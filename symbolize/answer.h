/* SPDX-License-Identifier: MIT */
/*
 * One address and the frames it stands for: what the engine fills, the sandbox sends and the cache
 * keeps.  Knows nothing of how it is found out.
 */
#ifndef CTRACE_SYMBOLIZE_ANSWER_H
#define CTRACE_SYMBOLIZE_ANSWER_H

#include "common/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern;

/* One wanted address.  Fill vaddr and is_return, the rest is the answer. */
struct symbolize_address {
	uint64_t vaddr;
	bool is_return; /* a return address: looked up at vaddr - 1 */
	/* out: innermost first; the last one is the function that has a symbol of its own */
	uint32_t nr_frames;   /* >= 1 */
	struct frame *frames; /* owned by the result; see symbolize_release() */
};

/* Frees the frames of @addrs (not the interned strings). */
void symbolize_release(struct symbolize_address *addrs, size_t nr);

/* The address to look up: inside the call for a return address. */
static inline uint64_t symbolize_pc(const struct symbolize_address *addr)
{
	return addr->vaddr - addr->is_return;
}

/* What an address without a symbol is called: "[libfoo.so.1]"; "[unknown]" for "" and NULL. */
const char *symbolize_module_name(struct intern *strings, const char *path);

#endif
