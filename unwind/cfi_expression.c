/* SPDX-License-Identifier: MIT */
#include "unwind/cfi_expression.h"

#include "unwind/cfi_bytes.h"
#include "unwind/cfi_state.h"
#include "unwind/dwarf_constants.h"

#include <stdbool.h>
#include <string.h>

#define MAX_TERMS 8

/* Where the stack pointer of the interrupted code lies behind rsp in a signal frame's ucontext:
 * 40 bytes of flags, link and stack, then gregs, of which it is number 15 (asm/sigcontext.h). */
#define SIGNAL_RSP_OFFSET (40 + 15 * 8)

enum term_kind {
	TERM_CONST,	   /* off */
	TERM_REG,	   /* reg + off */
	TERM_CFA,	   /* CFA + off */
	TERM_DEREF,	   /* *(reg + inner) + off */
	TERM_ALIGNED_CFA,  /* ((CFA-8) & -64) + off */
	TERM_R9_TIMES_8,   /* 8 * r9 */
	TERM_RSP_R9,	   /* rsp + 8*r9 + off */
	TERM_DEREF_RSP_R9, /* *(rsp + 8*r9 + inner) + off */
};

struct term {
	enum term_kind kind;
	uint64_t reg;
	int64_t inner;
	int64_t off;
};

struct term_stack {
	struct term term[MAX_TERMS];
	unsigned int nr;
};

/* Known by its bytes: the only form that looks at pc (binutils, elf_x86_64_lazy_plt eh_frame). */
static const uint8_t plt_code[] = {
	DW_OP_breg0 + DW_REG_RSP,
	8,
	DW_OP_breg0 + DW_REG_RA,
	0,
	DW_OP_lit0 + 15,
	DW_OP_and,
	DW_OP_lit0 + 11,
	DW_OP_ge,
	DW_OP_lit0 + 3,
	DW_OP_shl,
	DW_OP_plus,
};
#define PLT_HEAD_POS 6 /* of the literal 11, which is 10 in another layout */

static int64_t add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static bool is_const(const struct term *t, int64_t value)
{
	return t->kind == TERM_CONST && t->off == value;
}

static bool push(struct term_stack *s, struct term t)
{
	if (s->nr == MAX_TERMS)
		return false;
	s->term[s->nr++] = t;
	return true;
}

static bool add_terms(struct term *a, const struct term *b)
{
	if (b->kind == TERM_CONST && a->kind != TERM_R9_TIMES_8) {
		a->off = add(a->off, b->off);
		return true;
	}
	if (a->kind == TERM_CONST && b->kind != TERM_R9_TIMES_8) {
		int64_t off = a->off;

		*a = *b;
		a->off = add(a->off, off);
		return true;
	}
	if (a->kind == TERM_REG && a->reg == DW_REG_RSP && b->kind == TERM_R9_TIMES_8) {
		a->kind = TERM_RSP_R9;
		return true;
	}
	return false;
}

/* Pops two terms, pushes the result.  False: not one of the known shapes. */
static bool apply_binary(struct term_stack *s, uint8_t op)
{
	struct term *a, *b;

	if (s->nr < 2)
		return false;
	b = &s->term[--s->nr];
	a = &s->term[s->nr - 1];
	switch (op) {
	case DW_OP_plus:
		return add_terms(a, b);
	case DW_OP_minus:
		if (b->kind != TERM_CONST || a->kind == TERM_R9_TIMES_8)
			return false;
		a->off = (int64_t)((uint64_t)a->off - (uint64_t)b->off);
		return true;
	case DW_OP_mul:
	case DW_OP_shl:
		if (a->kind != TERM_REG || a->reg != DW_REG_R9 || a->off ||
		    !is_const(b, op == DW_OP_mul ? 8 : 3))
			return false;
		a->kind = TERM_R9_TIMES_8;
		return true;
	case DW_OP_and:
		/* const4u gives 0xffffffc0: a mask of 32 bits is no -64. */
		if (a->kind != TERM_CFA || a->off != -8 || !is_const(b, -64))
			return false;
		*a = (struct term){.kind = TERM_ALIGNED_CFA};
		return true;
	default:
		return false;
	}
}

