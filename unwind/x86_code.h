/* SPDX-License-Identifier: MIT */
/*
 * What one x86-64 instruction does to the stack pointer, to RBP and to the flow of control, how
 * long it is, and which place in memory it names.  No disassembler: of all else it knows nothing.
 */
#ifndef CTRACE_UNWIND_X86_CODE_H
#define CTRACE_UNWIND_X86_CODE_H

#include <stddef.h>
#include <stdint.h>

enum x86_kind {
	X86_BAD, /* no instruction, or cut off */
	X86_OTHER,
	X86_MOVE_RSP,	  /* rsp += value */
	X86_PUSH_RBP,	  /* as X86_MOVE_RSP by -8 */
	X86_POP_RBP,	  /* by 8 */
	X86_RBP_FROM_RSP, /* mov %rsp,%rbp */
	X86_RSP_FROM_RBP, /* rsp = rbp + value */
	X86_LEAVE,
	X86_CLEAR_RBP,	  /* xor %ebp,%ebp */
	X86_RSP_FROM_REG, /* rsp = reg + value */
	X86_REG_FROM_RSP, /* reg = rsp + value */
	X86_LOSE_RSP,	  /* aligned, loaded: nobody knows where to */
	X86_CALL,	  /* to value, counted from its end; 0: wherever */
	X86_BRANCH,	  /* perhaps to value, counted from its end */
	X86_JUMP,	  /* to value, counted from its end */
	X86_JUMP_AWAY,	  /* through a register or memory */
	X86_RETURN,
	X86_TRAP,    /* nothing comes behind it */
	X86_ADDRESS, /* takes the address value, counted from its end */
};

/* What an instruction's memory operand tells of a place that is known beforehand. */
enum x86_place {
	X86_PLACE_NONE,
	X86_PLACE_RELATIVE, /* at place, counted from its end */
	X86_PLACE_TABLE,    /* at the address place plus an index */
};

#define X86_NO_REG 16

struct x86_insn {
	enum x86_kind kind;
	uint8_t reg; /* as instructions number them; what is pushed; or X86_NO_REG */
	unsigned int length;
	int64_t value;
	enum x86_place place_kind;
	int64_t place;
};

/* The instruction at @code; kind X86_BAD (length 0) if @size bytes hold none. */
struct x86_insn x86_decode(const uint8_t *code, size_t size);

#endif
