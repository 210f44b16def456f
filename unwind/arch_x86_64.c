/* SPDX-License-Identifier: MIT */
#include "unwind/arch_x86_64.h"

#include <emmintrin.h>
#include <string.h>

/* mov $15,%rax; syscall (glibc, musl) and the shorter mov $15,%eax; syscall (other libcs). */
static const uint8_t trampoline_rax[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
static const uint8_t trampoline_eax[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
_Static_assert(sizeof(trampoline_rax) <= ARCH_MAX_TRAMPOLINE, "the longest one");

static void none(struct unwind_rule *rule, int32_t reason)
{
	*rule = (struct unwind_rule){.cfa_kind = CFA_NONE, .x = reason};
}

/* CFA part of the rule.  @ret_uses_x: x is taken. */
static bool put_cfa(uint64_t cfa, struct unwind_rule *rule, bool *ret_uses_x)
{
	enum cfa_kind kind = cfi_cfa_kind(cfa);
	int32_t aux = cfi_cfa_aux(cfa);

	*ret_uses_x = false;
	rule->cfa_off = cfi_cfa_off(cfa);
	switch (kind) {
	case CFA_REG:
		if (aux == DW_REG_RSP) {
			rule->cfa_kind = CFA_RSP;
		} else if (aux == DW_REG_RBP) {
			rule->cfa_kind = CFA_RBP;
		} else if (aux < 0 || aux >= DW_REG_RA) {
			none(rule, NONE_CFA_REGISTER);
			return false;
		} else {
			rule->cfa_kind = CFA_REG;
			rule->x = aux;
			*ret_uses_x = true;
		}
		return true;
	case CFA_DEREF_RSP:
	case CFA_DEREF_RBP:
	case CFA_RBP_RA:
		rule->x = aux;
		*ret_uses_x = true;
		break;
	case CFA_NONE:
		none(rule, aux);
		return false;
	default:
		break;
	}
	rule->cfa_kind = (uint8_t)kind;
	return true;
}

static bool put_rbp(uint64_t regs, struct unwind_rule *rule, bool *uses_x)
{
	static const uint8_t kinds[] = {
		[RBP_STATE_SAME] = RBP_SAME,	       [RBP_STATE_SAVED] = RBP_CFA,
		[RBP_STATE_DEREF_RBP] = RBP_DEREF_RBP, [RBP_STATE_DEREF_RSP] = RBP_DEREF_RSP,
		[RBP_STATE_REALIGN] = RBP_REALIGN,     [RBP_STATE_REGISTER] = RBP_REG,
		[RBP_STATE_UNDEFINED] = RBP_UNDEFINED,
	};
	enum rbp_state kind = cfi_rbp_kind(regs);
	int32_t value = cfi_rbp_value(regs);

	if (kind == RBP_STATE_NONE) {
		none(rule, value);
		return false;
	}
	rule->rbp_kind = kinds[kind];
	if (kind == RBP_STATE_REGISTER) {
		if (*uses_x) {
			none(rule, NONE_COMBINATION);
			return false;
		}
		*uses_x = true;
		rule->x = value;
	} else {
		rule->rbp_off8 = (int16_t)(value / 8);
	}
	return true;
}

/* A rule that has no room for where RBX is saved says that it is lost. */
static void put_rbx(uint8_t rbx, struct unwind_rule *rule, bool uses_x)
{
	if (rbx == RBX_STATE_SAME) {
		rule->flags |= RULE_RBX_KEPT;
	} else if (rbx > RBX_STATE_SAVED && !uses_x) {
		rule->flags |= RULE_RBX_SAVED;
		rule->x = -8 * (rbx - RBX_STATE_SAVED);
	}
}

/*
 * The outermost frame keeps what its CFA would have been, for people: nothing is walked by it.
 * x is the register, or -1 for a CFA of another form.
 */
static void put_stop(uint64_t cfa, struct unwind_rule *rule)
{
	bool is_reg = cfi_cfa_kind(cfa) == CFA_REG;

	*rule = (struct unwind_rule){.cfa_kind = CFA_STOP,
				     .cfa_off = is_reg ? cfi_cfa_off(cfa) : 0,
				     .x = is_reg ? cfi_cfa_aux(cfa) : -1};
}

void arch_plain_rule(const struct cfi_state *state, struct unwind_rule *ret_rule)
{
	enum ra_state ra = cfi_ra_kind(state->regs);
	bool uses_x;

	memset(ret_rule, 0, sizeof(*ret_rule));
	if (cfi_cfa_kind(state->cfa) == CFA_SIGNAL) {
		ret_rule->cfa_kind = CFA_SIGNAL;
		return;
	}
	/* Damaged CFI says nothing about the return address either. */
	if (ra == RA_STATE_UNDEFINED &&
	    (cfi_cfa_kind(state->cfa) != CFA_NONE || cfi_cfa_aux(state->cfa) != NONE_BAD_CFI)) {
		put_stop(state->cfa, ret_rule);
		return;
	}
	if (!put_cfa(state->cfa, ret_rule, &uses_x) || !put_rbp(state->regs, ret_rule, &uses_x))
		return;
	if (ra == RA_STATE_REGISTER) {
		if (uses_x) {
			none(ret_rule, NONE_COMBINATION);
			return;
		}
		ret_rule->flags |= RULE_RA_REGISTER;
		ret_rule->x = cfi_ra_register(state->regs);
	} else if (ra != RA_STATE_SAVED) {
		none(ret_rule, NONE_RA_RULE);
	} else {
		if (cfi_is_derived(state->regs))
			ret_rule->flags |= RULE_DERIVED;
		put_rbx(cfi_rbx(state->regs), ret_rule, uses_x);
	}
}

size_t arch_signal_trampoline(const uint8_t *code, size_t size)
{
	if (size >= sizeof(trampoline_rax) &&
	    memcmp(code, trampoline_rax, sizeof(trampoline_rax)) == 0)
		return sizeof(trampoline_rax);
	if (size >= sizeof(trampoline_eax) &&
	    memcmp(code, trampoline_eax, sizeof(trampoline_eax)) == 0)
		return sizeof(trampoline_eax);
	return 0;
}

/*
 * Position of the next two bytes @pair from @pos on, or @size.  One byte at a time (or by memmem(),
 * which is no quicker) this would be the slowest step of reading an object.
 */
static size_t find_pair(const uint8_t *code, size_t size, size_t pos, const uint8_t pair[2])
{
	const __m128i first = _mm_set1_epi8((char)pair[0]), second = _mm_set1_epi8((char)pair[1]);

	for (; size - pos >= 17; pos += 16) {
		__m128i a = _mm_loadu_si128((const __m128i *)(const void *)(code + pos));
		__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(code + pos + 1));
		int mask = _mm_movemask_epi8(
			_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, second)));

		if (mask)
			return pos + (size_t)__builtin_ctz((unsigned int)mask);
	}
	for (; size - pos >= 2; pos++)
		if (code[pos] == pair[0] && code[pos + 1] == pair[1])
			return pos;
	return size;
}

