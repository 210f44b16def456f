/* SPDX-License-Identifier: MIT */
#include "unwind/code_flow.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "unwind/x86_code.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH      (1 << 24)
#define MAX_STATES     4096
#define MAX_PROBE      128 /* instructions of one backward look */
#define STATE_BITS     13
#define RETURN_BYTES   8 /* the return address, all there is at a function's first instruction */
#define ENTRY	       1 /* number of the state at a function's first instruction */
#define FUNCTION_ALIGN 16
_Static_assert(X86_TRAP < 16, "a kind has four bits");
#define PUSHED_FRAME 16 /* push %rbp; mov %rsp,%rbp */

/* A place still to be followed from. */
struct work {
	uint32_t pos;
	uint32_t state;
};

struct code_flow {
	const uint8_t *code;
	uint32_t size;
	uint32_t skew; /* of code[0], from where functions may begin */
	uint32_t cap_at;
	uint8_t *seen; /* kind << 4 | length of what was decoded here; 0: nothing yet */
	uint16_t *at;  /* number + 1 of the state before the instruction that begins here */
	struct flow_state *states;
	uint32_t nr_states, cap_states;
	uint32_t slots[1 << STATE_BITS]; /* number + 1, 0 = free; at most half full */
	struct work *work;
	size_t nr_work, cap_work;
};

static const struct flow_state at_entry = {.depth = RETURN_BYTES};

/* Number + 1 of @state; 0: there are too many. */
static uint32_t state_number(struct code_flow *flow, const struct flow_state *state)
{
	uint32_t i = (uint32_t)state->depth * 0x9e3779b1u ^ (uint32_t)state->frame * 0x85ebca6bu ^
		     (uint32_t)state->rbp_saved * 0xc2b2ae35u ^ state->is_outermost;

	for (i >>= 32 - STATE_BITS;; i = (i + 1) & ((1 << STATE_BITS) - 1)) {
		if (!flow->slots[i])
			break;
		if (flow_state_equal(&flow->states[flow->slots[i] - 1], state))
			return flow->slots[i];
	}
	if (flow->nr_states == MAX_STATES)
		return 0;
	GROW_ARRAY(flow->states, flow->nr_states, flow->cap_states);
	flow->states[flow->nr_states++] = *state;
	return flow->slots[i] = flow->nr_states;
}

static void push(struct code_flow *flow, int64_t pos, uint32_t state)
{
	if (pos < 0 || pos >= flow->size || flow->at[pos])
		return;
	GROW_ARRAY(flow->work, flow->nr_work, flow->cap_work);
	flow->work[flow->nr_work++] = (struct work){(uint32_t)pos, state};
}

/* The state behind @insn. */
static struct flow_state apply(struct flow_state s, const struct x86_insn *insn)
{
	switch (insn->kind) {
	case X86_PUSH_RBP:
		if (s.depth && !s.rbp_saved)
			s.rbp_saved = s.depth + 8;
		/* fallthrough */
	case X86_MOVE_RSP:
		if (s.depth)
			s.depth -= (int32_t)insn->value;
		break;
	case X86_POP_RBP:
		if (!s.depth && s.frame)
			s.depth = s.frame;
		if (s.depth && s.rbp_saved == s.depth)
			s.rbp_saved = 0;
		s.depth = s.depth ? s.depth - 8 : 0;
		s.frame = s.rbp_saved ? s.frame : 0;
		break;
	case X86_RBP_FROM_RSP:
		s.frame = s.depth;
		break;
	case X86_RSP_FROM_RBP:
		s.depth = s.frame ? s.frame - (int32_t)insn->value : 0;
		break;
	case X86_LEAVE:
		s.depth = s.frame ? s.frame - 8 : 0;
		s.frame = s.rbp_saved = 0;
		break;
	case X86_LOSE_RSP:
		s.depth = 0;
		break;
	case X86_CLEAR_RBP:
		s.is_outermost = !s.rbp_saved && !s.frame;
		break;
	default:
		break;
	}
	if (s.depth < 0 || s.depth > MAX_DEPTH)
		s.depth = 0;
	return s;
}

