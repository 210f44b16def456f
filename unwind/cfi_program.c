/* SPDX-License-Identifier: MIT */
#include "unwind/cfi_program.h"

#include "unwind/cfi_bytes.h"
#include "unwind/cfi_expression.h"
#include "unwind/dwarf_constants.h"
#include "unwind/row_builder.h"

#include <errno.h>
#include <stddef.h>

#define MAX_REMEMBERED 64 /* compilers nest one or two deep */

#define likely(x) __builtin_expect(!!(x), 1)

struct machine {
	int64_t ra_off; /* from the CFA, where RA_STATE_OTHER is an offset */
	struct cfi_state state;
	const struct cfi_context *context;
	const struct cfi_program *program;
	struct row_builder *builder; /* NULL while a CIE runs */
	uint32_t loc;
	int32_t cfa_off; /* the last offset given; an expression as CFA does not end its life */
	uint32_t nr_remembered;
	struct cfi_state remembered[MAX_REMEMBERED];
};

/*
 * Every operation takes the cursor behind its opcode and gives the cursor behind its operands, or
 * NULL: damaged, or nothing left to do (loc has reached the end).
 */

/* A row from loc on, if it ends above the first address wanted. */
static inline void emit(struct machine *m, uint32_t row_end)
{
	const struct cfi_program *program = m->program;

	if (row_end > program->from && row_end > m->loc)
		row_builder_add(m->builder, m->loc < program->from ? program->from : m->loc,
				&m->state);
}

static inline bool advance(struct machine *m, uint64_t delta)
{
	uint32_t to = m->program->to;
	uint32_t next;

	if (__builtin_mul_overflow(delta, m->context->code_align, &delta) || delta >= to - m->loc)
		next = to;
	else
		next = m->loc + (uint32_t)delta;
	if (!m->builder)
		return next == m->loc; /* a CIE has no place to go to */
	emit(m, next);
	m->loc = next;
	return next < to;
}

static void set_rbp(struct machine *m, enum rbp_state kind, int32_t value)
{
	m->state.regs = cfi_with_rbp(m->state.regs, kind, value);
}

static inline void set_ra_offset(struct machine *m, int64_t off)
{
	m->ra_off = off;
	m->state.regs = cfi_with_ra(m->state.regs, off == -8 ? RA_STATE_SAVED : RA_STATE_OTHER, 0);
}

static inline void set_offset(struct machine *m, uint64_t reg, int64_t off)
{
	if (reg == DW_REG_RBP)
		m->state.regs = cfi_with_rbp_at(m->state.regs, RBP_STATE_SAVED, off);
	else if (reg == DW_REG_RA)
		set_ra_offset(m, off);
	else if (reg == DW_REG_RBX && m->context->follow_rbx)
		m->state.regs = cfi_with_rbx_at(m->state.regs, off);
}

/* A register takes a rule of another kind than "saved at CFA + N". */
static void lose_rbx(struct machine *m, uint64_t reg, enum rbx_state state)
{
	if (reg == DW_REG_RBX && m->context->follow_rbx)
		m->state.regs = cfi_with_rbx(m->state.regs, state);
}

static inline void restore_register(struct machine *m, uint64_t reg)
{
	uint64_t initial = m->context->initial.regs;

	if (reg == DW_REG_RBP)
		m->state.regs = cfi_with_rbp(m->state.regs, cfi_rbp_kind(initial),
					     cfi_rbp_value(initial));
	else if (reg == DW_REG_RA)
		m->state.regs = cfi_with_ra(m->state.regs, cfi_ra_kind(initial),
					    cfi_ra_register(initial));
	else if (reg == DW_REG_RBX)
		m->state.regs = cfi_with_rbx(m->state.regs, cfi_rbx(initial));
}

static inline int64_t factored(const struct machine *m, uint64_t value)
{
	return (int64_t)(value * (uint64_t)m->context->data_align);
}

static inline void set_cfa(struct machine *m, uint64_t reg, int64_t off)
{
	if (reg > CFI_AUX_MAX)
		reg = CFI_AUX_MAX;
	m->cfa_off = (int32_t)off;
	m->state.cfa = off == (int32_t)off ? cfi_cfa(CFA_REG, (int32_t)reg, (int32_t)off)
					   : cfi_cfa_none(NONE_CFA_OFFSET);
}

