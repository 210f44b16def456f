/* SPDX-License-Identifier: MIT */
#include "unwind/code_blocks.h"

#include "common/alloc.h"

#include <stdlib.h>
#include <string.h>

#define FUNCTION_ALIGN 16
#define CALL_ALIGN     16
#define TELLS	       0x10 /* in seen: more than its length matters */
#define WORD_BITS      64

static bool has_bit(const uint64_t *bits, uint32_t pos)
{
	return bits[pos / WORD_BITS] >> pos % WORD_BITS & 1;
}

static void set_bit(uint64_t *bits, uint32_t pos)
{
	bits[pos / WORD_BITS] |= (uint64_t)1 << pos % WORD_BITS;
}

static bool is_aligned(const struct code_blocks *b, int64_t pos)
{
	return (pos + b->skew) % FUNCTION_ALIGN == 0;
}

static struct x86_insn decode(struct code_blocks *b, uint32_t pos)
{
	struct x86_insn insn = x86_decode(b->code + pos, b->size - pos);

	b->seen[pos] = (uint8_t)(insn.length | (insn.kind == X86_OTHER ? 0 : TELLS));
	return insn;
}

struct x86_insn code_blocks_insn(const struct code_blocks *blocks, uint32_t pos)
{
	if (!(blocks->seen[pos] & TELLS))
		return (struct x86_insn){.kind = X86_OTHER, .length = blocks->seen[pos]};
	return x86_decode(blocks->code + pos, blocks->size - pos);
}

/* Bytes of padding at @pos: int3, zeros, and what assemblers fill gaps with. */
static uint32_t padding_at(const struct code_blocks *b, uint32_t pos)
{
	uint32_t i = pos;

	if (b->code[pos] == 0xcc || b->code[pos] == 0)
		return 1;
	while (i < b->size && (b->code[i] == 0x66 || b->code[i] == 0x2e))
		i++;
	if (i == b->size || (b->code[i] != 0x90 &&
			     (i + 1 == b->size || b->code[i] != 0x0f || b->code[i + 1] != 0x1f)))
		return 0;
	return x86_decode(b->code + pos, b->size - pos).length;
}

static bool moves_rsp(enum x86_kind kind)
{
	return kind == X86_MOVE_RSP || kind == X86_PUSH_RBP || kind == X86_POP_RBP;
}

static bool is_far(const struct x86_insn *insn)
{
	return insn->value <= -MAX_DEPTH || insn->value >= MAX_DEPTH;
}

/* The stack pointer is set to something else than its old value and a constant. */
static bool sets_rsp(const struct x86_insn *insn)
{
	return insn->kind == X86_LOSE_RSP || insn->kind == X86_LEAVE ||
	       insn->kind == X86_RSP_FROM_RBP || insn->kind == X86_RSP_FROM_REG ||
	       (moves_rsp(insn->kind) && is_far(insn));
}

static bool ends_code(enum x86_kind kind)
{
	return kind == X86_BAD || kind == X86_JUMP || kind == X86_JUMP_AWAY || kind == X86_RETURN ||
	       kind == X86_TRAP;
}

/* Where blocks begin because of @insn, which ends at @end. */
static void mark_target(struct code_blocks *b, const struct x86_insn *insn, uint32_t end)
{
	int64_t target = (int64_t)end + insn->value;

	if (target < 0 || target >= b->size)
		return;
	if (insn->kind == X86_BRANCH || insn->kind == X86_JUMP) {
		set_bit(b->leaders, (uint32_t)target);
	} else if ((insn->kind == X86_CALL && insn->value) ||
		   (insn->kind == X86_ADDRESS && is_aligned(b, target))) {
		set_bit(b->leaders, (uint32_t)target);
		set_bit(b->entries, (uint32_t)target);
	}
}

/* The first position in (@from, @to) where a block is known to begin, or @to. */
static uint32_t next_leader(const struct code_blocks *b, uint32_t from, uint32_t to)
{
	for (uint32_t pos = from + 1; pos < to && pos < b->size; pos++)
		if (has_bit(b->leaders, pos))
			return pos;
	return to;
}

