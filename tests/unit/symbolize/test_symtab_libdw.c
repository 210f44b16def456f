/* SPDX-License-Identifier: MIT */
/* libdw's symbol look-up as judge over the machine's own libraries. */
#include "fixtures.h"
#include "symbolize/symtab.h"
#include "test.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

#define NR_ADDRESSES 2000

struct judge {
	Dwfl *dwfl;
	Dwfl_Module *module;
	GElf_Addr bias;
};

static int find_no_debuginfo(Dwfl_Module *module, void **userdata, const char *name,
			     Dwarf_Addr base, const char *file, const char *link, GElf_Word crc,
			     char **ret_path)
{
	(void)module;
	(void)userdata;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)ret_path;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_no_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static bool open_judge(const char *path, struct judge *ret)
{
	ret->dwfl = dwfl_begin(&callbacks);
	assert_non_null(ret->dwfl);
	dwfl_report_begin(ret->dwfl);
	ret->module = dwfl_report_offline(ret->dwfl, "", path, -1);
	dwfl_report_end(ret->dwfl, NULL, NULL);
	return ret->module && dwfl_module_getelf(ret->module, &ret->bias);
}

/* Whether @name is one of the symbols that begin at @vaddr: which alias is shown is our policy. */
static bool begins_at(const struct judge *judge, const char *name, uint64_t vaddr)
{
	int nr = dwfl_module_getsymtab(judge->module);

	for (int i = 1; i < nr; i++) {
		GElf_Sym sym;
		GElf_Addr addr;
		const char *other = dwfl_module_getsym_info(judge->module, i, &sym, &addr, NULL,
							    NULL, NULL);

		if (other && addr - judge->bias == vaddr &&
		    strncmp(other, name, strlen(name)) == 0 &&
		    (other[strlen(name)] == '\0' || other[strlen(name)] == '@'))
			return true;
	}
	return false;
}

/* Text of the executable sections, by the judge's file. */
static uint64_t random_address(struct elf_image *image, unsigned int *seed)
{
	int index = elf_image_find_section(image, ".text");
	const Elf64_Shdr *text;
	size_t nr;

	assert_true(index >= 0);
	text = &elf_image_sections(image, &nr)[index];
	return text->sh_addr +
	       ((uint64_t)rand_r(seed) << 8 ^ (uint64_t)rand_r(seed)) % text->sh_size;
}

static void compare_file(const char *path)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	_cleanup_(symtab_freep) struct symtab *symtab = NULL;
	unsigned int seed = 42, nr_named = 0, nr_beyond = 0;
	struct judge judge;

	if (elf_image_open(path, &image) < 0)
		skip();
	assert_int_equal(symtab_new(image, NULL, &symtab), 0);
	if (!open_judge(path, &judge))
		fail_msg("libdw cannot read %s", path);
	for (int i = 0; i < NR_ADDRESSES; i++) {
		uint64_t vaddr = random_address(image, &seed);
		const struct symbol *symbol = symtab_find(symtab, vaddr);
		GElf_Off off = 0;
		GElf_Sym sym;
		const char *name = dwfl_module_addrinfo(judge.module, vaddr + judge.bias, &off,
							&sym, NULL, NULL, NULL);

		if (!symbol) {
			/* The judge also offers the nearest label; only a stated size convicts. */
			if (name && sym.st_size > off && GELF_ST_TYPE(sym.st_info) == STT_FUNC)
				fail_msg("%s: %#llx should be %s", path, (unsigned long long)vaddr,
					 name);
			nr_beyond += name != NULL;
			continue;
		}
		nr_named++;
		if (!name || (strcmp(name, symbol->name) != 0 &&
			      !begins_at(&judge, symbol->name, vaddr - off)))
			fail_msg("%s: %#llx is %s for libdw, %s for us", path,
				 (unsigned long long)vaddr, name ? name : "nothing", symbol->name);
	}
	print_message("%s: %u named, %u more that libdw calls by a neighbour's name\n", path,
		      nr_named, nr_beyond);
	assert_true(nr_named > NR_ADDRESSES / 20);
	dwfl_end(judge.dwfl);
}

static void libc_agrees(void **state)
{
	(void)state;
	compare_file("/lib/x86_64-linux-gnu/libc.so.6");
}

static void libstdcxx_agrees(void **state)
{
	(void)state;
	compare_file("/usr/lib/x86_64-linux-gnu/libstdc++.so.6");
}

static void python_agrees(void **state)
{
	(void)state;
	compare_file("/usr/bin/python3");
}

static void our_own_unstripped_file_agrees(void **state)
{
	(void)state;
	compare_file(FIXTURE("static"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libc_agrees),
		cmocka_unit_test(libstdcxx_agrees),
		cmocka_unit_test(python_agrees),
		cmocka_unit_test(our_own_unstripped_file_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
