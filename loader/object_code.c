/* SPDX-License-Identifier: MIT */
#include "loader/object_code.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "loader/instruction_starts.h"
#include "unwind/x86_code.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define UNKNOWN_SIZE ((uint64_t)64 << 10) /* of a function nobody says the end of */

/* Go's check of the stack: load the limit, compare, branch. */
#define GO_CHECK_INSNS 8
#define GO_GROW_INSNS  64
#define GO_MAX_BYTES   ((uint64_t)16 << 20)

static const Elf64_Phdr *segment_at(const struct object_code *code, uint64_t vaddr)
{
	size_t nr;
	const Elf64_Phdr *segments = elf_image_segments(code->image, &nr);

	for (size_t i = 0; i < nr; i++) {
		const Elf64_Phdr *segment = &segments[i];

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_X &&
		    vaddr >= segment->p_vaddr && vaddr - segment->p_vaddr < segment->p_filesz)
			return segment;
	}
	return NULL;
}

int object_code_off(const struct object_code *code, uint64_t vaddr, uint64_t *ret_off)
{
	const Elf64_Phdr *segment = segment_at(code, vaddr);

	if (!segment)
		return -ENOENT;
	*ret_off = vaddr - segment->p_vaddr + segment->p_offset;
	return 0;
}

size_t object_code_read(const struct object_code *code, uint64_t off, uint8_t *bytes, size_t size)
{
	size_t nr = 0;

	while (nr < size) {
		ssize_t got = pread(code->fd, bytes + nr, size - nr, (off_t)(off + nr));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		nr += (size_t)got;
	}
	return nr;
}

/*
 * First bytes the kernel's uprobes refuse (arch/x86/kernel/uprobes.c): the prefixes lock, cs, ss,
 * ds and es, and instructions that trap or belong to the kernel.  Only what compilers do begin
 * functions with is known here; the kernel has the last word.
 */
static bool takes_uprobe(const uint8_t *code, size_t size)
{
	static const uint8_t refused[] = {0xf0, 0x2e, 0x36, 0x3e, 0x26, 0xcc, 0xf4, 0xf1};

	if (size == 0 || memchr(refused, code[0], sizeof(refused)))
		return false;
	if (size > 1 && code[0] == 0x0f && (code[1] == 0x05 || code[1] == 0x0b || code[1] == 0x34))
		return false; /* syscall, ud2, sysenter */
	return true;
}

bool object_code_probeable(const struct object_code *code, uint64_t off)
{
	uint8_t bytes[2];
	size_t size = object_code_read(code, off, bytes, sizeof(bytes));

	return size > 0 && takes_uprobe(bytes, size);
}

static bool read_table(void *arg, uint64_t vaddr, void *bytes, size_t size)
{
	const struct object_code *code = arg;
	struct elf_span span = elf_image_at_vaddr(code->image, vaddr);

	if (!span.data || span.size < size)
		return false;
	memcpy(bytes, span.data, size);
	return true;
}

int object_code_starts(const struct object_code *code, uint64_t vaddr, uint64_t size, bool is_whole,
		       struct instruction_starts **ret_starts)
{
	const Elf64_Phdr *segment = segment_at(code, vaddr);
	struct object_code copy = *code;
	struct instruction_code function = {
		.vaddr = vaddr, .is_whole = is_whole && size, .read = read_table, .arg = &copy};
	_cleanup_free_ uint8_t *bytes = NULL;
	uint64_t left;

	if (!segment)
		return -ENOENT;
	left = segment->p_filesz - (vaddr - segment->p_vaddr);
	if (!function.is_whole && size < UNKNOWN_SIZE)
		size = UNKNOWN_SIZE;
	if (size > left)
		size = left;
	if (size > INSTRUCTION_STARTS_MAX)
		size = INSTRUCTION_STARTS_MAX;
	bytes = xcalloc(size + 1, 1);
	function.size = (uint32_t)object_code_read(
		code, vaddr - segment->p_vaddr + segment->p_offset, bytes, size);
	function.bytes = bytes;
	*ret_starts = instruction_starts_new(&function);
	return 0;
}

/* Does the code at @pos call, and then begin the function anew? */
static bool grows_stack(const uint8_t *bytes, uint64_t size, uint64_t pos)
{
	bool has_called = false;

	for (int i = 0; i < GO_GROW_INSNS && pos < size; i++) {
		struct x86_insn insn = x86_decode(bytes + pos, size - pos);

		pos += insn.length;
		if (insn.kind == X86_CALL)
			has_called = true;
		else if (insn.kind == X86_JUMP)
			return has_called && (int64_t)pos + insn.value == 0;
		else if (insn.kind == X86_BAD || insn.kind == X86_BRANCH ||
			 insn.kind == X86_JUMP_AWAY || insn.kind == X86_RETURN ||
			 insn.kind == X86_TRAP)
			return false;
	}
	return false;
}

uint64_t object_code_go_entry(const struct object_code *code, uint64_t vaddr, uint64_t size)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	uint64_t off, pos = 0, behind = 0;

	if (size > GO_MAX_BYTES || object_code_off(code, vaddr, &off) < 0)
		return 0;
	bytes = xcalloc(size + 1, 1);
	size = object_code_read(code, off, bytes, size);
	for (int i = 0; i < GO_CHECK_INSNS && pos < size; i++) {
		struct x86_insn insn = x86_decode(bytes + pos, size - pos);
		int64_t target;

		pos += insn.length;
		target = (int64_t)pos + insn.value;
		if (insn.kind == X86_BRANCH && target > 0 && (uint64_t)target < size &&
		    grows_stack(bytes, size, (uint64_t)target))
			behind = pos;
		else if (insn.kind != X86_OTHER)
			break;
	}
	return behind;
}