/* The instruction at @pos.  Most are of kinds without a value, and decoded once. */
static struct x86_insn decode(const struct code_flow *flow, uint32_t pos)
{
	struct x86_insn insn = {.kind = (enum x86_kind)(flow->seen[pos] >> 4),
				.length = flow->seen[pos] & 15};

	if (insn.kind == X86_OTHER || insn.kind == X86_RETURN || insn.kind == X86_TRAP)
		return insn;
	insn = x86_decode(flow->code + pos, flow->size - pos);
	flow->seen[pos] = (uint8_t)((insn.kind == X86_ADDRESS ? X86_OTHER : insn.kind) << 4 |
				    insn.length);
	return insn;
}

static bool fits(const struct x86_insn *insn)
{
	return insn->value > -MAX_DEPTH && insn->value < MAX_DEPTH;
}

/* Bytes of padding at @pos: int3, zeros, and what assemblers fill gaps with. */
static uint32_t padding_at(const struct code_flow *flow, uint32_t pos)
{
	uint32_t i = pos;

	if (flow->code[pos] == 0xcc || flow->code[pos] == 0)
		return 1;
	while (i < flow->size && (flow->code[i] == 0x66 || flow->code[i] == 0x2e))
		i++;
	if (i == flow->size ||
	    (flow->code[i] != 0x90 &&
	     (i + 1 == flow->size || flow->code[i] != 0x0f || flow->code[i + 1] != 0x1f)))
		return 0;
	return decode(flow, pos).length;
}

static bool is_aligned(const struct code_flow *flow, int64_t pos)
{
	return (pos + flow->skew) % FUNCTION_ALIGN == 0;
}

/* Follows the code from @pos until it ends, or joins what was followed before. */
static void follow(struct code_flow *flow, uint32_t pos, uint32_t number)
{
	while (pos < flow->size && !flow->at[pos] && number) {
		struct x86_insn insn = decode(flow, pos);
		struct flow_state next;
		int64_t target;

		if (insn.kind == X86_BAD)
			return;
		flow->at[pos] = (uint16_t)number;
		pos += insn.length;
		target = (int64_t)pos + insn.value;
		if (insn.kind == X86_RETURN || insn.kind == X86_TRAP || insn.kind == X86_JUMP_AWAY)
			return;
		if (insn.kind == X86_CALL && insn.value)
			push(flow, target, ENTRY);
		/* Behind what never returns comes padding, or, which is found again, a loop. */
		if (insn.kind == X86_CALL && pos < flow->size && padding_at(flow, pos))
			return;
		if (insn.kind == X86_BRANCH || insn.kind == X86_JUMP)
			push(flow, target, number);
		if (insn.kind == X86_JUMP)
			return;
		if (insn.kind < X86_MOVE_RSP || insn.kind > X86_LOSE_RSP || !fits(&insn))
			continue;
		next = apply(flow->states[number - 1], &insn);
		number = state_number(flow, &next);
	}
}

static void follow_all(struct code_flow *flow)
{
	while (flow->nr_work) {
		struct work work = flow->work[--flow->nr_work];

		follow(flow, work.pos, work.state);
	}
}

/* A look ahead from code of unknown depth; distances count from that depth. */
struct probe {
	int32_t deeper;	    /* the stack has grown by this */
	int32_t rbp_popped; /* where RBP was popped that was saved before */
	bool is_rbp_popped;
	int32_t rbp_pushed; /* how deep it was when RBP was pushed here */
	bool is_rbp_pushed;
	bool has_frame; /* set up here */
	int32_t frame;
};

