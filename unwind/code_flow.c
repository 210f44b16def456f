/* SPDX-License-Identifier: MIT */
#include "unwind/code_flow.h"

#include "common/alloc.h"
#include "unwind/code_blocks.h"

#include <stdlib.h>
#include <string.h>

#define RSP	     4
#define RBP	     5
#define PUSHED_FRAME 16 /* push %rbp; mov %rsp,%rbp */
#define MAX_ENTRY    8	/* bytes of a function in which it clears RBP, if it is the outermost */
#define MAX_LOOKS    4	/* rounds of looking ahead */
#define CALLER_SAVED                                                                 \
	0x0fc7u /* registers a call may lose, a bit each: rax, rcx, rdx, rsi ... r11 \
		 */

struct code_flow {
	struct code_blocks blocks;
	struct flow_state *states; /* at the begin of each block, as far as is_known says */
	uint8_t *is_known;
	uint32_t cap_states;
	uint32_t *work;
	size_t nr_work, cap_work;
};

static void leave_frame(struct flow_state *s)
{
	s->frame = s->rbp_saved = s->slot = 0;
	if (s->phase >= REALIGN_FRAMED)
		s->phase = REALIGN_BY_REGISTER;
}

static void push(struct flow_state *s, const struct x86_insn *insn)
{
	if (s->depth)
		s->depth -= (int32_t)insn->value;
	if (s->phase != REALIGN_FRAMED)
		return;
	/* Below RBP only pushes are counted; slot is how far they came. */
	s->slot += (int32_t)insn->value;
	if (insn->reg == s->reg)
		s->phase = REALIGN_SAVED;
}

static void change_rbp(struct flow_state *s, const struct x86_insn *insn)
{
	switch (insn->kind) {
	case X86_PUSH_RBP:
		push(s, insn);
		if (s->depth && !s->rbp_saved)
			s->rbp_saved = s->depth;
		return;
	case X86_POP_RBP:
		if (!s->depth && s->frame)
			s->depth = s->frame;
		if (!s->depth || s->rbp_saved == s->depth)
			leave_frame(s);
		s->depth = s->depth ? s->depth - 8 : 0;
		return;
	case X86_RBP_FROM_RSP:
		s->frame = s->depth;
		if (!s->depth && s->phase == REALIGN_BY_REGISTER) {
			s->phase = REALIGN_FRAMED;
			s->slot = 0;
		}
		return;
	case X86_LEAVE:
		s->depth = s->frame ? s->frame - 8 : 0;
		leave_frame(s);
		return;
	default:
		return;
	}
}

/* The state behind @insn, which begins @into bytes behind a function's begin if that is near. */
static void apply(struct flow_state *s, const struct x86_insn *insn, uint32_t into)
{
	switch (insn->kind) {
	case X86_PUSH_RBP:
	case X86_POP_RBP:
	case X86_RBP_FROM_RSP:
	case X86_LEAVE:
		change_rbp(s, insn);
		break;
	case X86_MOVE_RSP:
		push(s, insn);
		break;
	case X86_REG_FROM_RSP:
		if (insn->reg == RBP)
			s->frame = s->depth ? s->depth - (int32_t)insn->value : 0;
		if (!s->depth || s->depth != insn->value || insn->reg == RBP)
			break;
		s->phase = REALIGN_BY_REGISTER;
		s->reg = insn->reg;
		break;
	case X86_RSP_FROM_RBP:
		s->depth = s->frame ? s->frame - (int32_t)insn->value : 0;
		break;
	case X86_RSP_FROM_REG:
		s->depth = s->phase && insn->reg == s->reg ? -(int32_t)insn->value : 0;
		s->phase = REALIGN_NONE;
		break;
	case X86_LOSE_RSP:
		s->depth = 0;
		break;
	case X86_CALL:
		if (s->phase && s->phase < REALIGN_SAVED && CALLER_SAVED >> s->reg & 1)
			s->phase = REALIGN_NONE;
		break;
	case X86_CLEAR_RBP:
		s->is_outermost = s->depth == RETURN_BYTES && into < MAX_ENTRY;
		break;
	default:
		break;
	}
	if (s->depth < 0 || s->depth > MAX_DEPTH)
		s->depth = 0;
}

/* What of @s makes a difference: of what is not the best way to the CFA nothing does. */
static struct flow_state essence(const struct flow_state *s)
{
	struct flow_state e = *s;

