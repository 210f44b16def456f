/* SPDX-License-Identifier: MIT */
#include "unwind/x86_code.h"

#include <stdbool.h>
#include <string.h>

#define MAX_LENGTH 15
#define RSP	   4
#define RBP	   5

#define REX_B 1
#define REX_X 2
#define REX_R 4
#define REX_W 8

/* What follows the opcode. */
enum form {
	FORM_NONE = 0,
	FORM_MODRM = 1,
	FORM_IMM8 = 2,
	FORM_IMM_Z = 4, /* 4 bytes, 2 with the operand size prefix */
	FORM_IMM16 = 8,
	FORM_IMM_V = 16,    /* 8 bytes with REX.W, else as Z */
	FORM_ADDRESS8 = 32, /* 8 bytes always */
	FORM_BAD = 128,
};

/* An instruction while it is read. */
struct reader {
	const uint8_t *start;
	const uint8_t *p;
	const uint8_t *end;
	uint8_t rex;
	uint8_t map; /* 0: one byte, 1: 0f, 2: 0f 38, 3: 0f 3a, 8 ... 10: XOP */
	uint8_t opcode;
	uint8_t modrm;
	uint8_t sib;
	bool has_modrm;
	bool is_vector; /* VEX or EVEX: never touches rsp, nor jumps */
	bool is_short;	/* 66 */
	int64_t displacement;
	int64_t immediate;
};

static bool take(struct reader *r, unsigned int size, int64_t *ret_value)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->p) < size)
		return false;
	memcpy(&value, r->p, size);
	r->p += size;
	*ret_value = size && size < 8 ? (int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size)
				      : (int64_t)value;
	return true;
}

static bool take_byte(struct reader *r, uint8_t *ret_byte)
{
	if (r->p == r->end)
		return false;
	*ret_byte = *r->p++;
	return true;
}

/* Legacy prefixes and REX, up to the first byte of the opcode. */
static bool read_prefixes(struct reader *r, uint8_t *ret_byte)
{
	while (take_byte(r, ret_byte)) {
		uint8_t b = *ret_byte;

		if (b == 0x66)
			r->is_short = true;
		if ((b & 0xf0) == 0x40)
			r->rex = b;
		else if (b == 0x66 || b == 0x67 || b == 0xf0 || b == 0xf2 || b == 0xf3 ||
			 b == 0x64 || b == 0x65 || b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e)
			r->rex = 0;
		else
			return true;
	}
	return false;
}

/* The rest of a VEX or EVEX prefix that begins with @first, and the opcode. */
static bool read_vector_prefix(struct reader *r, uint8_t first)
{
	uint8_t more[3] = {0};
	size_t nr = first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3;

	r->is_vector = true;
	for (size_t i = 0; i < nr; i++)
		if (!take_byte(r, &more[i]))
			return false;
	r->map = first == 0xc5 ? 1 : first == 0xc4 ? more[0] & 0x1f : more[0] & 7;
	if (r->map == 5 || r->map == 6)
		r->map = 2; /* half-precision numbers: no immediates, but for few */
	return r->map >= 1 && r->map <= 3 && take_byte(r, &r->opcode);
}

/* AMD's: maps 8 (with an immediate byte), 9 (without) and 10 (with four). */
static bool read_xop_prefix(struct reader *r)
{
	uint8_t map, more;

	if (!take_byte(r, &map) || !take_byte(r, &more))
		return false;
	r->is_vector = true;
	r->map = map & 0x1f;
	return r->map <= 10 && take_byte(r, &r->opcode);
}

static bool read_opcode(struct reader *r)
{
	uint8_t byte;

	if (!read_prefixes(r, &byte))
		return false;
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62)
		return read_vector_prefix(r, byte);
	/* pop has no use for these bits; AMD's XOP has. */
	if (byte == 0x8f && r->p < r->end && (*r->p & 0x1f) >= 8)
		return read_xop_prefix(r);
	r->opcode = byte;
	if (byte != 0x0f)
		return true;
	if (!take_byte(r, &r->opcode))
		return false;
	r->map = 1;
	if (r->opcode != 0x38 && r->opcode != 0x3a)
		return true;
	r->map = r->opcode == 0x38 ? 2 : 3;
	return take_byte(r, &r->opcode);
}