static bool apply_unary(struct term_stack *s, uint8_t op)
{
	struct term *top;

	if (!s->nr)
		return false;
	top = &s->term[s->nr - 1];
	switch (op) {
	case DW_OP_dup:
		return push(s, *top);
	case DW_OP_drop:
		s->nr--;
		return true;
	case DW_OP_deref:
		if (top->kind != TERM_REG && top->kind != TERM_RSP_R9)
			return false;
		top->kind = top->kind == TERM_REG ? TERM_DEREF : TERM_DEREF_RSP_R9;
		top->inner = top->off;
		top->off = 0;
		return true;
	default:
		return apply_binary(s, op);
	}
}

/* The constant behind @op, or next == NULL when @op is none. */
static struct cfi_value read_constant(uint8_t op, const uint8_t *p, const uint8_t *end)
{
	struct cfi_value v;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		return (struct cfi_value){p, (uint64_t)(op - DW_OP_lit0)};
	if (op == DW_OP_constu)
		return cfi_read_uleb(p, end);
	if (op == DW_OP_consts)
		return cfi_read_sleb(p, end);
	if (op < DW_OP_const1u || op > DW_OP_const8s)
		return (struct cfi_value){NULL, 0};
	/* const1u, const1s, const2u, ... const8s: sizes double every second one. */
	v = cfi_read_fixed(p, end, (size_t)1 << ((op - DW_OP_const1u) / 2));
	if (op == DW_OP_const1s)
		v.value = (uint64_t)(int64_t)(int8_t)v.value;
	else if (op == DW_OP_const2s)
		v.value = (uint64_t)(int64_t)(int16_t)v.value;
	else if (op == DW_OP_const4s)
		v.value = (uint64_t)(int64_t)(int32_t)v.value;
	return v;
}

/* Runs the instruction at @p.  Gives what follows it, or NULL. */
static const uint8_t *apply(struct term_stack *s, const uint8_t *p, const uint8_t *end)
{
	uint8_t op = *p++;
	struct cfi_value v;
	uint64_t reg;

	if (op == DW_OP_nop)
		return p;
	if ((op >= DW_OP_breg0 && op <= DW_OP_breg31) || op == DW_OP_bregx) {
		reg = op - DW_OP_breg0;
		if (op == DW_OP_bregx) {
			v = cfi_read_uleb(p, end);
			if (!v.next)
				return NULL;
			p = v.next;
			reg = v.value;
		}
		v = cfi_read_sleb(p, end);
		if (!v.next ||
		    !push(s, (struct term){.kind = TERM_REG, .reg = reg, .off = (int64_t)v.value}))
			return NULL;
		return v.next;
	}
	if (op == DW_OP_plus_uconst) {
		const struct term constant = {.kind = TERM_CONST,
					      .off = (int64_t)cfi_read_uleb(p, end).value};

		v = cfi_read_uleb(p, end);
		return v.next && s->nr && add_terms(&s->term[s->nr - 1], &constant) ? v.next : NULL;
	}
	v = read_constant(op, p, end);
	if (v.next)
		return push(s, (struct term){.kind = TERM_CONST, .off = (int64_t)v.value}) ? v.next
											   : NULL;
	return apply_unary(s, op) ? p : NULL;
}

/* What the code leaves on top of the stack, which begins with the CFA if @has_cfa. */
static bool evaluate(const uint8_t *code, size_t size, bool has_cfa, struct term *ret_term)
{
	const uint8_t *p = code, *end = code + size;
	struct term_stack s = {.nr = 0};

	if (has_cfa)
		push(&s, (struct term){.kind = TERM_CFA});
	while (p < end) {
		p = apply(&s, p, end);
		if (!p)
			return false;
	}
	if (!s.nr)
		return false;
	*ret_term = s.term[s.nr - 1];
	return true;
}

static bool fits_int32(int64_t value)
{
	return value == (int32_t)value;
}

static uint64_t cfa_deref(enum cfa_kind kind, const struct term *t)
{
	if (!fits_int32(t->inner) || t->off > CFI_AUX_MAX || t->off < -CFI_AUX_MAX)
		return cfi_cfa_none(NONE_CFA_OFFSET);
	return cfi_cfa(kind, (int32_t)t->off, (int32_t)t->inner);
}