	/* Where every function sets one up, one row does for all that lies between. */
	if (e.frame == PUSHED_FRAME && e.rbp_saved == PUSHED_FRAME)
		e.depth = 0;
	if (e.depth)
		e.frame = 0;
	if (e.depth || e.frame || !e.phase)
		e.phase = e.slot = e.reg = 0;
	if (e.phase)
		e.rbp_saved = 0;
	if (e.phase && e.phase != REALIGN_SAVED)
		e.slot = 0;
	if (e.is_outermost)
		e.depth = e.frame = e.rbp_saved = e.slot = e.phase = e.reg = 0;
	return e;
}

static uint32_t into_function(const struct code_block *block, uint32_t pos)
{
	return block->flags & (BLOCK_IS_ENTRY | BLOCK_IS_APART) ? pos - block->begin : UINT32_MAX;
}

/* Takes @s from the begin of @block to its end. */
static void run_block(const struct code_flow *flow, const struct code_block *block,
		      struct flow_state *s)
{
	for (uint32_t pos = block->begin; pos < block->end;) {
		struct x86_insn insn = code_blocks_insn(&flow->blocks, pos);

		if (insn.kind > X86_OTHER)
			apply(s, &insn, into_function(block, pos));
		pos += insn.length ? insn.length : 1;
	}
}

/* @s holds where @block begins, unless that is known or the depth differs. */
static void enter(struct code_flow *flow, uint32_t block, const struct flow_state *s)
{
	const struct code_block *at;

	if (block == NO_BLOCK || flow->is_known[block])
		return;
	at = &flow->blocks.blocks[block];
	if (s->depth && at->depth && s->depth != at->depth)
		return;
	flow->states[block] = *s;
	flow->states[block].depth = at->depth;
	/* Where paths meet of which one lost count, nobody may count. */
	if (at->flags & BLOCK_IS_LOST)
		flow->states[block].depth = 0;
	flow->is_known[block] = 1;
	GROW_ARRAY(flow->work, flow->nr_work, flow->cap_work);
	flow->work[flow->nr_work++] = block;
}

static void follow_work(struct code_flow *flow)
{
	while (flow->nr_work) {
		uint32_t i = flow->work[--flow->nr_work];
		const struct code_block *block = &flow->blocks.blocks[i];
		struct flow_state s = flow->states[i];

		run_block(flow, block, &s);
		enter(flow, code_blocks_next(&flow->blocks, i), &s);
		enter(flow, block->target, &s);
	}
}

/* From functions' first instructions on; and where nothing lies but a return address. */
static void follow_from_entries(struct code_flow *flow)
{
	const struct flow_state at_entry = {.depth = RETURN_BYTES};

	for (uint32_t i = 0; i < flow->blocks.nr; i++) {
		const struct code_block *block = &flow->blocks.blocks[i];

		if (block->depth == RETURN_BYTES &&
		    block->flags & (BLOCK_IS_ENTRY | BLOCK_IS_APART)) {
			enter(flow, i, &at_entry);
			follow_work(flow);
		}
	}
}

/* What @block itself tells of RBP: true if it does. */
static bool tell_from_code(const struct code_flow *flow, const struct code_block *block,
			   struct flow_state *ret_state)
{
	struct flow_state s = {.depth = block->depth};

	for (uint32_t pos = block->begin; pos < block->end;) {
		struct x86_insn insn = code_blocks_insn(&flow->blocks, pos);

		switch (insn.kind) {
		case X86_POP_RBP:
			*ret_state = (struct flow_state){.depth = block->depth,
							 .rbp_saved = s.depth};
			return s.depth >= PUSHED_FRAME;
		case X86_LEAVE:
		case X86_RSP_FROM_RBP:
			/* It lies in a frame set up elsewhere. */
			*ret_state = (struct flow_state){.depth = block->depth,
							 .frame = PUSHED_FRAME,
							 .rbp_saved = PUSHED_FRAME};
			return true;
		case X86_PUSH_RBP:
		case X86_RBP_FROM_RSP:
			*ret_state = (struct flow_state){.depth = block->depth};
			return block->depth != 0;
		default:
			break;
		}
		apply(&s, &insn, UINT32_MAX);
		pos += insn.length ? insn.length : 1;
	}
	return false;
}

/* What lies behind @block, where it leaves RBP as it is. */
static bool tell_from_next(const struct code_flow *flow, uint32_t block,
			   struct flow_state *ret_state)
{
	const struct code_block *at = &flow->blocks.blocks[block];
	uint32_t next[2] = {code_blocks_next(&flow->blocks, block), at->target};