/*
 * Hand-written assembly goes from an expression back to "register + what the offset was", which
 * is what libgcc makes of it, though the standard knows no such thing.
 */
static inline void set_cfa_offset(struct machine *m, int64_t off)
{
	if (cfi_cfa_kind(m->state.cfa) == CFA_REG)
		set_cfa(m, (uint64_t)cfi_cfa_aux(m->state.cfa), off);
	else
		m->cfa_off = (int32_t)off;
}

static const uint8_t *remember(struct machine *m, const uint8_t *p)
{
	if (m->nr_remembered == MAX_REMEMBERED)
		return NULL;
	m->remembered[m->nr_remembered++] = m->state;
	return p;
}

static const uint8_t *restore(struct machine *m, const uint8_t *p)
{
	if (!m->nr_remembered)
		return NULL;
	m->state = m->remembered[--m->nr_remembered];
	if (cfi_cfa_kind(m->state.cfa) == CFA_REG)
		m->cfa_off = cfi_cfa_off(m->state.cfa);
	return p;
}

/* A block: its length, then its bytes. */
static bool read_block(const uint8_t *p, const uint8_t *end, struct cfi_value *ret_block)
{
	struct cfi_value len = cfi_read_uleb(p, end);

	if (!len.next || len.value > (uint64_t)(end - len.next))
		return false;
	*ret_block = len;
	return true;
}

/*
 * The caller's rsp is said to be ours + N, which is not the CFA, while the return address lies
 * right below it (GHC's StgRun, whose registers lie in the reach of unsigned offsets so).  That is
 * what everybody else calls the CFA: then this is a plain frame.
 */
static void set_caller_rsp(struct machine *m, const uint8_t *code, uint64_t size)
{
	struct cfi_value off = size ? cfi_read_sleb(code + 1, code + size) : (struct cfi_value){0};
	int64_t shift = (int64_t)off.value - cfi_cfa_off(m->state.cfa);
	int64_t rbp;

	if (off.next != code + size || code[0] != DW_OP_breg0 + DW_REG_RSP ||
	    !cfi_cfa_is_rsp(m->state.cfa) || cfi_ra_kind(m->state.regs) != RA_STATE_OTHER ||
	    m->ra_off != shift - 8)
		return;
	rbp = cfi_rbp_value(m->state.regs) - shift;
	if (cfi_rbp_kind(m->state.regs) == RBP_STATE_SAVED)
		m->state.regs = cfi_with_rbp_at(m->state.regs, RBP_STATE_SAVED, rbp);
	set_ra_offset(m, -8);
	set_cfa(m, DW_REG_RSP, (int64_t)off.value);
}

static const uint8_t *op_expression(struct machine *m, uint8_t op, const uint8_t *p,
				    const uint8_t *end)
{
	struct cfi_value reg = {p, 0}, code;
	uint64_t regs = m->state.regs;

	if (op != DW_CFA_def_cfa_expression)
		reg = cfi_read_uleb(p, end);
	if (!reg.next || !read_block(reg.next, end, &code))
		return NULL;
	if (op == DW_CFA_def_cfa_expression)
		m->state.cfa = cfi_expression_cfa(code.next, code.value,
						  m->context->is_signal_frame);
	else if (reg.value == DW_REG_RBP)
		m->state.regs = op == DW_CFA_expression
					? cfi_expression_rbp(code.next, code.value, regs)
					: cfi_value_expression_rbp(code.next, code.value, regs);
	else if (reg.value == DW_REG_RA)
		m->state.regs = op == DW_CFA_expression
					? cfi_expression_ra(code.next, code.value, regs)
					: cfi_value_expression_ra(code.next, code.value, regs);
	else if (reg.value == DW_REG_RSP && op == DW_CFA_val_expression)
		set_caller_rsp(m, code.next, code.value);
	else
		lose_rbx(m, reg.value, RBX_STATE_UNKNOWN);
	return code.next + code.value;
}

