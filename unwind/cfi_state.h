/* SPDX-License-Identifier: MIT */
/*
 * What holds at one address according to CFI: how to get the CFA, RBP and the return address.
 * Packed into two words, so that comparing, remembering and restoring are two moves each.  Only
 * what a walk needs: other registers are followed nowhere.
 */
#ifndef CTRACE_UNWIND_CFI_STATE_H
#define CTRACE_UNWIND_CFI_STATE_H

#include "bpf/abi.h"

#include <stdbool.h>
#include <stdint.h>

/* DWARF numbers of the x86-64 psABI, figure 3.36. */
#define DW_REG_RBX 3
#define DW_REG_RBP 6
#define DW_REG_RSP 7
#define DW_REG_R9  9
#define DW_REG_RA  16

enum rbp_state {
	RBP_STATE_SAME,
	RBP_STATE_SAVED, /* at CFA + value; value is a multiple of 8 that fits a rule */
	RBP_STATE_DEREF_RBP,
	RBP_STATE_DEREF_RSP,
	RBP_STATE_REALIGN,
	RBP_STATE_REGISTER, /* value is the register */
	RBP_STATE_UNDEFINED,
	RBP_STATE_NONE, /* value is the enum unwind_none */
};

/* RBX is followed in objects that need it only: more rows for nothing elsewhere. */
enum rbx_state {
	RBX_STATE_UNKNOWN,
	RBX_STATE_SAME,
	RBX_STATE_SAVED,
};
#define RBX_STATE_MAX 255

enum ra_state {
	RA_STATE_SAVED, /* at CFA-8 */
	RA_STATE_REGISTER,
	RA_STATE_UNDEFINED,
	RA_STATE_OTHER,
};

/*
 * cfa:  enum cfa_kind (8 bits; CFA_REG for rsp and rbp too), aux (24, signed: the register, M of a
 *       dereference, or the enum unwind_none), offset (32, signed)
 * regs: enum rbp_state (8), enum ra_state (8), register of the return address (8), RBX (8: enum
 *       rbx_state, or RBX_STATE_SAVED + n for "at CFA - 8n"), value of RBP (32, signed)
 */
struct cfi_state {
	uint64_t cfa;
	uint64_t regs;
};

#define CFI_AUX_MAX ((1 << 23) - 1)

static inline uint64_t cfi_cfa(enum cfa_kind kind, int32_t aux, int32_t off)
{
	return (uint64_t)(uint32_t)off << 32 | (uint32_t)aux << 8 | (uint64_t)kind;
}

static inline uint64_t cfi_cfa_none(enum unwind_none reason)
{
	return cfi_cfa(CFA_NONE, (int32_t)reason, 0);
}

static inline enum cfa_kind cfi_cfa_kind(uint64_t cfa)
{
	return (enum cfa_kind)(cfa & 0xff);
}

static inline int32_t cfi_cfa_aux(uint64_t cfa)
{
	return (int32_t)(uint32_t)cfa >> 8;
}

static inline int32_t cfi_cfa_off(uint64_t cfa)
{
	return (int32_t)(cfa >> 32);
}

/* The kind is rsp+N: what a ramp can be made of. */
static inline bool cfi_cfa_is_rsp(uint64_t cfa)
{
	return (uint32_t)cfa == (DW_REG_RSP << 8 | CFA_REG);
}

static inline uint64_t cfi_with_rbp(uint64_t regs, enum rbp_state kind, int32_t value)
{
	return (uint64_t)(uint32_t)value << 32 | (regs & 0xffffff00) | (uint64_t)kind;
}

static inline uint64_t cfi_with_ra(uint64_t regs, enum ra_state kind, uint16_t reg)
{
	return (regs & 0xffffffffff0000ffull) | (uint64_t)(uint8_t)reg << 16 | (uint64_t)kind << 8;
}

static inline enum rbp_state cfi_rbp_kind(uint64_t regs)
{
	return (enum rbp_state)(regs & 0xff);
}

static inline int32_t cfi_rbp_value(uint64_t regs)
{
	return (int32_t)(regs >> 32);
}

static inline enum ra_state cfi_ra_kind(uint64_t regs)
{
	return (enum ra_state)(regs >> 8 & 0xff);
}

static inline uint16_t cfi_ra_register(uint64_t regs)
{
	return (uint8_t)(regs >> 16);
}

/* Found by reading the code: told in the place of the return address's register. */
static inline uint64_t cfi_with_derived(uint64_t regs)
{
	return cfi_with_ra(regs, RA_STATE_SAVED, 1);
}

static inline bool cfi_is_derived(uint64_t regs)
{
	return cfi_ra_kind(regs) == RA_STATE_SAVED && cfi_ra_register(regs) != 0;
}

static inline uint64_t cfi_with_rbx(uint64_t regs, uint8_t state)
{
	return (regs & 0xffffffff00ffffffull) | (uint64_t)state << 24;
}

static inline uint8_t cfi_rbx(uint64_t regs)
{
	return (uint8_t)(regs >> 24);
}

/* RBP unchanged or saved at CFA+O, the return address at CFA-8: what a ramp can carry. */
static inline bool cfi_regs_are_plain(uint64_t regs)
{
	return (regs & 0xffff) <= RBP_STATE_SAVED;
}

/* RBP rule "@kind at @off", or the NONE that says why a rule cannot hold @off. */
static inline uint64_t cfi_with_rbp_at(uint64_t regs, enum rbp_state kind, int64_t off)
{
	if (off & 7 || off / 8 < INT16_MIN || off / 8 > INT16_MAX)
		return cfi_with_rbp(regs, RBP_STATE_NONE, NONE_RBP_OFFSET);
	return cfi_with_rbp(regs, kind, (int32_t)off);
}

/* RBX saved at CFA + @off, as far as a byte can say it. */
static inline uint64_t cfi_with_rbx_at(uint64_t regs, int64_t off)
{
	if (off >= 0 || off & 7 || -off / 8 + RBX_STATE_SAVED > RBX_STATE_MAX)
		return cfi_with_rbx(regs, RBX_STATE_UNKNOWN);
	return cfi_with_rbx(regs, (uint8_t)(-off / 8 + RBX_STATE_SAVED));
}

#endif