static size_t find_syscall(const uint8_t *code, size_t size, size_t pos)
{
	static const uint8_t syscall[] = {0x0f, 0x05};

	return find_pair(code, size, pos, syscall);
}

ptrdiff_t arch_find_signal_trampoline(const uint8_t *code, size_t size)
{
	static const size_t lengths[] = {sizeof(trampoline_rax), sizeof(trampoline_eax)};

	if (size < 2)
		return -1;
	for (size_t pos = 0;; pos += 2) {
		pos = find_syscall(code, size, pos);
		if (pos == size)
			return -1;
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			size_t skip = lengths[i] - 2;

			if (pos >= skip &&
			    arch_signal_trampoline(code + pos - skip, lengths[i]) == lengths[i])
				return (ptrdiff_t)(pos - skip);
		}
	}
}

ptrdiff_t arch_find_musl_thread(const uint8_t *code, size_t size)
{
	static const uint8_t start[ARCH_THREAD_START] = {0x31, 0xed, 0x5f, 0x41, 0xff,
							 0xd1, 0x89, 0xc7, 0x31, 0xc0,
							 0xb0, 0x3c, 0x0f, 0x05, 0xf4};
	const uint8_t *found = memmem(code, size, start, sizeof(start));

	return found ? found - code : -1;
}

