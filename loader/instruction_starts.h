/* SPDX-License-Identifier: MIT */
/*
 * Where the instructions of one function begin, found by following its code from its first one on:
 * a breakpoint anywhere else changes what the program does.  Says so only of what it can prove;
 * knows bytes, not files or symbols.
 */
#ifndef CTRACE_LOADER_INSTRUCTION_STARTS_H
#define CTRACE_LOADER_INSTRUCTION_STARTS_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTRUCTION_STARTS_MAX ((uint32_t)64 << 20) /* bytes of one function */

struct instruction_starts;

/* The code, borrowed during the call only. */
struct instruction_code {
	const uint8_t *bytes;
	uint32_t size;
	uint64_t vaddr; /* of the first byte, which begins an instruction */
	/*
	 * Is the size what the file states?  Otherwise code that nothing reaches is not looked at:
	 * it may be another function's.
	 */
	bool is_whole;
	/* Reads @size bytes of the object at @vaddr, for jump tables; false: there are none. */
	bool (*read)(void *arg, uint64_t vaddr, void *bytes, size_t size);
	void *arg;
};

/* At most INSTRUCTION_STARTS_MAX bytes are followed. */
struct instruction_starts *instruction_starts_new(const struct instruction_code *code);
void instruction_starts_free(struct instruction_starts *starts);
DEFINE_CLEANUP(struct instruction_starts *, instruction_starts_free);

/*
 * Does an instruction begin at @off from the first byte, whichever way the code is run?  False for
 * the middle of one, for data, and for what nobody can tell.
 */
bool instruction_starts_at(const struct instruction_starts *starts, uint64_t off);
/* Is @off within an instruction, behind its first byte? */
bool instruction_starts_inside(const struct instruction_starts *starts, uint64_t off);
/* The last before and the first behind @off; false: there is none. */
bool instruction_starts_before(const struct instruction_starts *starts, uint64_t off,
			       uint64_t *ret_off);
bool instruction_starts_behind(const struct instruction_starts *starts, uint64_t off,
			       uint64_t *ret_off);
/*
 * Did following the first byte meet what no compiler emits: bytes that are no instruction, two
 * zeros, the instructions of kernels?  Then a mere label is rather one of data.
 */
bool instruction_starts_doubtful(const struct instruction_starts *starts);

#endif