/* A register takes the rule "in register @from". */
static void set_register(struct machine *m, uint64_t reg, uint64_t from)
{
	if (reg == DW_REG_RBP) {
		if (from == DW_REG_RBP)
			set_rbp(m, RBP_STATE_SAME, 0);
		else if (from < DW_REG_RA && from != DW_REG_RSP)
			set_rbp(m, RBP_STATE_REGISTER, (int32_t)from);
		else
			set_rbp(m, RBP_STATE_NONE, NONE_RBP_RULE);
	} else if (reg == DW_REG_RA) {
		m->state.regs = from < DW_REG_RA ? cfi_with_ra(m->state.regs, RA_STATE_REGISTER,
							       (uint16_t)from)
						 : cfi_with_ra(m->state.regs, RA_STATE_OTHER, 0);
	} else {
		lose_rbx(m, reg, RBX_STATE_UNKNOWN);
	}
}

/* Instructions whose first operand is a register and whose second, if any, is @sleb or not. */
static const uint8_t *op_register(struct machine *m, uint8_t op, const uint8_t *p,
				  const uint8_t *end)
{
	struct cfi_value reg = cfi_read_uleb(p, end), v;

	if (!reg.next)
		return NULL;
	switch (op) {
	case DW_CFA_restore_extended:
		restore_register(m, reg.value);
		return reg.next;
	case DW_CFA_undefined:
		if (reg.value == DW_REG_RBP)
			set_rbp(m, RBP_STATE_UNDEFINED, 0);
		else if (reg.value == DW_REG_RA)
			m->state.regs = cfi_with_ra(m->state.regs, RA_STATE_UNDEFINED, 0);
		else
			lose_rbx(m, reg.value, RBX_STATE_UNKNOWN);
		return reg.next;
	case DW_CFA_same_value:
		if (reg.value == DW_REG_RBP)
			set_rbp(m, RBP_STATE_SAME, 0);
		else if (reg.value == DW_REG_RA)
			m->state.regs = cfi_with_ra(m->state.regs, RA_STATE_OTHER, 0);
		else
			lose_rbx(m, reg.value, RBX_STATE_SAME);
		return reg.next;
	case DW_CFA_offset_extended_sf:
	case DW_CFA_val_offset_sf:
	case DW_CFA_def_cfa_sf:
		v = cfi_read_sleb(reg.next, end);
		break;
	default:
		v = cfi_read_uleb(reg.next, end);
		break;
	}
	if (!v.next)
		return NULL;
	switch (op) {
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
		set_offset(m, reg.value, factored(m, v.value));
		break;
	case DW_CFA_GNU_negative_offset_extended:
		set_offset(m, reg.value, -factored(m, v.value));
		break;
	case DW_CFA_def_cfa_sf:
		set_cfa(m, reg.value, factored(m, v.value));
		break;
	case DW_CFA_register:
		set_register(m, reg.value, v.value);
		break;
	default: /* val_offset: the value is CFA + off, which no rule can say */
		if (reg.value == DW_REG_RBP)
			set_rbp(m, RBP_STATE_NONE, NONE_RBP_RULE);
		else if (reg.value == DW_REG_RA)
			m->state.regs = cfi_with_ra(m->state.regs, RA_STATE_OTHER, 0);
		else
			lose_rbx(m, reg.value, RBX_STATE_UNKNOWN);
		break;
	}
	return v.next;
}

static const uint8_t *op_set_loc(struct machine *m, const uint8_t *p, const uint8_t *end)
{
	const struct cfi_program *program = m->program;
	struct cfi_value v = cfi_read_pointer(p, end, m->context->pointer_encoding,
					      program->vaddr + (uint64_t)(p - program->code), 0);
	uint64_t here = program->base + m->loc;

	/* Locations only grow (DWARF 5, 6.4.2.1). */
	if (!v.next || v.value < here)
		return NULL;
	return advance(m, (v.value - here) / (m->context->code_align ? m->context->code_align : 1))
		       ? v.next
		       : NULL;
}

static const uint8_t *op_rare(struct machine *m, uint8_t op, const uint8_t *p, const uint8_t *end)
{
	struct cfi_value v;

	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_GNU_window_save:
		return p;
	case DW_CFA_set_loc:
		return op_set_loc(m, p, end);
	case DW_CFA_MIPS_advance_loc8:
		v = cfi_read_fixed(p, end, 8);
		return v.next && advance(m, v.value) ? v.next : NULL;
	case DW_CFA_def_cfa_expression:
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		return op_expression(m, op, p, end);
	case DW_CFA_GNU_args_size:
		return cfi_read_uleb(p, end).next;
	case DW_CFA_def_cfa_offset_sf:
		v = cfi_read_sleb(p, end);
		set_cfa_offset(m, factored(m, v.value));
		return v.next;
	case DW_CFA_offset_extended:
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_register:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_GNU_negative_offset_extended:
		return op_register(m, op, p, end);
	default:
		return NULL;
	}
}