uint64_t cfi_expression_cfa(const uint8_t *code, size_t size, int is_signal_frame)
{
	struct term t;

	if (size == sizeof(plt_code) && memcmp(code, plt_code, PLT_HEAD_POS) == 0 &&
	    memcmp(code + PLT_HEAD_POS + 1, plt_code + PLT_HEAD_POS + 1,
		   sizeof(plt_code) - PLT_HEAD_POS - 1) == 0) {
		if (code[PLT_HEAD_POS] == DW_OP_lit0 + 11)
			return cfi_cfa(CFA_PLT11, 0, 0);
		if (code[PLT_HEAD_POS] == DW_OP_lit0 + 10)
			return cfi_cfa(CFA_PLT10, 0, 0);
	}
	if (!evaluate(code, size, false, &t))
		return cfi_cfa_none(NONE_CFA_EXPRESSION);
	switch (t.kind) {
	case TERM_REG:
		if (t.reg >= DW_REG_RA)
			return cfi_cfa_none(NONE_CFA_REGISTER);
		if (!fits_int32(t.off))
			return cfi_cfa_none(NONE_CFA_OFFSET);
		return cfi_cfa(CFA_REG, (int32_t)t.reg, (int32_t)t.off);
	case TERM_DEREF:
		if (t.reg == DW_REG_RBP)
			return cfa_deref(CFA_DEREF_RBP, &t);
		if (t.reg != DW_REG_RSP)
			return cfi_cfa_none(NONE_CFA_EXPRESSION);
		if (is_signal_frame && t.inner == SIGNAL_RSP_OFFSET && !t.off)
			return cfi_cfa(CFA_SIGNAL, 0, 0);
		return cfa_deref(CFA_DEREF_RSP, &t);
	case TERM_DEREF_RSP_R9:
		if (t.inner == 8 && t.off == 8)
			return cfi_cfa(CFA_RSP_R9, 0, 0);
		return cfi_cfa_none(NONE_CFA_EXPRESSION);
	default:
		return cfi_cfa_none(NONE_CFA_EXPRESSION);
	}
}

/* RBP saved at the address @t. */
static uint64_t rbp_at(const struct term *t, uint64_t regs)
{
	switch (t->kind) {
	case TERM_CFA:
		return cfi_with_rbp_at(regs, RBP_STATE_SAVED, t->off);
	case TERM_ALIGNED_CFA:
		return cfi_with_rbp_at(regs, RBP_STATE_REALIGN, t->off);
	case TERM_REG:
		if (t->reg == DW_REG_RBP)
			return cfi_with_rbp_at(regs, RBP_STATE_DEREF_RBP, t->off);
		if (t->reg == DW_REG_RSP)
			return cfi_with_rbp_at(regs, RBP_STATE_DEREF_RSP, t->off);
		break;
	default:
		break;
	}
	return cfi_with_rbp(regs, RBP_STATE_NONE, NONE_RBP_EXPRESSION);
}

uint64_t cfi_expression_rbp(const uint8_t *code, size_t size, uint64_t regs)
{
	struct term t;

	if (!evaluate(code, size, true, &t))
		return cfi_with_rbp(regs, RBP_STATE_NONE, NONE_RBP_EXPRESSION);
	return rbp_at(&t, regs);
}

uint64_t cfi_value_expression_rbp(const uint8_t *code, size_t size, uint64_t regs)
{
	struct term t;

	if (evaluate(code, size, true, &t)) {
		if (t.kind == TERM_DEREF && !t.off) {
			const struct term address = {
				.kind = TERM_REG, .reg = t.reg, .off = t.inner};

			return rbp_at(&address, regs);
		}
		if (t.kind == TERM_REG && !t.off && t.reg < DW_REG_RA)
			return t.reg == DW_REG_RBP
				       ? cfi_with_rbp(regs, RBP_STATE_SAME, 0)
				       : cfi_with_rbp(regs, RBP_STATE_REGISTER, (int32_t)t.reg);
	}
	return cfi_with_rbp(regs, RBP_STATE_NONE, NONE_RBP_EXPRESSION);
}

uint64_t cfi_expression_ra(const uint8_t *code, size_t size, uint64_t regs)
{
	struct term t;

	if (evaluate(code, size, true, &t) && t.kind == TERM_CFA && t.off == -8)
		return cfi_with_ra(regs, RA_STATE_SAVED, 0);
	return cfi_with_ra(regs, RA_STATE_OTHER, 0);
}

uint64_t cfi_value_expression_ra(const uint8_t *code, size_t size, uint64_t regs)
{
	struct term t;

	if (evaluate(code, size, true, &t) && t.kind == TERM_REG && !t.off && t.reg < DW_REG_RA)
		return cfi_with_ra(regs, RA_STATE_REGISTER, (uint16_t)t.reg);
	return cfi_with_ra(regs, RA_STATE_OTHER, 0);
}
