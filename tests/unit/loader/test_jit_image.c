/* SPDX-License-Identifier: MIT */
/* An object file as a compiler at run time registers it: loaded somewhere, relocated by nobody. */
#include "loader/jit_image.h"

#include "common/elf_image.h"
#include "symbolize/symtab.h"
#include "test.h"
#include "unwind/table.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOADED_AT 0x7f1234567000u
#define MAX_FILE  (1u << 20)

static uint8_t *read_object(size_t *ret_size)
{
	uint8_t *bytes = malloc(MAX_FILE);
	int fd = open(JIT_OBJECT, O_RDONLY);
	ssize_t size = read(fd, bytes, MAX_FILE);

	close(fd);
	assert_true(size > 0);
	*ret_size = (size_t)size;
	return bytes;
}

/* Gives each loaded section an address, a page each.  That of the code. */
static uint64_t load(uint8_t *bytes)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;
	Elf64_Shdr *sections = (Elf64_Shdr *)(bytes + header->e_shoff);
	uint64_t at = LOADED_AT, code = 0;

	for (int i = 0; i < header->e_shnum; i++) {
		if (!(sections[i].sh_flags & SHF_ALLOC) || !sections[i].sh_size)
			continue;
		sections[i].sh_addr = at;
		if (sections[i].sh_flags & SHF_EXECINSTR)
			code = at;
		at += 4096;
	}
	return code;
}

static void a_relocatable_object_has_its_cfi_and_names_where_it_was_loaded(void **state)
{
	_cleanup_(unwind_table_freep) struct unwind_table *table = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = NULL;
	const struct unwind_options options = {.cfi_only = true};
	struct jit_image image;
	struct unwind_rule rule;
	size_t size;
	uint8_t *bytes = read_object(&size);
	uint64_t code = load(bytes);
	const struct symbol *symbol;

	(void)state;
	assert_int_equal(jit_image_make(bytes, size, &image), 0);
	assert_true(image.text_begin == code);
	assert_int_equal(symtab_new(image.elf, NULL, &symtab), 0);
	symbol = symtab_find(symtab, code + 2);
	assert_non_null(symbol);
	assert_string_equal(symbol->name, "registered_inner");
	assert_int_equal(unwind_table_build(image.elf, &options, &table), 0);
	/* push %rbp; sub $32, %rsp: seen from behind both. */
	unwind_table_lookup(table, code + 6, &rule);
	assert_int_equal(rule.cfa_kind, CFA_RSP);
	assert_int_equal(rule.cfa_off, 48);
	assert_int_equal(rule.rbp_kind, RBP_CFA);
	jit_image_release(&image);
	free(bytes);
}

static void an_object_that_was_loaded_nowhere_has_no_code(void **state)
{
	struct jit_image image;
	size_t size;
	uint8_t *bytes = read_object(&size);

	(void)state;
	assert_int_equal(jit_image_make(bytes, size, &image), -ENODATA);
	free(bytes);
}

static void damaged_images_are_refused_or_read_as_far_as_they_go(void **state)
{
	size_t size;
	uint8_t *bytes = read_object(&size), *damaged = malloc(size);

	(void)state;
	load(bytes);
	for (size_t cut = 0; cut < size; cut += 7) {
		struct jit_image image;
		uint8_t *part = malloc(cut + 1);

		memcpy(part, bytes, cut);
		if (jit_image_make(part, cut, &image) == 0)
			jit_image_release(&image);
		free(part);
	}
	for (size_t at = 0; at < size; at += 3) {
		struct jit_image image;

		memcpy(damaged, bytes, size);
		damaged[at] ^= 0xff;
		if (jit_image_make(damaged, size, &image) == 0)
			jit_image_release(&image);
	}
	assert_int_equal(jit_image_make("no ELF file, but long enough for the header of one, as "
					"one can see",
					64, &(struct jit_image){0}),
			 -ENOEXEC);
	free(damaged);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_relocatable_object_has_its_cfi_and_names_where_it_was_loaded),
		cmocka_unit_test(an_object_that_was_loaded_nowhere_has_no_code),
		cmocka_unit_test(damaged_images_are_refused_or_read_as_far_as_they_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