/* By opcode; the groups of the low quarter repeat. */
#define M   FORM_MODRM
#define I8  FORM_IMM8
#define IZ  FORM_IMM_Z
#define I16 FORM_IMM16
#define IV  FORM_IMM_V
#define A8  FORM_ADDRESS8
#define BAD FORM_BAD
static const uint8_t one_byte_forms[256] = {
	[0x00 ... 0x03] = M,
	[0x04] = I8,
	[0x05] = IZ,
	[0x06 ... 0x07] = BAD,
	[0x08 ... 0x0b] = M,
	[0x0c] = I8,
	[0x0d] = IZ,
	[0x0e ... 0x0f] = BAD,
	[0x10 ... 0x13] = M,
	[0x14] = I8,
	[0x15] = IZ,
	[0x16 ... 0x17] = BAD,
	[0x18 ... 0x1b] = M,
	[0x1c] = I8,
	[0x1d] = IZ,
	[0x1e ... 0x1f] = BAD,
	[0x20 ... 0x23] = M,
	[0x24] = I8,
	[0x25] = IZ,
	[0x26 ... 0x27] = BAD,
	[0x28 ... 0x2b] = M,
	[0x2c] = I8,
	[0x2d] = IZ,
	[0x2e ... 0x2f] = BAD,
	[0x30 ... 0x33] = M,
	[0x34] = I8,
	[0x35] = IZ,
	[0x36 ... 0x37] = BAD,
	[0x38 ... 0x3b] = M,
	[0x3c] = I8,
	[0x3d] = IZ,
	[0x3e ... 0x3f] = BAD,
	[0x60 ... 0x61] = BAD,
	[0x63] = M,
	[0x68] = IZ,
	[0x69] = M | IZ,
	[0x6a] = I8,
	[0x6b] = M | I8,
	[0x70 ... 0x7f] = I8,
	[0x80] = M | I8,
	[0x81] = M | IZ,
	[0x82] = BAD,
	[0x83] = M | I8,
	[0x84 ... 0x8f] = M,
	[0x9a] = BAD,
	[0xa0 ... 0xa3] = A8,
	[0xa8] = I8,
	[0xa9] = IZ,
	[0xb0 ... 0xb7] = I8,
	[0xb8 ... 0xbf] = IV,
	[0xc0 ... 0xc1] = M | I8,
	[0xc2] = I16,
	[0xc6] = M | I8,
	[0xc7] = M | IZ,
	[0xc8] = I16 | I8,
	[0xca] = I16,
	[0xcd] = I8,
	[0xce] = BAD,
	[0xd0 ... 0xd3] = M,
	[0xd4 ... 0xd6] = BAD,
	[0xd8 ... 0xdf] = M,
	[0xe0 ... 0xe7] = I8,
	[0xe8 ... 0xe9] = IZ,
	[0xea] = BAD,
	[0xeb] = I8,
	[0xf6 ... 0xf7] = M,
	[0xfe ... 0xff] = M,
};

static const uint8_t two_byte_forms[256] = {
	[0x00 ... 0x03] = M,
	[0x04] = BAD,
	[0x0a] = BAD,
	[0x0c] = BAD,
	[0x0d] = M,
	[0x0f] = BAD,
	[0x10 ... 0x23] = M,
	[0x24 ... 0x27] = BAD,
	[0x28 ... 0x2f] = M,
	[0x36] = BAD,
	[0x38] = M,
	[0x39] = BAD,
	[0x3a] = M,
	[0x3b ... 0x3f] = BAD,
	[0x40 ... 0x6f] = M,
	[0x70 ... 0x73] = M | I8,
	[0x74 ... 0x76] = M,
	[0x78 ... 0x7f] = M,
	[0x80 ... 0x8f] = IZ,
	[0x90 ... 0x9f] = M,
	[0xa3] = M,
	[0xa4] = M | I8,
	[0xa5 ... 0xa7] = M,
	[0xab] = M,
	[0xac] = M | I8,
	[0xad ... 0xb9] = M,
	[0xba] = M | I8,
	[0xbb ... 0xc1] = M,
	[0xc2] = M | I8,
	[0xc3] = M,
	[0xc4 ... 0xc6] = M | I8,
	[0xc7] = M,
	[0xd0 ... 0xff] = M,
};

