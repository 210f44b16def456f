/* SPDX-License-Identifier: MIT */
#include "loader/instruction_starts.h"

#include "common/alloc.h"
#include "unwind/x86_code.h"

#include <string.h>

#define MAX_TABLE_ENTRIES 65536

/* What is known of a byte. */
enum mark {
	MARK_START = 1,	 /* an instruction begins here */
	MARK_INSIDE = 2, /* one goes on here */
	MARK_DATA = 4,	 /* an instruction reads or writes here */
	MARK_QUEUED = 8,
};

struct instruction_starts {
	struct instruction_code code;
	uint8_t *marks;
	uint32_t *queue; /* where control comes to, still to be followed */
	size_t nr_queued, cap_queued;
	bool doubtful;
};

/* Of a stretch of code that is followed: what a jump at its end may go through. */
struct run {
	uint64_t table;	   /* vaddr; 0: none */
	bool is_relative;  /* it may be of 32-bit distances from itself, too */
	uint64_t constant; /* an index was compared with, or masked by; UINT64_MAX: none */
	uint64_t nr;	   /* entries, by that */
};

static void enter(struct instruction_starts *starts, int64_t pos)
{
	if (pos < 0 || pos >= starts->code.size || starts->marks[pos] & MARK_QUEUED)
		return;
	starts->marks[pos] |= MARK_QUEUED;
	GROW_ARRAY(starts->queue, starts->nr_queued, starts->cap_queued);
	starts->queue[starts->nr_queued++] = (uint32_t)pos;
}

/* What compilers do not emit for programs: in, out, ins, outs, cli, sti, iret, and two zeros. */
static bool is_doubtful(const uint8_t *code, size_t size)
{
	static const uint8_t odd[] = {0x6c, 0x6d, 0x6e, 0x6f, 0xe4, 0xe5, 0xe6, 0xe7, 0xec,
				      0xed, 0xee, 0xef, 0xf1, 0xfa, 0xfb, 0xcf, 0xce};

	return memchr(odd, code[0], sizeof(odd)) || (size > 1 && !code[0] && !code[1]);
}

static void note_place(struct instruction_starts *starts, const struct x86_insn *insn,
		       uint32_t next, struct run *run)
{
	uint64_t vaddr = starts->code.vaddr;
	bool is_relative = insn->place_kind == X86_PLACE_RELATIVE;
	uint64_t place = is_relative ? vaddr + next + (uint64_t)insn->place : (uint64_t)insn->place;

	if (insn->place_kind == X86_PLACE_NONE)
		return;
	if (place - vaddr < starts->code.size)
		starts->marks[place - vaddr] |= MARK_DATA;
	if (is_relative && insn->kind != X86_ADDRESS)
		return;
	run->table = place;
	run->is_relative = is_relative;
}

/* The constant of a cmp (its operation is 7) or an and (4), whatever the register. */
static bool read_constant(const uint8_t *code, size_t size, unsigned int operation,
			  uint64_t *ret_constant)
{
	size_t at = 0, len;
	int32_t wide;

	while (at < size && (code[at] == 0x66 || (code[at] & 0xf0) == 0x40))
		at++;
	if (at + 1 >= size)
		return false;
	if (code[at] == (operation << 3 | 4)) {
		*ret_constant = code[at + 1];
		return true;
	}
	len = code[at] == (operation << 3 | 5) || code[at] == 0x81 ? sizeof(wide) : 1;
	if (code[at] >= 0x80 && code[at] <= 0x83 && (code[at + 1] >> 3 & 7) != operation)
		return false;
	if ((code[at] < 0x80 || code[at] > 0x83) && code[at] != (operation << 3 | 5))
		return false;
	if (size < len)
		return false;
	/* Last of the instruction, wherever its operand ends. */
	if (len == 1) {
		*ret_constant = code[size - 1];
		return true;
	}
	memcpy(&wide, code + size - len, sizeof(wide));
	*ret_constant = (uint32_t)wide;
	return true;
}

/* How many entries the table of a jump has: by the check of the index before it. */
static void note_bound(const uint8_t *code, const struct x86_insn *insn, struct run *run)
{
	uint64_t constant;

	if (read_constant(code, insn->length, 7, &constant)) {
		run->constant = constant;
	} else if (read_constant(code, insn->length, 4, &constant)) {
		run->nr = constant + 1;
	} else if (insn->kind == X86_BRANCH && run->constant != UINT64_MAX) {
		uint8_t condition = code[0] == 0x0f ? code[1] & 0x0f : code[0] & 0x0f;

		if (condition == 7) /* above */
			run->nr = run->constant + 1;
		else if (condition == 3) /* above or equal */
			run->nr = run->constant;
		run->constant = UINT64_MAX;
	}
}