/* False: nothing can be known any more. */
static bool probe_step(struct probe *p, const struct x86_insn *insn)
{
	switch (insn->kind) {
	case X86_PUSH_RBP:
		p->is_rbp_pushed = true;
		p->deeper += 8;
		p->rbp_pushed = p->deeper;
		return true;
	case X86_POP_RBP:
		if (p->is_rbp_pushed && p->rbp_pushed == p->deeper) {
			p->is_rbp_pushed = false;
		} else if (!p->is_rbp_popped) {
			p->is_rbp_popped = true;
			p->rbp_popped = p->deeper;
		}
		p->deeper -= 8;
		return true;
	case X86_MOVE_RSP:
		p->deeper -= (int32_t)insn->value;
		return p->deeper > -MAX_DEPTH && p->deeper < MAX_DEPTH;
	case X86_RBP_FROM_RSP:
		p->has_frame = true;
		p->frame = p->deeper;
		return true;
	case X86_RSP_FROM_RBP:
	case X86_LEAVE:
		if (p->has_frame)
			p->deeper = p->frame - (insn->kind == X86_LEAVE ? 8 : (int32_t)insn->value);
		return p->has_frame;
	case X86_LOSE_RSP:
		return p->has_frame;
	default:
		return true;
	}
}

/* The state where the probe began, if the stack is @depth deep where it is now. */
static bool conclude(const struct probe *p, int32_t depth, int32_t rbp_saved,
		     struct flow_state *ret_state)
{
	struct flow_state s = {.depth = depth - p->deeper};

	if (p->is_rbp_popped)
		s.rbp_saved = s.depth + p->rbp_popped;
	else if (!p->is_rbp_pushed)
		s.rbp_saved = rbp_saved;
	if (s.depth < RETURN_BYTES || s.depth > MAX_DEPTH || s.rbp_saved < 0 ||
	    s.rbp_saved > s.depth)
		return false;
	*ret_state = s;
	return true;
}

/* The same if the code at @pos, known already, is where it goes. */
static bool conclude_at(const struct code_flow *flow, const struct probe *p, int64_t pos,
			struct flow_state *ret_state)
{
	const struct flow_state *known;

	if (pos < 0 || pos >= flow->size || !flow->at[pos])
		return false;
	known = &flow->states[flow->at[pos] - 1];
	if (known->frame && !p->has_frame) {
		*ret_state = *known;
		ret_state->depth = known->depth ? known->depth - p->deeper : 0;
		return ret_state->depth >= 0;
	}
	return known->depth && conclude(p, known->depth, known->rbp_saved, ret_state);
}

/* Looks ahead from @pos for something that tells how deep the stack must be there. */
static bool probe(const struct code_flow *flow, uint32_t pos, struct flow_state *ret_state)
{
	struct probe p = {0};

	for (unsigned int i = 0; i < MAX_PROBE && pos < flow->size; i++) {
		struct x86_insn insn = decode(flow, pos);

		if (conclude_at(flow, &p, pos, ret_state))
			return true;
		pos += insn.length;
		switch (insn.kind) {
		case X86_RETURN:
			return conclude(&p, RETURN_BYTES, 0, ret_state);
		case X86_BAD:
		case X86_TRAP:
		case X86_JUMP_AWAY:
			return false;
		case X86_RSP_FROM_RBP:
		case X86_LEAVE:
			if (p.has_frame)
				break;
			/* It lies in a frame set up elsewhere. */
			*ret_state = (struct flow_state){.frame = PUSHED_FRAME,
							 .rbp_saved = PUSHED_FRAME};
			return true;
		case X86_BRANCH:
		case X86_JUMP:
			if (conclude_at(flow, &p, (int64_t)pos + insn.value, ret_state))
				return true;
			if (insn.kind == X86_BRANCH)
				continue;
			if ((int64_t)pos + insn.value < 0 ||
			    (int64_t)pos + insn.value >= flow->size)
				return false;
			pos = (uint32_t)((int64_t)pos + insn.value);
			continue;
		default:
			break;
		}
		if (!fits(&insn) || !probe_step(&p, &insn))
			return false;
	}
	return false;
}

