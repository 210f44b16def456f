/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <dwarf.h>
#include <string.h>

#define RBP 6
#define RSP 7
#define R9  9
#define RA  16

#define MAX_DEPTH 32

/* A finalizer of a 64-bit hash: one machine's memory has no two equal words in practice. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

static uint64_t load(const struct machine *m, uint64_t addr)
{
	return mix(addr + m->seed);
}

void machine_init(struct machine *m, uint64_t seed)
{
	m->seed = mix(seed);
	m->pc = 0;
	for (unsigned int i = 0; i < CTRACE_NR_REGS; i++)
		m->reg[i] = mix(m->seed + i + 1);
}

static uint64_t rule_cfa(const struct machine *m, const struct unwind_rule *rule)
{
	uint64_t n = (uint64_t)(int64_t)rule->cfa_off, x = (uint64_t)(int64_t)rule->x;

	switch ((enum cfa_kind)rule->cfa_kind) {
	case CFA_RSP:
		return m->reg[RSP] + n;
	case CFA_RBP:
		return m->reg[RBP] + n;
	case CFA_REG:
		return m->reg[rule->x] + n;
	case CFA_PLT11:
		return m->reg[RSP] + 8 + ((m->pc & 15) >= 11 ? 8 : 0);
	case CFA_PLT10:
		return m->reg[RSP] + 8 + ((m->pc & 15) >= 10 ? 8 : 0);
	case CFA_DEREF_RSP:
		return load(m, m->reg[RSP] + n) + x;
	case CFA_DEREF_RBP:
		return load(m, m->reg[RBP] + n) + x;
	case CFA_RSP_R9:
		return load(m, m->reg[RSP] + 8 + 8 * m->reg[R9]) + 8;
	default:
		return 0;
	}
}

static uint64_t rule_rbp(const struct machine *m, const struct unwind_rule *rule, uint64_t cfa)
{
	uint64_t off = (uint64_t)(int64_t)rule->rbp_off8 * 8;

	switch ((enum rbp_kind)rule->rbp_kind) {
	case RBP_CFA:
		return load(m, cfa + off);
	case RBP_DEREF_RBP:
		return load(m, m->reg[RBP] + off);
	case RBP_DEREF_RSP:
		return load(m, m->reg[RSP] + off);
	case RBP_REALIGN:
		return load(m, ((cfa - 8) & ~(uint64_t)63) + off);
	case RBP_REG:
		return m->reg[rule->x];
	default:
		return m->reg[RBP];
	}
}

void machine_apply_rule(const struct machine *m, const struct unwind_rule *rule,
			struct caller *ret_caller)
{
	memset(ret_caller, 0, sizeof(*ret_caller));
	if (rule->cfa_kind == CFA_STOP) {
		ret_caller->is_outermost = true;
		return;
	}
	if (rule->cfa_kind == CFA_SIGNAL) {
		/* gregs of the ucontext at rsp: 10 is rbp, 15 rsp, 16 rip. */
		ret_caller->rbp = load(m, m->reg[RSP] + 40 + 10 * 8);
		ret_caller->rsp = ret_caller->cfa = load(m, m->reg[RSP] + 40 + 15 * 8);
		ret_caller->ra = load(m, m->reg[RSP] + 40 + 16 * 8);
		return;
	}
	ret_caller->rsp = ret_caller->cfa = rule_cfa(m, rule);
	ret_caller->rbp_is_lost = rule->rbp_kind == RBP_UNDEFINED;
	if (!ret_caller->rbp_is_lost)
		ret_caller->rbp = rule_rbp(m, rule, ret_caller->cfa);
	ret_caller->ra = rule->flags & RULE_RA_REGISTER ? m->reg[rule->x]
							: load(m, ret_caller->cfa - 8);
}

struct stack {
	uint64_t value[MAX_DEPTH];
	unsigned int nr;
};

static bool binary(struct stack *s, uint8_t atom)
{
	uint64_t a, b;

	if (s->nr < 2)
		return false;
	b = s->value[--s->nr];
	a = s->value[s->nr - 1];
	switch (atom) {
	case DW_OP_plus:
		a += b;
		break;
	case DW_OP_minus:
		a -= b;
		break;
	case DW_OP_mul:
		a *= b;
		break;
	case DW_OP_and:
		a &= b;
		break;
	case DW_OP_or:
		a |= b;
		break;
	case DW_OP_shl:
		a <<= b & 63;
		break;
	case DW_OP_shr:
		a >>= b & 63;
		break;
	case DW_OP_ge:
		a = (int64_t)a >= (int64_t)b;
		break;
	default:
		return false;
	}
	s->value[s->nr - 1] = a;
	return true;
}