static void mark_instruction(struct instruction_starts *starts, uint32_t pos, uint32_t next)
{
	starts->marks[pos] |= MARK_START;
	for (uint32_t i = pos + 1; i < next; i++)
		starts->marks[i] |= MARK_INSIDE;
}

/* May control come to @pos, by what is known so far? */
static bool may_begin(const struct instruction_starts *starts, uint64_t pos)
{
	unsigned int marks = starts->marks[pos];

	return !(marks & MARK_INSIDE) && (marks & MARK_START || !(marks & MARK_DATA));
}

/* Enters by every entry of a jump table, if they all lead into the function. */
static bool try_table(struct instruction_starts *starts, uint64_t table, uint64_t nr,
		      bool is_relative)
{
	const struct instruction_code *code = &starts->code;
	size_t size = is_relative ? sizeof(int32_t) : sizeof(uint64_t);

	for (uint64_t i = 0; i < 2 * nr; i++) {
		uint64_t target = 0;

		if (!code->read(code->arg, table + i % nr * size, &target, size))
			return false;
		if (is_relative)
			target = table + (uint64_t)(int64_t)(int32_t)target;
		target -= code->vaddr;
		/* The first time round they are but looked at. */
		if (i >= nr)
			enter(starts, (int64_t)target);
		else if (target < code->size && !may_begin(starts, target))
			return false;
	}
	return true;
}

static void try_run(struct instruction_starts *starts, const struct run *run)
{
	if (!starts->code.read || !run->table || !run->nr || run->nr > MAX_TABLE_ENTRIES)
		return;
	if (!run->is_relative || !try_table(starts, run->table, run->nr, true))
		try_table(starts, run->table, run->nr, false);
}

/* Follows straight on from @pos to where control leaves or is known already. */
static void follow(struct instruction_starts *starts, uint32_t pos)
{
	const struct instruction_code *code = &starts->code;
	struct run run = {.constant = UINT64_MAX};

	while (pos < code->size && !(starts->marks[pos] & MARK_START)) {
		struct x86_insn insn = x86_decode(code->bytes + pos, code->size - pos);
		uint32_t next = pos + insn.length;
		int64_t target = (int64_t)next + insn.value;

		if (insn.kind == X86_BAD) {
			starts->doubtful = true;
			return;
		}
		if (is_doubtful(code->bytes + pos, code->size - pos))
			starts->doubtful = true;
		mark_instruction(starts, pos, next);
		note_place(starts, &insn, next, &run);
		note_bound(code->bytes + pos, &insn, &run);
		if (insn.kind == X86_BRANCH || insn.kind == X86_JUMP)
			enter(starts, target);
		/* A call over what follows is one for its address: of data, as likely as not. */
		if (insn.kind == X86_CALL && insn.value > 0 && target < code->size) {
			enter(starts, target);
			return;
		}
		if (insn.kind == X86_JUMP_AWAY)
			try_run(starts, &run);
		if (insn.kind == X86_JUMP || insn.kind == X86_JUMP_AWAY ||
		    insn.kind == X86_RETURN || insn.kind == X86_TRAP)
			return;
		pos = next;
	}
}

static void follow_all(struct instruction_starts *starts)
{
	enter(starts, 0);
	while (starts->nr_queued)
		follow(starts, starts->queue[--starts->nr_queued]);
}

static bool is_padding(const uint8_t *code, const struct x86_insn *insn)
{
	static const uint8_t prefixes[] = {0x66, 0x2e, 0x48};
	unsigned int i = 0;

	while (i < insn->length && memchr(prefixes, code[i], sizeof(prefixes)))
		i++;
	if (i == insn->length)
		return false;
	if (code[i] == 0x90 || code[i] == 0xcc)
		return i + 1 == insn->length;
	return code[i] == 0x0f && i + 1 < insn->length && code[i + 1] == 0x1f;
}

static bool leads_somewhere(const struct instruction_starts *starts, const struct x86_insn *insn,
			    uint32_t pos)
{
	int64_t target = (int64_t)pos + insn->length + insn->value;

	if (insn->kind != X86_BRANCH && insn->kind != X86_JUMP)
		return true;
	return target < 0 || target >= starts->code.size || may_begin(starts, (uint64_t)target);
}