/* Reads every instruction from the first byte on, in step with what jumps say. */
static void sweep(struct code_blocks *b)
{
	bool is_apart = true;

	for (uint32_t pos = 0; pos < b->size;) {
		struct x86_insn insn;
		uint32_t pad, end;

		while (is_apart && pos < b->size && !has_bit(b->entries, pos) &&
		       (pad = padding_at(b, pos)))
			pos += pad;
		if (pos >= b->size)
			break;
		if (is_apart) {
			set_bit(b->leaders, pos);
			set_bit(b->apart, pos);
		}
		insn = decode(b, pos);
		end = pos + (insn.length ? insn.length : 1);
		mark_target(b, &insn, end);
		is_apart = ends_code(insn.kind);
		if (end < b->size &&
		    (insn.kind == X86_CALL || insn.kind == X86_BRANCH || sets_rsp(&insn)))
			set_bit(b->leaders, end);
		pos = next_leader(b, pos, end);
	}
}

/* Blocks begin only where instructions do. */
static void count_leaders(struct code_blocks *b)
{
	uint32_t words = b->size / WORD_BITS + 1;

	b->nr = 0;
	for (uint32_t i = 0; i < words; i++) {
		uint64_t bits = b->leaders[i];

		for (uint64_t left = bits; left; left &= left - 1) {
			uint32_t pos = i * WORD_BITS + (uint32_t)__builtin_ctzll(left);

			if (pos >= b->size || !(b->seen[pos] & 15))
				bits &= ~(left & -left);
		}
		b->leaders[i] = bits;
		b->rank[i] = b->nr;
		b->nr += (uint32_t)__builtin_popcountll(bits);
	}
}

/* The block that begins at @pos, or NO_BLOCK. */
static uint32_t block_at(const struct code_blocks *b, int64_t pos)
{
	uint64_t below;

	if (pos < 0 || pos >= b->size || !has_bit(b->leaders, (uint32_t)pos))
		return NO_BLOCK;
	below = ((uint64_t)1 << pos % WORD_BITS) - 1;
	return b->rank[pos / WORD_BITS] +
	       (uint32_t)__builtin_popcountll(b->leaders[pos / WORD_BITS] & below);
}

static enum block_end end_of(const struct x86_insn *insn)
{
	switch (insn->kind) {
	case X86_CALL:
		return BLOCK_CALLS;
	case X86_BRANCH:
		return BLOCK_BRANCHES;
	case X86_JUMP:
		return BLOCK_JUMPS;
	case X86_JUMP_AWAY:
		return BLOCK_LEAVES;
	case X86_RETURN:
		return BLOCK_RETURNS;
	case X86_BAD:
	case X86_TRAP:
		return BLOCK_ENDS;
	default:
		return sets_rsp(insn) ? BLOCK_LOSES : BLOCK_FALLS;
	}
}

/* The block that begins at @pos. */
static void read_block(const struct code_blocks *b, uint32_t pos, struct code_block *ret_block)
{
	struct code_block block = {.begin = pos, .target = NO_BLOCK, .end_kind = BLOCK_FALLS};

	if (has_bit(b->entries, pos))
		block.flags |= BLOCK_IS_ENTRY;
	if (has_bit(b->apart, pos))
		block.flags |= BLOCK_IS_APART;
	do {
		struct x86_insn insn;

		if (!(b->seen[pos] & TELLS)) {
			pos += b->seen[pos];
			continue;
		}
		insn = x86_decode(b->code + pos, b->size - pos);
		pos += insn.length;
		block.end_kind = (uint8_t)end_of(&insn);
		if (insn.kind == X86_BRANCH || insn.kind == X86_JUMP)
			block.target = block_at(b, (int64_t)pos + insn.value);
		if (moves_rsp(insn.kind) && !is_far(&insn))
			block.grows -= (int32_t)insn.value;
		if (insn.kind == X86_LOSE_RSP)
			block.flags |= BLOCK_IS_LOST; /* for its follower, see find_lost() */
	} while (block.end_kind == BLOCK_FALLS && pos < b->size && (b->seen[pos] & 15) &&
		 !has_bit(b->leaders, pos));
	block.end = pos;
	if (block.end_kind == BLOCK_FALLS && block_at(b, pos) == NO_BLOCK)
		block.end_kind = BLOCK_ENDS;
	*ret_block = block;
}

