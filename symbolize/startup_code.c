/* SPDX-License-Identifier: MIT */
#include "symbolize/startup_code.h"

#include "common/elf_image.h"

#include <string.h>

#define MAX_BYTES 96 /* of one function: glibc's _start has 38, musl's _start_c 50 */

static int32_t read_i32(const uint8_t *at)
{
	int32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static bool is_code(const struct elf_image *image, uint64_t vaddr)
{
	size_t nr;
	const Elf64_Phdr *segments = elf_image_segments(image, &nr);

	for (size_t i = 0; i < nr; i++)
		if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X) &&
		    vaddr >= segments[i].p_vaddr &&
		    vaddr - segments[i].p_vaddr < segments[i].p_filesz)
			return true;
	return false;
}

/* Does the instruction at @at load an address of code into the first argument, rdi? */
static bool loads_argument(const struct elf_image *image, const uint8_t *at, uint64_t vaddr,
			   uint64_t *ret_vaddr)
{
	static const uint8_t lea_rdi[] = {0x48, 0x8d, 0x3d}, mov_rdi[] = {0x48, 0xc7, 0xc7};
	uint64_t value;

	if (memcmp(at, lea_rdi, sizeof(lea_rdi)) == 0)
		value = vaddr + 7 + (uint64_t)(int64_t)read_i32(at + 3);
	else if (memcmp(at, mov_rdi, sizeof(mov_rdi)) == 0)
		value = (uint64_t)(int64_t)read_i32(at + 3);
	else if (at[0] == 0xbf)
		value = (uint32_t)read_i32(at + 1);
	else
		return false;
	if (!is_code(image, value))
		return false;
	*ret_vaddr = value;
	return true;
}

bool startup_code_main(const struct elf_image *image, uint64_t entry, uint64_t *ret_vaddr)
{
	uint64_t vaddr = entry;

	/* musl's entry code calls the function that knows main; glibc's is that itself. */
	for (int calls = 0; calls < 2; calls++) {
		struct elf_span code = elf_image_at_vaddr(image, vaddr);
		uint64_t called = 0;

		for (size_t i = 0; i + 7 <= code.size && i < MAX_BYTES && !called; i++) {
			if (loads_argument(image, code.data + i, vaddr + i, ret_vaddr))
				return true;
			if (code.data[i] == 0xe8)
				called = vaddr + i + 5 +
					 (uint64_t)(int64_t)read_i32(code.data + i + 1);
			if (called && !is_code(image, called))
				called = 0;
		}
		if (!called)
			return false;
		vaddr = called;
	}
	return false;
}
