/* SPDX-License-Identifier: MIT */
#include "loader/runtime_facts.h"

#include "common/cleanup.h"
#include "common/elf_image.h"
#include "loader/object_set.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where a process has several, the first of them is meant. */
static const struct jit_runtime runtimes[] = {
	{
		.symbol = "JNI_CreateJavaVM",
		.name = "Java",
		.flag = "PreserveFramePointer",
		.cure = "'java -XX:+PreserveFramePointer' makes them whole",
	},
	{.symbol = "_ZN2v87Isolate10GetCurrentEv", .name = "V8", .keeps_rbp = true},
	{.symbol = "ChromeMain", .name = "V8", .keeps_rbp = true},
	{.symbol = "coreclr_initialize", .name = ".NET", .keeps_rbp = true},
	{.symbol = "luaJIT_setmode",
	 .name = "LuaJIT",
	 .cure = "'luajit -joff' interprets it instead"},
	{.symbol = "zend_jit_activate",
	 .name = "PHP",
	 .cure = "'php -d opcache.jit=off' interprets it instead"},
	{.symbol = "scm_boot_guile",
	 .name = "Guile",
	 .cure = "GUILE_JIT_THRESHOLD=-1 in the environment lets it be interpreted instead"},
	{.symbol = "pypy_main_startup",
	 .name = "PyPy",
	 .cure = "'pypy3 --jit off' interprets it instead"},
	{
		.symbol = "ruby_run_node",
		.name = "Ruby",
		.cure = "ruby without --yjit interprets it instead",
	},
	{.symbol = "Sscheme_init", .name = "Racket"},
	{.symbol = "erl_start", .name = "Erlang"},
	{.symbol = "mono_jit_init", .name = "Mono"},
	{.symbol = "initialize_lisp", .name = "SBCL"},
};

#define NR_RUNTIMES	  (sizeof(runtimes) / sizeof(runtimes[0]))
#define DESCRIPTOR_SYMBOL "__jit_debug_descriptor"

/* Bytes of symbols looked at: what the largest programs have. */
#define MAX_SYMBOL_BYTES ((uint64_t)128 << 20)

struct search {
	struct jit_facts facts;
	uint64_t budget;
	uint64_t flags[NR_RUNTIMES];
};

static void take_symbol(struct search *search, const char *name, uint64_t vaddr)
{
	for (size_t i = 0; i < NR_RUNTIMES; i++) {
		const struct jit_runtime *r = &runtimes[i];

		if (strcmp(name, r->symbol) == 0 &&
		    (!search->facts.runtime || r < search->facts.runtime))
			search->facts.runtime = r;
		if (r->flag && strcmp(name, r->flag) == 0)
			search->flags[i] = vaddr;
	}
	if (strcmp(name, DESCRIPTOR_SYMBOL) == 0)
		search->facts.descriptor = vaddr;
}

/* Symbols never are, and what they would unpack to is anybody's guess. */
static bool is_packed(const struct elf_image *image, size_t index)
{
	size_t nr;

	return elf_image_sections(image, &nr)[index].sh_flags & SHF_COMPRESSED;
}

static void search_section(struct elf_image *image, size_t index, uint32_t link,
			   struct search *search)
{
	struct elf_span symbols, names;

	if (is_packed(image, index) || is_packed(image, link) ||
	    elf_image_section_data(image, index, &symbols) < 0 ||
	    elf_image_section_data(image, link, &names) < 0 || !names.size ||
	    names.data[names.size - 1])
		return;
	for (size_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size; at += sizeof(Elf64_Sym)) {
		Elf64_Sym symbol;

		if (search->budget < sizeof(symbol))
			return;
		search->budget -= sizeof(symbol);
		memcpy(&symbol, symbols.data + at, sizeof(symbol));
		if (symbol.st_shndx != SHN_UNDEF && symbol.st_name < names.size)
			take_symbol(search, (const char *)names.data + symbol.st_name,
				    symbol.st_value);
	}
}

static void search_image(struct elf_image *image, struct jit_facts *facts)
{
	struct search search = {.budget = MAX_SYMBOL_BYTES};
	size_t nr;
	const Elf64_Shdr *sections = elf_image_sections(image, &nr);

	for (size_t i = 0; i < nr; i++)
		if ((sections[i].sh_type == SHT_DYNSYM || sections[i].sh_type == SHT_SYMTAB) &&
		    sections[i].sh_link < nr)
			search_section(image, i, sections[i].sh_link, &search);
	*facts = search.facts;
	if (facts->runtime)
		facts->flag = search.flags[facts->runtime - runtimes];
}

const struct jit_facts *jit_facts_of(const struct object *object)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;

	if (!object->jit->known && object->fd >= 0 && elf_image_open_fd(object->fd, &image) == 0)
		search_image(image, object->jit);
	object->jit->known = true;
	return object->jit;
}

bool jit_runtime_keeps_rbp(const struct jit_facts *facts, pid_t pid, uint64_t bias)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	uint8_t flag = 0;

	if (!facts->runtime || facts->runtime->keeps_rbp || !facts->flag)
		return facts->runtime && facts->runtime->keeps_rbp;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && pread(fd, &flag, 1, (off_t)(facts->flag + bias)) == 1 && flag;
}