#undef M
#undef I8
#undef IZ
#undef I16
#undef IV
#undef A8
#undef BAD

static unsigned int form_of(const struct reader *r)
{
	switch (r->map) {
	case 0:
		return one_byte_forms[r->opcode];
	case 1:
		return two_byte_forms[r->opcode];
	case 2:
	case 9:
		return FORM_MODRM;
	case 10:
		return FORM_MODRM | FORM_IMM_Z;
	default:
		return FORM_MODRM | FORM_IMM8;
	}
}

static bool read_modrm(struct reader *r)
{
	unsigned int mode, rm;

	if (!take_byte(r, &r->modrm))
		return false;
	r->has_modrm = true;
	mode = r->modrm >> 6;
	rm = r->modrm & 7;
	if (mode == 3)
		return true;
	if (rm == 4 && !take_byte(r, &r->sib))
		return false;
	if (mode == 1)
		return take(r, 1, &r->displacement);
	if (mode == 2 || rm == 5 || (rm == 4 && (r->sib & 7) == 5))
		return take(r, 4, &r->displacement);
	return true;
}

static bool read_immediates(struct reader *r, unsigned int form)
{
	unsigned int reg = r->modrm >> 3 & 7;
	bool is_test = r->map == 0 && (r->opcode == 0xf6 || r->opcode == 0xf7) && reg < 2;
	bool is_jump = (r->map == 0 && (r->opcode == 0xe8 || r->opcode == 0xe9)) ||
		       (r->map == 1 && r->opcode >= 0x80 && r->opcode <= 0x8f);
	unsigned int z = r->is_short && !(r->rex & REX_W) && !is_jump ? 2 : 4;
	int64_t ignored;

	if (form & FORM_IMM16 && !take(r, 2, &r->immediate))
		return false;
	if (form & FORM_IMM8 && !take(r, 1, form & FORM_IMM16 ? &ignored : &r->immediate))
		return false;
	if (form & FORM_IMM_Z && !take(r, z, &r->immediate))
		return false;
	if (form & FORM_IMM_V && !take(r, r->rex & REX_W ? 8 : z, &r->immediate))
		return false;
	if (form & FORM_ADDRESS8 && !take(r, 8, &r->immediate))
		return false;
	return !is_test || take(r, r->opcode == 0xf6 ? 1 : z, &r->immediate);
}

/* The register in the reg field, and that in the r/m field if it is one (else 16). */
static unsigned int reg_field(const struct reader *r)
{
	return (r->modrm >> 3 & 7) | (r->rex & REX_R ? 8 : 0);
}

static unsigned int rm_field(const struct reader *r)
{
	return r->modrm >> 6 == 3 ? (r->modrm & 7u) | (r->rex & REX_B ? 8 : 0) : 16;
}

static struct x86_insn insn(enum x86_kind kind, int64_t value)
{
	return (struct x86_insn){.kind = kind, .reg = X86_NO_REG, .value = value};
}

static struct x86_insn insn_reg(enum x86_kind kind, unsigned int reg, int64_t value)
{
	return (struct x86_insn){.kind = kind, .reg = (uint8_t)reg, .value = value};
}

/* 80 ... 83 /n: immediate arithmetic. */
static struct x86_insn group_1(const struct reader *r)
{
	unsigned int operation = r->modrm >> 3 & 7;

	if (rm_field(r) != RSP || r->opcode == 0x80 || operation == 7)
		return insn(X86_OTHER, 0);
	if (!(r->rex & REX_W) || (operation != 0 && operation != 5))
		return insn(X86_LOSE_RSP, 0);
	return insn(X86_MOVE_RSP, operation == 0 ? r->immediate : -r->immediate);
}