static void make_room(struct code_blocks *b, uint32_t size)
{
	size_t words = size / WORD_BITS + 1;

	if (size > b->cap_size) {
		code_blocks_release(b);
		b->seen = xcalloc(size, 1);
		b->leaders = xcalloc(words, sizeof(*b->leaders));
		b->entries = xcalloc(words, sizeof(*b->entries));
		b->apart = xcalloc(words, sizeof(*b->apart));
		b->rank = xcalloc(words, sizeof(*b->rank));
		b->cap_size = size;
		return;
	}
	memset(b->seen, 0, size);
	memset(b->leaders, 0, words * sizeof(*b->leaders));
	memset(b->entries, 0, words * sizeof(*b->entries));
	memset(b->apart, 0, words * sizeof(*b->apart));
}

void code_blocks_cut(struct code_blocks *b, const uint8_t *code, uint32_t size, uint64_t vaddr,
		     const uint32_t *entries, size_t nr_entries)
{
	uint32_t nr = 0;

	make_room(b, size);
	b->code = code;
	b->size = size;
	b->skew = (uint32_t)(vaddr % FUNCTION_ALIGN);
	for (size_t i = 0; i < nr_entries; i++) {
		if (entries[i] >= size)
			continue;
		set_bit(b->entries, entries[i]);
		set_bit(b->leaders, entries[i]);
	}
	sweep(b);
	count_leaders(b);
	if (b->nr > b->cap_blocks) {
		free(b->blocks);
		b->cap_blocks = b->nr;
		b->blocks = xcalloc(b->cap_blocks, sizeof(*b->blocks));
	}
	for (uint32_t i = 0; i <= size / WORD_BITS; i++)
		for (uint64_t left = b->leaders[i]; left; left &= left - 1)
			read_block(b, i * WORD_BITS + (uint32_t)__builtin_ctzll(left),
				   &b->blocks[nr++]);
	for (uint32_t i = 1; i < nr; i++)
		if (b->blocks[i].begin > b->blocks[i - 1].end)
			b->blocks[i].flags |= BLOCK_IS_BEHIND_PAD;
}

uint32_t code_blocks_next(const struct code_blocks *b, uint32_t block)
{
	const struct code_block *at = &b->blocks[block];

	if (at->end_kind > BLOCK_BRANCHES)
		return NO_BLOCK;
	if (block + 1 < b->nr && b->blocks[block + 1].begin == at->end)
		return block + 1;
	return block_at(b, at->end);
}

void code_blocks_release(struct code_blocks *b)
{
	free(b->blocks);
	free(b->seen);
	free(b->leaders);
	free(b->entries);
	free(b->apart);
	free(b->rank);
	*b = (struct code_blocks){0};
}

/* ---- depths ---- */

/* The root of @block's set, and how much deeper @block is than that; paths become short. */
static uint32_t find(struct code_blocks *b, uint32_t block, int32_t *ret_more)
{
	struct code_block *blocks = b->blocks;
	int32_t more = 0;

	while (blocks[block].parent != block) {
		struct code_block *at = &blocks[block];
		const struct code_block *above = &blocks[at->parent];

		if (above->parent != at->parent) {
			at->more += above->more;
			at->parent = above->parent;
		}
		more += at->more;
		block = at->parent;
	}
	*ret_more = more;
	return block;
}

/* @block is @depth deep at its begin, if nothing says otherwise yet. */
static void anchor(struct code_blocks *b, uint32_t block, int32_t depth)
{
	int32_t more;
	struct code_block *root = &b->blocks[find(b, block, &more)];

	if (root->flags & BLOCK_IS_KNOWN)
		return;
	root->depth = depth - more;
	root->flags |= BLOCK_IS_KNOWN;
}

static int32_t depth_of(struct code_blocks *b, uint32_t block)
{
	int32_t more, depth;
	const struct code_block *root = &b->blocks[find(b, block, &more)];

	depth = root->depth + more;
	return root->flags & BLOCK_IS_KNOWN && depth >= RETURN_BYTES && depth < MAX_DEPTH
		       ? depth
		       : DEPTH_UNKNOWN;
}