/* The instructions compilers write all the time, first by frequency. */
static inline const uint8_t *op_common(struct machine *m, uint8_t op, const uint8_t *p,
				       const uint8_t *end)
{
	struct cfi_value v, w;

	switch (op) {
	case DW_CFA_def_cfa_offset:
		v = cfi_read_uleb(p, end);
		set_cfa_offset(m, (int64_t)v.value);
		return v.next;
	case DW_CFA_advance_loc1:
		return p < end && advance(m, *p) ? p + 1 : NULL;
	case DW_CFA_advance_loc2:
		v = cfi_read_fixed(p, end, 2);
		return v.next && advance(m, v.value) ? v.next : NULL;
	case DW_CFA_advance_loc4:
		v = cfi_read_fixed(p, end, 4);
		return v.next && advance(m, v.value) ? v.next : NULL;
	case DW_CFA_def_cfa:
		v = cfi_read_uleb(p, end);
		w = v.next ? cfi_read_uleb(v.next, end) : v;
		if (!w.next)
			return NULL;
		set_cfa(m, v.value, (int64_t)w.value);
		return w.next;
	case DW_CFA_def_cfa_register:
		v = cfi_read_uleb(p, end);
		set_cfa(m, v.value, m->cfa_off);
		return v.next;
	case DW_CFA_remember_state:
		return remember(m, p);
	case DW_CFA_restore_state:
		return restore(m, p);
	default:
		return op_rare(m, op, p, end);
	}
}

/* Gives the cursor where it stopped: the end, or behind the opcode it stopped at. */
static inline const uint8_t *run(struct machine *m, bool *ret_done)
{
	const uint8_t *p = m->program->code, *end = m->program->end;
	struct cfi_value v;

	*ret_done = false;
	while (p < end) {
		const uint8_t *next;
		uint8_t op = *p++;

		switch (op & 0xc0) {
		case DW_CFA_advance_loc:
			next = likely(advance(m, op & 0x3f)) ? p : NULL;
			break;
		case DW_CFA_offset:
			v = cfi_read_uleb(p, end);
			set_offset(m, op & 0x3f, factored(m, v.value));
			next = v.next;
			break;
		case DW_CFA_restore:
			restore_register(m, op & 0x3f);
			next = p;
			break;
		default:
			next = op_common(m, op, p, end);
			break;
		}
		if (!next)
			return p;
		p = next;
	}
	*ret_done = true;
	return p;
}

static struct cfi_state bad_state(void)
{
	return (struct cfi_state){.cfa = cfi_cfa_none(NONE_BAD_CFI)};
}

int cfi_program_run(const struct cfi_program *program, const struct cfi_context *context,
		    struct row_builder *builder)
{
	struct machine m;
	bool done;

	m.state = context->initial;
	m.cfa_off = cfi_cfa_off(context->initial.cfa);
	m.context = context;
	m.program = program;
	m.builder = builder;
	m.loc = program->start;
	m.nr_remembered = 0;
	run(&m, &done);
	if (m.loc >= program->to)
		return 0;
	if (!done)
		m.state = bad_state();
	emit(&m, program->to);
	return done ? 0 : -EBADMSG;
}

struct cfi_state cfi_program_initial(const struct cfi_program *program,
				     const struct cfi_context *context)
{
	struct machine m;
	bool done;

	/* Nothing said of RBP: unchanged, as the psABI has it; of the CFA or the return address:
	 * no frame anyone could leave. */
	m.state.cfa = cfi_cfa_none(NONE_BAD_CFI);
	m.state.regs = cfi_with_ra(0, RA_STATE_OTHER, 0);
	if (context->follow_rbx)
		m.state.regs = cfi_with_rbx(m.state.regs, RBX_STATE_SAME);
	m.cfa_off = 0;
	m.context = context;
	m.program = program;
	m.builder = NULL;
	m.loc = program->start;
	m.nr_remembered = 0;
	run(&m, &done);
	return done ? m.state : bad_state();
}