	for (int i = 0; i < 2; i++) {
		if (next[i] == NO_BLOCK || !flow->is_known[next[i]] ||
		    flow->blocks.blocks[next[i]].flags & BLOCK_IS_ENTRY)
			continue;
		*ret_state = flow->states[next[i]];
		ret_state->depth = at->depth;
		return true;
	}
	return false;
}

/* Cases of switches, and all else that nothing leads to: by what comes behind. */
static void look_ahead(struct code_flow *flow)
{
	bool is_changed = true;

	for (int round = 0; is_changed && round < MAX_LOOKS; round++) {
		is_changed = false;
		for (uint32_t i = flow->blocks.nr; i-- > 0;) {
			const struct code_block *block = &flow->blocks.blocks[i];
			struct flow_state s;

			if (flow->is_known[i] ||
			    (!tell_from_code(flow, block, &s) && !tell_from_next(flow, i, &s)))
				continue;
			enter(flow, i, &s);
			follow_work(flow);
			is_changed = true;
		}
	}
}

/* The rest has a depth at best. */
static void settle_rest(struct code_flow *flow)
{
	for (uint32_t i = 0; i < flow->blocks.nr; i++) {
		const struct code_block *block = &flow->blocks.blocks[i];
		struct flow_state s = {.depth = block->depth};

		if (flow->is_known[i] || !block->depth)
			continue;
		enter(flow, i, &s);
		follow_work(flow);
	}
}

struct code_flow *code_flow_new(void)
{
	return xcalloc(1, sizeof(struct code_flow));
}

void code_flow_follow(struct code_flow *flow, const uint8_t *code, uint32_t size, uint64_t vaddr,
		      const uint32_t *entries, size_t nr_entries)
{
	code_blocks_cut(&flow->blocks, code, size, vaddr, entries, nr_entries);
	code_blocks_find_depths(&flow->blocks);
	if (flow->blocks.nr > flow->cap_states) {
		free(flow->states);
		free(flow->is_known);
		flow->cap_states = flow->blocks.nr;
		flow->states = xcalloc(flow->cap_states, sizeof(*flow->states));
		flow->is_known = xcalloc(flow->cap_states, 1);
	}
	memset(flow->is_known, 0, flow->blocks.nr);
	follow_from_entries(flow);
	look_ahead(flow);
	settle_rest(flow);
}

void code_flow_free(struct code_flow *flow)
{
	if (!flow)
		return;
	code_blocks_release(&flow->blocks);
	free(flow->states);
	free(flow->is_known);
	free(flow->work);
	free(flow);
}

/* A stretch in the making. */
struct stretch {
	void (*take)(void *arg, uint32_t begin, uint32_t end, const struct flow_state *state);
	void *arg;
	uint32_t begin, end;
	struct flow_state state;
};

static bool is_told(const struct flow_state *s)
{
	return s->depth || s->frame || s->phase || s->is_outermost;
}

/* The instruction [begin, end) is in state @s. */
static void extend(struct stretch *at, uint32_t begin, uint32_t end, const struct flow_state *s)
{
	struct flow_state now = essence(s);

	if (begin < at->end)
		begin = at->end;
	if (begin >= end)
		return;
	if (begin == at->end && at->end && flow_state_equal(&now, &at->state)) {
		at->end = end;
		return;
	}
	if (at->end > at->begin && is_told(&at->state))
		at->take(at->arg, at->begin, at->end, &at->state);
	at->begin = begin;
	at->end = end;
	at->state = now;
}

void code_flow_each(const struct code_flow *flow,
		    void (*take)(void *arg, uint32_t begin, uint32_t end,
				 const struct flow_state *state),
		    void *arg)
{
	struct stretch at = {.take = take, .arg = arg};
	const struct flow_state nothing = {0};

	for (uint32_t i = 0; i < flow->blocks.nr; i++) {
		const struct code_block *block = &flow->blocks.blocks[i];
		struct flow_state s = flow->states[i];

		if (!flow->is_known[i])
			continue;
		for (uint32_t pos = block->begin; pos < block->end;) {
			struct x86_insn insn = code_blocks_insn(&flow->blocks, pos);
			uint32_t end = pos + (insn.length ? insn.length : 1);

			extend(&at, pos, end, &s);
			if (insn.kind > X86_OTHER)
				apply(&s, &insn, into_function(block, pos));
			pos = end;
		}
	}
	extend(&at, at.end + 1, at.end + 2, &nothing);
}
