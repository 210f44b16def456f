/* SPDX-License-Identifier: MIT */
/*
 * Loads the object file argv[1] as a compiler at run time would, registers it for debuggers (GDB's
 * JIT interface), and has its registered_outer call knock() 20 times.  With argv[2] the object is
 * then taken back and another copy of it, elsewhere, called 10 times.
 */
#include "toy_jit.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>

enum { JIT_NOACTION, JIT_REGISTER_FN, JIT_UNREGISTER_FN };

struct jit_code_entry {
	struct jit_code_entry *next_entry, *prev_entry;
	const char *symfile_addr;
	uint64_t symfile_size;
};

struct jit_descriptor {
	uint32_t version, action_flag;
	struct jit_code_entry *relevant_entry, *first_entry;
};

struct jit_descriptor __jit_debug_descriptor = {1, JIT_NOACTION, NULL, NULL};

__attribute__((noinline)) void __jit_debug_register_code(void)
{
	__asm__ volatile("" ::: "memory");
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
	uint8_t *bytes = malloc(1 << 20);
	int fd = open(path, O_RDONLY);
	ssize_t size = read(fd, bytes, 1 << 20);

	if (size < (ssize_t)sizeof(Elf64_Ehdr))
		exit(3);
	close(fd);
	*ret_size = (size_t)size;
	return bytes;
}

/* Copies what is to be loaded to @to and tells the image where that is.  The code's address. */
static uint8_t *load(uint8_t *image, uint8_t *to)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)image;
	Elf64_Shdr *sections = (Elf64_Shdr *)(image + header->e_shoff);
	uint8_t *code = NULL;

	for (int i = 0; i < header->e_shnum; i++) {
		Elf64_Shdr *s = &sections[i];

		if (!(s->sh_flags & SHF_ALLOC) || !s->sh_size || s->sh_type == SHT_NOBITS)
			continue;
		memcpy(to, image + s->sh_offset, s->sh_size);
		s->sh_addr = (uint64_t)to;
		if (s->sh_flags & SHF_EXECINSTR)
			code = to;
		to += (s->sh_size + 63) & ~(size_t)63;
	}
	return code;
}

static uint64_t offset_of(const uint8_t *image, const char *name)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + header->e_shoff);

	for (int i = 0; i < header->e_shnum; i++) {
		const Elf64_Sym *symbols = (const Elf64_Sym *)(image + sections[i].sh_offset);
		const char *names;

		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		names = (const char *)image + sections[sections[i].sh_link].sh_offset;
		for (size_t j = 0; j < sections[i].sh_size / sizeof(*symbols); j++)
			if (strcmp(names + symbols[j].st_name, name) == 0)
				return symbols[j].st_value;
	}
	exit(4);
}

static void tell_debuggers(struct jit_code_entry *entry, uint32_t action)
{
	__jit_debug_descriptor.first_entry = action == JIT_REGISTER_FN ? entry : NULL;
	__jit_debug_descriptor.relevant_entry = entry;
	__jit_debug_descriptor.action_flag = action;
	__jit_debug_register_code();
}

static void call_registered(uint8_t *image, size_t size, uint8_t *memory, int times)
{
	struct jit_code_entry *entry = calloc(1, sizeof(*entry));
	uint8_t *at = load(image, memory) + offset_of(image, "registered_outer");
	void (*outer)(void (*)(void));

	entry->symfile_addr = (const char *)image;
	entry->symfile_size = size;
	tell_debuggers(entry, JIT_REGISTER_FN);
	usleep(300000);
	memcpy(&outer, &at, sizeof(outer));
	for (int i = 0; i < times; i++)
		outer(knock);
	tell_debuggers(entry, JIT_UNREGISTER_FN);
}

int main(int argc, char **argv)
{
	size_t size;
	uint8_t *image = read_file(argv[1], &size);
	uint8_t *memory = mmap(NULL, 2 * CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	call_registered(image, size, memory + 1, 20);
	if (argc > 2) {
		memset(memory, 0xcc, CODE_BYTES);
		call_registered(image, size, memory + CODE_BYTES, 10);
	}
	return 0;
}