/* The depth at @to's begin is that at the end of @from, unless both are known. */
static void join(struct code_blocks *b, uint32_t from, uint32_t to)
{
	struct code_block *blocks = b->blocks;
	int32_t more_from, more_to, more;
	uint32_t root_from, root_to;

	if (to == NO_BLOCK || blocks[to].flags & BLOCK_IS_LOST)
		return;
	root_from = find(b, from, &more_from);
	root_to = find(b, to, &more_to);
	/* depth(to) = depth(from) + grows, both counted from their roots */
	more = more_from + blocks[from].grows - more_to;
	if (root_from == root_to ||
	    blocks[root_from].flags & blocks[root_to].flags & BLOCK_IS_KNOWN ||
	    more <= -MAX_DEPTH || more >= MAX_DEPTH)
		return;
	if (blocks[root_to].flags & BLOCK_IS_KNOWN) {
		blocks[root_from].parent = root_to;
		blocks[root_from].more = -more;
	} else {
		blocks[root_to].parent = root_from;
		blocks[root_to].more = more;
	}
}

/*
 * What only lost stack pointers lead to is lost; so is a loop that takes more stack each round, as
 * probes of large frames do.
 */
static void find_lost(struct code_blocks *b)
{
	bool is_changed = true;

	for (uint32_t i = b->nr; i-- > 0;) {
		struct code_block *at = &b->blocks[i];
		uint32_t next = code_blocks_next(b, i);
		bool loses = at->flags & BLOCK_IS_LOST;

		at->flags &= (uint8_t)~BLOCK_IS_LOST;
		if (loses && next != NO_BLOCK && !(b->blocks[next].flags & BLOCK_IS_ENTRY))
			b->blocks[next].flags |= BLOCK_IS_LOST;
		if (at->target == i && at->grows)
			at->flags |= BLOCK_IS_LOST;
	}
	/* Backward edges are few: two or three rounds. */
	for (int round = 0; is_changed && round < 8; round++) {
		is_changed = false;
		for (uint32_t i = 0; i < b->nr; i++) {
			const struct code_block *at = &b->blocks[i];
			uint32_t next[2] = {code_blocks_next(b, i), at->target};

			if (!(at->flags & BLOCK_IS_LOST) || at->end_kind == BLOCK_LOSES ||
			    at->target == i)
				continue;
			for (int k = 0; k < 2; k++) {
				if (next[k] == NO_BLOCK ||
				    b->blocks[next[k]].flags & (BLOCK_IS_LOST | BLOCK_IS_ENTRY))
					continue;
				b->blocks[next[k]].flags |= BLOCK_IS_LOST;
				is_changed = true;
			}
		}
	}
}

static bool is_lost(const struct code_block *block)
{
	return block->flags & BLOCK_IS_LOST;
}

/* What runs on, and what branches: as sure as the instructions are. */
static void join_neighbours(struct code_blocks *b)
{
	for (uint32_t i = 0; i < b->nr; i++) {
		const struct code_block *at = &b->blocks[i];

		if (is_lost(at) || (at->end_kind != BLOCK_FALLS && at->end_kind != BLOCK_BRANCHES))
			continue;
		join(b, i, code_blocks_next(b, i));
		join(b, i, at->target);
	}
}

static void take_returns(struct code_blocks *b)
{
	for (uint32_t i = 0; i < b->nr; i++)
		if (b->blocks[i].end_kind == BLOCK_RETURNS && !is_lost(&b->blocks[i]))
			anchor(b, i, RETURN_BYTES - b->blocks[i].grows);
}

static void join_jumps(struct code_blocks *b)
{
	for (uint32_t i = 0; i < b->nr; i++) {
		const struct code_block *at = &b->blocks[i];

		if (at->end_kind != BLOCK_JUMPS || is_lost(at) || at->target == NO_BLOCK)
			continue;
		/* To another function: then all that is left is the return address. */
		if (b->blocks[at->target].flags & BLOCK_IS_ENTRY)
			anchor(b, i, RETURN_BYTES - at->grows);
		join(b, i, at->target);
	}
}

static void take_entries(struct code_blocks *b)
{
	for (uint32_t i = 0; i < b->nr; i++)
		if (b->blocks[i].flags & BLOCK_IS_ENTRY)
			anchor(b, i, RETURN_BYTES);
}