/*
 * Is what lies between @begin and @end, which nothing reaches, code all the same: landing pads,
 * targets of computed jumps?  It has to decode to its very end, to leave for places that can be
 * left for, and nothing may refer to it as memory.
 */
static bool is_code(const struct instruction_starts *starts, uint32_t begin, uint32_t end)
{
	const struct instruction_code *code = &starts->code;
	bool has_left = false;

	for (uint32_t pos = begin; pos < end;) {
		struct x86_insn insn = x86_decode(code->bytes + pos, end - pos);

		if (insn.kind == X86_BAD || is_doubtful(code->bytes + pos, end - pos) ||
		    !leads_somewhere(starts, &insn, pos))
			return false;
		for (uint32_t i = pos; i < pos + insn.length; i++)
			if (starts->marks[i] & MARK_DATA)
				return false;
		if (!is_padding(code->bytes + pos, &insn))
			has_left = insn.kind == X86_JUMP || insn.kind == X86_JUMP_AWAY ||
				   insn.kind == X86_RETURN || insn.kind == X86_TRAP ||
				   insn.kind == X86_CALL;
		pos += insn.length;
	}
	return has_left;
}

/* Now also that the jumps within it go to instructions of it; if not, nothing is known of it. */
static void mark_unreached(struct instruction_starts *starts, uint32_t begin, uint32_t end)
{
	struct x86_insn insn;

	for (uint32_t pos = begin; pos < end; pos += insn.length) {
		insn = x86_decode(starts->code.bytes + pos, end - pos);
		mark_instruction(starts, pos, pos + insn.length);
	}
	for (uint32_t pos = begin; pos < end; pos += insn.length) {
		insn = x86_decode(starts->code.bytes + pos, end - pos);
		if (leads_somewhere(starts, &insn, pos))
			continue;
		memset(starts->marks + begin, 0, end - begin);
		return;
	}
}

static void judge_unreached(struct instruction_starts *starts)
{
	uint32_t size = starts->code.size, end;

	for (uint32_t begin = 0; begin < size; begin = end) {
		end = begin + 1;
		if (starts->marks[begin] & (MARK_START | MARK_INSIDE))
			continue;
		while (end < size && !(starts->marks[end] & (MARK_START | MARK_INSIDE)))
			end++;
		if (is_code(starts, begin, end))
			mark_unreached(starts, begin, end);
	}
}

struct instruction_starts *instruction_starts_new(const struct instruction_code *code)
{
	struct instruction_starts *starts = xcalloc(1, sizeof(*starts));

	starts->code = *code;
	if (code->size > INSTRUCTION_STARTS_MAX)
		starts->code.size = INSTRUCTION_STARTS_MAX;
	starts->marks = xcalloc((size_t)starts->code.size + 1, 1);
	follow_all(starts);
	if (code->is_whole && !starts->doubtful)
		judge_unreached(starts);
	starts->code.bytes = NULL;
	free(starts->queue);
	starts->queue = NULL;
	return starts;
}

void instruction_starts_free(struct instruction_starts *starts)
{
	if (!starts)
		return;
	free(starts->marks);
	free(starts);
}

bool instruction_starts_at(const struct instruction_starts *starts, uint64_t off)
{
	return off < starts->code.size &&
	       (starts->marks[off] & (MARK_START | MARK_INSIDE)) == MARK_START;
}

bool instruction_starts_inside(const struct instruction_starts *starts, uint64_t off)
{
	return off < starts->code.size && starts->marks[off] & MARK_INSIDE;
}

bool instruction_starts_before(const struct instruction_starts *starts, uint64_t off,
			       uint64_t *ret_off)
{
	if (off > starts->code.size)
		off = starts->code.size;
	while (off-- > 0) {
		if (instruction_starts_at(starts, off)) {
			*ret_off = off;
			return true;
		}
	}
	return false;
}

bool instruction_starts_behind(const struct instruction_starts *starts, uint64_t off,
			       uint64_t *ret_off)
{
	while (++off < starts->code.size) {
		if (instruction_starts_at(starts, off)) {
			*ret_off = off;
			return true;
		}
	}
	return false;
}

bool instruction_starts_doubtful(const struct instruction_starts *starts)
{
	return starts->doubtful;
}