/* Does a function look like beginning at @pos, where known code or padding ends? */
static bool looks_like_entry(const struct code_flow *flow, uint32_t pos)
{
	struct x86_insn insn = decode(flow, pos);

	return is_aligned(flow, pos) || insn.kind == X86_PUSH_RBP ||
	       (insn.kind == X86_MOVE_RSP && insn.value < 0);
}

/*
 * What was not reached: functions nobody names or calls directly, and the cases of switches.  Where
 * even a look ahead tells nothing, it has to look like a function.
 */
static void follow_rest(struct code_flow *flow)
{
	uint32_t pos = 0, step;
	bool is_first = true; /* nothing in between was left out */

	while (pos < flow->size) {
		struct flow_state state = at_entry;

		step = flow->at[pos] ? decode(flow, pos).length : padding_at(flow, pos);
		if (step) {
			pos += step;
			is_first = true;
			continue;
		}
		if (probe(flow, pos, &state) || (is_first && looks_like_entry(flow, pos))) {
			follow(flow, pos, state_number(flow, &state));
			follow_all(flow);
		}
		if (!flow->at[pos]) {
			step = decode(flow, pos).length;
			pos += step ? step : 1;
			is_first = false;
		}
	}
}

/* Functions that are called, or whose address is taken: by a sweep from the first byte on. */
static void find_entries(struct code_flow *flow)
{
	for (uint32_t pos = 0; pos < flow->size;) {
		struct x86_insn insn = decode(flow, pos);
		int64_t target;

		pos += insn.length ? insn.length : 1;
		target = (int64_t)pos + insn.value;
		if ((insn.kind == X86_CALL && insn.value) ||
		    (insn.kind == X86_ADDRESS && is_aligned(flow, target)))
			push(flow, target, ENTRY);
	}
}

struct code_flow *code_flow_new(void)
{
	struct code_flow *flow = xcalloc(1, sizeof(*flow));

	state_number(flow, &at_entry);
	return flow;
}

void code_flow_follow(struct code_flow *flow, const uint8_t *code, uint32_t size, uint64_t vaddr,
		      const uint32_t *entries, size_t nr_entries)
{
	struct work *first;
	size_t nr;

	flow->code = code;
	flow->size = size;
	flow->skew = (uint32_t)(vaddr % FUNCTION_ALIGN);
	if (size > flow->cap_at) {
		free(flow->at);
		free(flow->seen);
		flow->at = xcalloc(size, sizeof(*flow->at));
		flow->seen = xcalloc(size, 1);
		flow->cap_at = size;
	} else {
		memset(flow->at, 0, size * sizeof(*flow->at));
		memset(flow->seen, 0, size);
	}
	find_entries(flow);
	for (size_t i = 0; i < nr_entries; i++)
		push(flow, entries[i], ENTRY);
	first = TAKE_PTR(flow->work);
	nr = flow->nr_work;
	flow->nr_work = flow->cap_work = 0;
	/* Marked first: code that never returns must not run on into the next function. */
	for (size_t i = 0; i < nr; i++)
		flow->at[first[i].pos] = ENTRY;
	while (nr--) {
		flow->at[first[nr].pos] = 0;
		follow(flow, first[nr].pos, ENTRY);
		follow_all(flow);
	}
	free(first);
	follow_rest(flow);
}

void code_flow_free(struct code_flow *flow)
{
	if (!flow)
		return;
	free(flow->at);
	free(flow->seen);
	free(flow->states);
	free(flow->work);
	free(flow);
}

bool code_flow_next(const struct code_flow *flow, uint32_t pos, uint32_t *ret_begin,
		    uint32_t *ret_end, struct flow_state *ret_state)
{
	uint16_t number;

	while (pos < flow->size && !flow->at[pos])
		pos++;
	if (pos >= flow->size)
		return false;
	number = flow->at[pos];
	*ret_begin = pos;
	*ret_state = flow->states[number - 1];
	while (pos < flow->size && flow->at[pos] == number) {
		uint32_t length = decode(flow, pos).length;

		pos += length ? length : 1;
	}
	*ret_end = pos < flow->size ? pos : flow->size;
	return true;
}