/* lea: of rsp or rbp plus a constant, or of anything. */
static struct x86_insn load_address(const struct reader *r)
{
	unsigned int mode = r->modrm >> 6, rm = r->modrm & 7;
	const uint8_t *sib = r->p - (mode == 1 ? 2 : mode == 2 ? 5 : 1);

	if (reg_field(r) == RBP && rm == 4 && mode == 0 && *sib == 0x24 && !(r->rex & REX_B))
		return insn(X86_RBP_FROM_RSP, 0);
	if (reg_field(r) != RSP && rm == 4 && mode == 1 && *sib == 0x24 &&
	    (r->rex & (REX_W | REX_B)) == REX_W)
		return insn_reg(X86_REG_FROM_RSP, reg_field(r), r->displacement);
	if (reg_field(r) != RSP)
		return mode == 0 && rm == 5 ? insn(X86_ADDRESS, r->displacement)
					    : insn(X86_OTHER, 0);
	if (!(r->rex & REX_W) || r->rex & REX_X || mode == 0)
		return insn(X86_LOSE_RSP, 0);
	if (rm != 4 && mode != 3 && (rm != RBP || r->rex & REX_B))
		return insn_reg(X86_RSP_FROM_REG, rm | (r->rex & REX_B ? 8 : 0), r->displacement);
	if (r->rex & REX_B)
		return insn(X86_LOSE_RSP, 0);
	if (rm == RBP)
		return insn(X86_RSP_FROM_RBP, r->displacement);
	if (rm == 4 && *sib == 0x24)
		return insn(X86_MOVE_RSP, r->displacement);
	return insn(X86_LOSE_RSP, 0);
}

/* mov between registers, in both of its spellings. */
static struct x86_insn move(const struct reader *r)
{
	unsigned int to = r->opcode == 0x89 ? rm_field(r) : reg_field(r);
	unsigned int from = r->opcode == 0x89 ? reg_field(r) : rm_field(r);

	if (to == RBP && from == RSP && r->rex & REX_W)
		return insn(X86_RBP_FROM_RSP, 0);
	if (to != RSP)
		return insn(X86_OTHER, 0);
	if (from == RBP && r->rex & REX_W)
		return insn(X86_RSP_FROM_RBP, 0);
	return insn(X86_LOSE_RSP, 0);
}

/* fe, ff and 8f: what is done to memory or a register. */
static struct x86_insn group_5(const struct reader *r)
{
	unsigned int operation = r->modrm >> 3 & 7;

	if (r->opcode == 0x8f)
		return insn(X86_MOVE_RSP, 8);
	if (r->opcode != 0xff)
		return insn(X86_OTHER, 0);
	switch (operation) {
	case 2:
	case 3:
		return insn(X86_CALL, 0);
	case 4:
	case 5:
		return insn(X86_JUMP_AWAY, 0);
	case 6:
		return insn(X86_MOVE_RSP, -8);
	default:
		return insn(rm_field(r) == RSP ? X86_LOSE_RSP : X86_OTHER, 0);
	}
}

static struct x86_insn push_or_pop(const struct reader *r)
{
	unsigned int reg = (r->opcode & 7) | (r->rex & REX_B ? 8 : 0);

	if (r->opcode < 0x58)
		return insn_reg(reg == RBP ? X86_PUSH_RBP : X86_MOVE_RSP, reg, -8);
	if (reg == RSP)
		return insn(X86_LOSE_RSP, 0);
	return insn(reg == RBP ? X86_POP_RBP : X86_MOVE_RSP, 8);
}

/* Arithmetic with two operands, one of which may be rsp. */
static bool writes_rsp(const struct reader *r)
{
	if (!r->has_modrm)
		return false;
	if (r->opcode < 0x38 && (r->opcode & 7) < 4) /* 38 ... 3b compare */
		return (r->opcode & 2 ? reg_field(r) : rm_field(r)) == RSP && r->opcode & 1;
	if (r->opcode == 0x87)
		return reg_field(r) == RSP || rm_field(r) == RSP;
	if (r->opcode == 0x63 || r->opcode == 0x69 || r->opcode == 0x6b)
		return reg_field(r) == RSP;
	return (r->opcode == 0xc1 || r->opcode == 0xc7 || r->opcode == 0xd1 || r->opcode == 0xd3 ||
		(r->opcode == 0xf7 && (r->modrm >> 3 & 7) >= 2)) &&
	       rm_field(r) == RSP;
}