/* syscall; test %rax,%rax; jl error; je 1f; ret; 1: xor %ebp,%ebp */
static bool is_glibc_clone(const uint8_t *at, size_t size)
{
	return size >= 12 && at[2] == 0x48 && at[3] == 0x85 && at[4] == 0xc0 && at[5] == 0x7c &&
	       at[7] == 0x74 && at[8] == 0x01 && at[9] == 0xc3 && at[10] == 0x31 && at[11] == 0xed;
}

/* syscall; test %eax,%eax; jne parent; xor %ebp,%ebp */
static bool is_musl_clone(const uint8_t *at, size_t size)
{
	return size >= 8 && at[2] == 0x85 && at[3] == 0xc0 && at[4] == 0x75 && at[6] == 0x31 &&
	       at[7] == 0xed;
}

bool arch_find_clone(const uint8_t *code, size_t size, struct arch_clone *ret_found)
{
	for (size_t pos = 0; (pos = find_syscall(code, size, pos)) < size; pos += 2) {
		bool is_glibc = is_glibc_clone(code + pos, size - pos);

		if (!is_glibc && !is_musl_clone(code + pos, size - pos))
			continue;
		ret_found->begin = (uint32_t)pos + 2;
		ret_found->end = ret_found->begin + (is_glibc ? 8 : 4);
		return true;
	}
	return false;
}

/*
 * At @code, what a retpoline's call goes to: lea 8(%rsp),%rsp; ret (in place of a return) or
 * mov %reg,(%rsp); ret (of an indirect jump).  Lengths of the two; 0: it is neither.
 */
static unsigned int retpoline_tail(const uint8_t *code, size_t size, bool *ret_is_return)
{
	static const uint8_t drop[] = {0x48, 0x8d, 0x64, 0x24, 0x08, 0xc3};

	*ret_is_return = size >= sizeof(drop) && memcmp(code, drop, sizeof(drop)) == 0;
	if (*ret_is_return)
		return 5;
	return size >= 5 && (code[0] & 0xfb) == 0x48 && code[1] == 0x89 &&
			       (code[2] & 0xc7) == 0x04 && code[3] == 0x24 && code[4] == 0xc3
		       ? 4
		       : 0;
}

bool arch_find_retpoline(const uint8_t *code, size_t size, struct arch_retpoline *ret_found)
{
	/* 1: pause; lfence; jmp 1b: where wrong guesses are caught.  A call stands in front. */
	static const uint8_t trap[] = {0xf3, 0x90, 0x0f, 0xae, 0xe8, 0xeb, 0xf9};

	for (size_t pos = 0; (pos = find_pair(code, size, pos, trap)) < size; pos += 2) {
		const uint8_t *call = code + pos - 5;
		bool is_return;
		uint32_t tail;
		unsigned int length;

		if (pos < 5 || size - pos < sizeof(trap) ||
		    memcmp(code + pos, trap, sizeof(trap)) != 0 || call[0] != 0xe8 || call[2] ||
		    call[3] || call[4] || call[1] < sizeof(trap) || size - (pos - 5) < 5u + call[1])
			continue;
		tail = 5u + call[1];
		length = retpoline_tail(call + tail, size - (pos - 5) - tail, &is_return);
		if (!length)
			continue;
		ret_found->begin = (uint32_t)pos - 5;
		ret_found->deep_from = ret_found->begin + tail;
		ret_found->end = ret_found->deep_from + length + 1;
		ret_found->deep_to = ret_found->end - is_return;
		return true;
	}
	return false;
}

bool arch_is_context_start(const uint8_t *code, size_t size)
{
	/* mov %rbx,%rsp; mov (%rsp),%rdi; test %rdi,%rdi; je */
	static const uint8_t start[] = {0x48, 0x89, 0xdc, 0x48, 0x8b, 0x3c,
					0x24, 0x48, 0x85, 0xff, 0x74};

	return size >= sizeof(start) && memcmp(code, start, sizeof(start)) == 0;
}