/* True when @op pushes something, which is then at *ret_value. */
static bool pushes(const struct machine *m, const Dwarf_Op *op, uint64_t cfa, uint64_t *ret_value)
{
	uint8_t atom = op->atom;
	unsigned int reg = atom == DW_OP_bregx ? (unsigned int)op->number
					       : (unsigned int)atom - DW_OP_breg0;
	uint64_t off = atom == DW_OP_bregx ? op->number2 : op->number;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) {
		*ret_value = atom - DW_OP_lit0;
		return true;
	}
	if (atom >= DW_OP_const1u && atom <= DW_OP_consts) {
		*ret_value = op->number;
		return true;
	}
	if ((atom >= DW_OP_breg0 && atom <= DW_OP_breg31) || atom == DW_OP_bregx) {
		if (reg > RA)
			return false;
		*ret_value = (reg == RA ? m->pc : m->reg[reg]) + off;
		return true;
	}
	if (atom == DW_OP_call_frame_cfa) {
		*ret_value = cfa;
		return true;
	}
	return false;
}

/* 0 with the top of the stack, 1 if that is a value and no address, -1: unknown. */
static int evaluate(const struct machine *m, const Dwarf_Op *ops, size_t nr, uint64_t cfa,
		    uint64_t *ret_value)
{
	struct stack s = {.nr = 0};
	uint64_t value;

	for (size_t i = 0; i < nr; i++) {
		if (s.nr == MAX_DEPTH)
			return -1;
		if (pushes(m, &ops[i], cfa, &value)) {
			s.value[s.nr++] = value;
			continue;
		}
		if (!s.nr)
			return -1;
		switch (ops[i].atom) {
		case DW_OP_nop:
			break;
		case DW_OP_dup:
			s.value[s.nr] = s.value[s.nr - 1];
			s.nr++;
			break;
		case DW_OP_drop:
			s.nr--;
			break;
		case DW_OP_deref:
			s.value[s.nr - 1] = load(m, s.value[s.nr - 1]);
			break;
		case DW_OP_plus_uconst:
			s.value[s.nr - 1] += ops[i].number;
			break;
		case DW_OP_stack_value:
			*ret_value = s.value[s.nr - 1];
			return 1;
		default:
			if (!binary(&s, ops[i].atom))
				return -1;
			break;
		}
	}
	if (!s.nr)
		return -1;
	*ret_value = s.value[s.nr - 1];
	return 0;
}

enum where { WHERE_UNKNOWN, WHERE_UNDEFINED, WHERE_SAME, WHERE_VALUE };

static enum where frame_register(const struct machine *m, Dwarf_Frame *frame, int reg, uint64_t cfa,
				 uint64_t *ret_value)
{
	Dwarf_Op mem[3], *ops;
	size_t nr;
	int ret;

	if (dwarf_frame_register(frame, reg, mem, &ops, &nr) != 0)
		return WHERE_UNKNOWN;
	if (nr == 0)
		return ops ? WHERE_UNDEFINED : WHERE_SAME;
	if (nr == 1 && ops[0].atom >= DW_OP_reg0 && ops[0].atom < DW_OP_reg0 + CTRACE_NR_REGS) {
		*ret_value = m->reg[ops[0].atom - DW_OP_reg0];
		return WHERE_VALUE;
	}
	if (nr == 1 && ops[0].atom == DW_OP_regx && ops[0].number < CTRACE_NR_REGS) {
		*ret_value = m->reg[ops[0].number];
		return WHERE_VALUE;
	}
	ret = evaluate(m, ops, nr, cfa, ret_value);
	if (ret < 0)
		return WHERE_UNKNOWN;
	if (ret == 0)
		*ret_value = load(m, *ret_value);
	return WHERE_VALUE;
}

int machine_apply_frame(const struct machine *m, Dwarf_Frame *frame, struct caller *ret_caller)
{
	struct caller caller = {0};
	Dwarf_Op *ops;
	enum where ra, rbp, rsp;
	size_t nr;

	if (dwarf_frame_cfa(frame, &ops, &nr) != 0)
		return -1;
	if (nr && evaluate(m, ops, nr, 0, &caller.cfa) < 0)
		return -1;
	ra = frame_register(m, frame, RA, caller.cfa, &caller.ra);
	if (ra == WHERE_UNDEFINED) {
		*ret_caller = (struct caller){.is_outermost = true};
		return 0;
	}
	if (!nr || ra != WHERE_VALUE)
		return -1;
	rbp = frame_register(m, frame, RBP, caller.cfa, &caller.rbp);
	rsp = frame_register(m, frame, RSP, caller.cfa, &caller.rsp);
	if (rbp == WHERE_UNKNOWN || rsp == WHERE_UNKNOWN)
		return -1;
	/* The psABI: the caller's stack pointer is the CFA, unless something else is said. */
	if (rsp != WHERE_VALUE)
		caller.rsp = caller.cfa;
	if (rbp == WHERE_SAME)
		caller.rbp = m->reg[RBP];
	caller.rbp_is_lost = rbp == WHERE_UNDEFINED;
	*ret_caller = caller;
	return 0;
}

bool caller_equal(const struct caller *a, const struct caller *b)
{
	if (a->is_outermost || b->is_outermost)
		return a->is_outermost == b->is_outermost;
	return a->cfa == b->cfa && a->rsp == b->rsp && a->ra == b->ra &&
	       a->rbp_is_lost == b->rbp_is_lost && (a->rbp_is_lost || a->rbp == b->rbp);
}