/* Does @block begin with what functions begin with? */
static bool looks_like_prologue(const struct code_blocks *b, const struct code_block *block)
{
	struct x86_insn insn = code_blocks_insn(b, block->begin);

	return insn.kind == X86_PUSH_RBP || (insn.kind == X86_MOVE_RSP && insn.value < 0);
}

/* Does a function look like beginning at @block, which nothing runs into? */
static bool looks_like_entry(const struct code_blocks *b, const struct code_block *block)
{
	return is_aligned(b, block->begin) || looks_like_prologue(b, block);
}

/* The block that the call at the end of @block may come back to, or NO_BLOCK. */
static uint32_t comes_back(const struct code_blocks *b, uint32_t block)
{
	const struct code_block *at = &b->blocks[block];
	uint32_t next = at->end_kind == BLOCK_CALLS ? code_blocks_next(b, block) : NO_BLOCK;

	return next != NO_BLOCK && !is_lost(at) && !(b->blocks[next].flags & BLOCK_IS_ENTRY)
		       ? next
		       : NO_BLOCK;
}

/* At a call the stack is aligned (psABI, 3.2.2): a function that lies behind it is no part of it.
 */
static bool is_at_call(int32_t depth)
{
	return depth % CALL_ALIGN == 0;
}

/* From returns upward, so that a function is known before the call above it that has no end. */
static void join_calls_upward(struct code_blocks *b)
{
	for (uint32_t i = b->nr; i-- > 0;) {
		uint32_t next = comes_back(b, i);
		int32_t depth = next == NO_BLOCK ? DEPTH_UNKNOWN : depth_of(b, next);

		if (depth && is_at_call(depth) && !depth_of(b, i))
			join(b, i, next);
		else if (next != NO_BLOCK && !depth && is_aligned(b, b->blocks[next].begin) &&
			 looks_like_prologue(b, &b->blocks[next]))
			anchor(b, next, RETURN_BYTES);
	}
}

/* @is_sure: but where padding follows, as it does behind what never returns; or a loop begins. */
static void join_calls(struct code_blocks *b, bool is_sure)
{
	for (uint32_t i = 0; i < b->nr; i++) {
		uint32_t next = comes_back(b, i);
		int32_t depth = next == NO_BLOCK ? DEPTH_UNKNOWN : depth_of(b, i);

		if (next != NO_BLOCK && is_sure == !padding_at(b, b->blocks[next].begin) &&
		    (!depth || is_at_call(depth + b->blocks[i].grows)))
			join(b, i, next);
	}
}

/*
 * What no return, no call and no address tells: a function that looks like one, or a case of the
 * switch above.
 */
static void guess_rest(struct code_blocks *b)
{
	int32_t above = RETURN_BYTES; /* at the last jump through a register */

	for (uint32_t i = 0; i < b->nr; i++) {
		const struct code_block *at = &b->blocks[i];
		int32_t depth = is_lost(at) ? DEPTH_UNKNOWN : depth_of(b, i);

		if (!depth && !is_lost(at) && at->flags & BLOCK_IS_APART) {
			if (at->flags & BLOCK_IS_BEHIND_PAD || looks_like_entry(b, at))
				anchor(b, i, RETURN_BYTES);
			else
				anchor(b, i, above);
			depth = depth_of(b, i);
		}
		if (at->end_kind == BLOCK_LEAVES && depth)
			above = depth + at->grows;
	}
}

void code_blocks_find_depths(struct code_blocks *b)
{
	for (uint32_t i = 0; i < b->nr; i++) {
		b->blocks[i].parent = i;
		b->blocks[i].more = 0;
		b->blocks[i].depth = 0;
	}
	find_lost(b);
	join_neighbours(b);
	take_returns(b);
	join_jumps(b);
	take_entries(b);
	join_calls_upward(b);
	join_calls(b, true);
	guess_rest(b);
	join_calls(b, false);
	for (uint32_t i = 0; i < b->nr; i++)
		b->blocks[i].found = is_lost(&b->blocks[i]) ? DEPTH_UNKNOWN : depth_of(b, i);
	for (uint32_t i = 0; i < b->nr; i++)
		b->blocks[i].depth = b->blocks[i].found;
}