static struct x86_insn meaning_one_byte(const struct reader *r)
{
	uint8_t op = r->opcode;

	if (op >= 0x50 && op <= 0x5f)
		return push_or_pop(r);
	if ((op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3))
		return insn(X86_BRANCH, r->immediate);
	switch (op) {
	case 0x68:
	case 0x6a:
	case 0x9c:
		return insn(X86_MOVE_RSP, -8);
	case 0x9d:
		return insn(X86_MOVE_RSP, 8);
	case 0x80 ... 0x83:
		return group_1(r);
	case 0x89:
	case 0x8b:
		return move(r);
	case 0x8d:
		return load_address(r);
	case 0x8f:
	case 0xfe:
	case 0xff:
		return group_5(r);
	case 0xc2:
	case 0xc3:
	case 0xca:
	case 0xcb:
	case 0xcf:
		return insn(X86_RETURN, 0);
	case 0xc8:
		return insn(X86_LOSE_RSP, 0);
	case 0xc9:
		return insn(X86_LEAVE, 0);
	case 0xcc:
	case 0xf4:
		return insn(X86_TRAP, 0);
	case 0xe8:
		return insn(X86_CALL, r->immediate);
	case 0xe9:
	case 0xeb:
		return insn(X86_JUMP, r->immediate);
	case 0x31:
	case 0x33:
		if (r->modrm == 0xed && !(r->rex & (REX_R | REX_B)))
			return insn(X86_CLEAR_RBP, 0);
		break;
	default:
		break;
	}
	return insn(writes_rsp(r) ? X86_LOSE_RSP : X86_OTHER, 0);
}

static struct x86_insn meaning(const struct reader *r)
{
	if (r->is_vector || r->map >= 2)
		return insn(X86_OTHER, 0);
	if (r->map == 0)
		return meaning_one_byte(r);
	if (r->opcode >= 0x80 && r->opcode <= 0x8f)
		return insn(X86_BRANCH, r->immediate);
	if (r->opcode == 0x0b)
		return insn(X86_TRAP, 0);
	if (r->opcode == 0xa0 || r->opcode == 0xa8)
		return insn(X86_MOVE_RSP, -8);
	if (r->opcode == 0xa1 || r->opcode == 0xa9)
		return insn(X86_MOVE_RSP, 8);
	/* cmov */
	if (r->opcode >= 0x40 && r->opcode <= 0x4f && reg_field(r) == RSP)
		return insn(X86_LOSE_RSP, 0);
	return insn(X86_OTHER, 0);
}

static void set_place(const struct reader *r, struct x86_insn *result)
{
	if (!r->has_modrm || r->modrm >> 6 != 0)
		return;
	if ((r->modrm & 7) == 5)
		result->place_kind = X86_PLACE_RELATIVE;
	else if ((r->modrm & 7) == 4 && (r->sib & 7) == 5 && (r->sib & 0x38) != 0x20)
		result->place_kind = X86_PLACE_TABLE;
	else
		return;
	result->place = r->displacement;
}

struct x86_insn x86_decode(const uint8_t *code, size_t size)
{
	struct reader r = {
		.start = code, .p = code, .end = code + (size < MAX_LENGTH ? size : MAX_LENGTH)};
	struct x86_insn result = {.kind = X86_BAD};
	unsigned int form;

	if (!read_opcode(&r))
		return result;
	form = form_of(&r);
	if (r.is_vector && r.map == 1 && r.opcode == 0x77)
		form = FORM_NONE;
	if (form & FORM_BAD || (form & FORM_MODRM && !read_modrm(&r)) || !read_immediates(&r, form))
		return result;
	result = meaning(&r);
	set_place(&r, &result);
	result.length = (unsigned int)(r.p - r.start);
	return result;
}