size_t arch_count_frames(const uint8_t *code, size_t size)
{
	static const uint8_t push_move[] = {0x55, 0x48, 0x89, 0xe5}; /* push %rbp; mov %rsp,%rbp */
	size_t nr = 0;

	for (size_t pos = 0; (pos = find_pair(code, size, pos, push_move)) < size; pos += 2)
		nr += size - pos >= sizeof(push_move) &&
		      memcmp(code + pos, push_move, sizeof(push_move)) == 0;
	return nr;
}

size_t arch_find_sub_rsp(const uint8_t *code, size_t size)
{
	static const uint8_t sub_rsp[] = {0x83, 0xec};

	for (size_t pos = 0; (pos = find_pair(code, size, pos, sub_rsp)) < size; pos += 2)
		if (pos && size - pos >= 3 && code[pos - 1] == 0x48)
			return pos - 1;
	return size;
}

const char *arch_register_name(unsigned int reg)
{
	static const char *const names[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
					    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

	return reg < sizeof(names) / sizeof(names[0]) ? names[reg] : NULL;
}

bool arch_find_init_stub(const uint8_t *code, size_t size, struct arch_init_stub *ret_stub)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	static const uint8_t sub_rsp_8[] = {0x48, 0x83, 0xec, 0x08};
	static const uint8_t add_rsp_8_ret[] = {0x48, 0x83, 0xc4, 0x08, 0xc3};
	size_t at = 0;

	if (size >= sizeof(endbr64) && memcmp(code, endbr64, sizeof(endbr64)) == 0)
		at = sizeof(endbr64);
	if (size < at + sizeof(sub_rsp_8) + sizeof(add_rsp_8_ret) ||
	    memcmp(code + at, sub_rsp_8, sizeof(sub_rsp_8)) != 0 ||
	    memcmp(code + size - sizeof(add_rsp_8_ret), add_rsp_8_ret, sizeof(add_rsp_8_ret)) != 0)
		return false;
	ret_stub->framed_from = (uint32_t)(at + sizeof(sub_rsp_8));
	ret_stub->framed_to = (uint32_t)(size - 1);
	return true;
}

size_t arch_stores_rbp(const uint8_t *code, size_t size)
{
	static const uint8_t near[] = {0x48, 0x89, 0x6c, 0x24}, far[] = {0x48, 0x89, 0xac, 0x24};

	if (size >= 5 && memcmp(code, near, sizeof(near)) == 0)
		return 5;
	return size >= 8 && memcmp(code, far, sizeof(far)) == 0 ? 8 : 0;
}

bool arch_is_push_rbp(uint8_t code)
{
	return code == 0x55;
}

size_t arch_find_thread_start(const uint8_t *code, size_t size)
{
	bool is_called = false;

	for (size_t i = 1; i < size; i++) {
		if (code[i - 1] == 0x0f && code[i] == 0x05)
			is_called = true;
		else if (is_called && code[i] == 0xc3)
			return i + 1;
	}
	return size;
}

/* Bytes of mov that loads RSP from memory or a register; 0: @code is none. */
static uint32_t loads_rsp(const uint8_t *code)
{
	uint8_t mode = code[2] >> 6, base = code[2] & 7;

	if ((code[0] & 0xf8) != 0x48)
		return 0;
	if (code[1] == 0x89 && !(code[0] & 1) && (code[2] & 0xc7) == 0xc4)
		return 3;
	if (code[1] != 0x8b || code[0] & 4 || (code[2] & 0x38) != 0x20)
		return 0;
	if (mode == 3)
		return 3;
	return 3 + (base == 4) + (mode == 1 ? 1 : mode == 2 || base == 5 ? 4 : 0);
}

void arch_find_stack_switch(const uint8_t *code, size_t size, struct arch_stack_switch *ret_at)
{
	struct arch_stack_switch at = {0};

	for (size_t i = 0; i + 3 <= size && i < UINT16_MAX; i++) {
		uint32_t length = loads_rsp(code + i);

		if (!length || length > size - i)
			continue;
		at.to = (uint32_t)i + length;
		if (!at.from)
			at.from = at.to;
	}
	*ret_at = at;
}
