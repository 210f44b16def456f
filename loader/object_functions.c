/* SPDX-License-Identifier: MIT */
#include "loader/object_functions.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/safe_open.h"
#include "loader/near_names.h"
#include "symbolize/debug_file.h"
#include "symbolize/symtab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct object_functions {
	struct elf_image *image;
	char *path;
	int fd;
	struct symtab *symtab;
	struct elf_image *debug_image;
	struct symtab *debug_symtab; /* of both; NULL until it is asked for */
	bool debug_tried;
};

int object_functions_open(int fd, const char *path, struct object_functions **ret_object)
{
	_cleanup_(object_functions_closep) struct object_functions *object = xcalloc(
		1, sizeof(*object));
	int ret;

	object->path = xstrdup(path);
	/* @fd may be O_PATH; that the file cannot be read is said better by the image. */
	object->fd = safe_reopen(fd);
	ret = elf_image_open_fd(fd, &object->image);
	if (ret == 0)
		ret = symtab_new(object->image, NULL, &object->symtab);
	if (ret < 0)
		return ret;
	*ret_object = TAKE_PTR(object);
	return 0;
}

void object_functions_close(struct object_functions *object)
{
	if (!object)
		return;
	symtab_free(object->debug_symtab);
	elf_image_close(object->debug_image);
	symtab_free(object->symtab);
	elf_image_close(object->image);
	cleanup_closep(&object->fd);
	free(object->path);
	free(object);
}

static const struct symtab *debug_symtab(struct object_functions *object)
{
	const struct debug_search search = {.path = object->path};
	_cleanup_free_ char *found = NULL;

	if (object->debug_tried)
		return object->debug_symtab;
	object->debug_tried = true;
	if (debug_file_find(object->image, &search, &object->debug_image, &found) < 0)
		return NULL;
	if (symtab_new(object->image, object->debug_image, &object->debug_symtab) < 0)
		return NULL;
	return object->debug_symtab;
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

/*
 * Read, not looked at in the image: the breakpoints of others who probe the whole machine are in
 * every mapping of the file, ours too.
 */
bool object_functions_probeable(const struct object_functions *object, uint64_t off)
{
	uint8_t code[2];
	ssize_t size = pread(object->fd, code, sizeof(code), (off_t)off);

	return size > 0 && takes_uprobe(code, (size_t)size);
}

bool object_functions_is_go(const struct object_functions *object)
{
	return elf_image_find_section(object->image, ".gopclntab") >= 0 ||
	       elf_image_find_section(object->image, ".go.buildinfo") >= 0;
}

struct match {
	struct object_functions *object;
	int (*fn)(const struct object_function *function, void *arg);
	void *arg;
	int nr;
};

static int on_symbol(const struct symbol *symbol, void *arg)
{
	struct match *match = arg;
	struct object_function function = {.name = symbol->name, .size = symbol->size};

	if (object_functions_address(match->object, symbol->vaddr, &function.off) < 0)
		return 0;
	function.probeable = object_functions_probeable(match->object, function.off);
	match->nr++;
	return match->fn(&function, match->arg);
}

int object_functions_match(struct object_functions *object, const char *pattern,
			   int (*fn)(const struct object_function *function, void *arg), void *arg)
{
	struct match match = {.object = object, .fn = fn, .arg = arg};
	const struct symtab *debug;

	symtab_match(object->symtab, pattern, on_symbol, &match);
	if (match.nr == 0) {
		debug = debug_symtab(object);
		if (debug)
			symtab_match(debug, pattern, on_symbol, &match);
	}
	return match.nr;
}

int object_functions_address(const struct object_functions *object, uint64_t vaddr,
			     uint64_t *ret_off)
{
	size_t nr;
	const Elf64_Phdr *segments = elf_image_segments(object->image, &nr);

	for (size_t i = 0; i < nr; i++) {
		const Elf64_Phdr *segment = &segments[i];

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_X &&
		    vaddr >= segment->p_vaddr && vaddr - segment->p_vaddr < segment->p_filesz) {
			*ret_off = vaddr - segment->p_vaddr + segment->p_offset;
			return 0;
		}
	}
	return -ENOENT;
}

/* Calls @fn for every symbol of a symbol section, with its name; a positive return ends it. */
static int each_symbol(struct elf_image *image, size_t section,
		       int (*fn)(const Elf64_Sym *symbol, const char *name, void *arg), void *arg)
{
	size_t nr_sections;
	const Elf64_Shdr *headers = elf_image_sections(image, &nr_sections);
	uint32_t type = headers[section].sh_type, link = headers[section].sh_link;
	struct elf_span symbols, names;

	if ((type != SHT_DYNSYM && type != SHT_SYMTAB) || link >= nr_sections ||
	    elf_image_section_data(image, section, &symbols) < 0 ||
	    elf_image_section_data(image, link, &names) < 0)
		return 0;
	for (size_t i = 0; i < symbols.size / sizeof(Elf64_Sym); i++) {
		Elf64_Sym symbol;
		int ret;

		memcpy(&symbol, symbols.data + i * sizeof(symbol), sizeof(symbol));
		if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= names.size ||
		    !memchr(names.data + symbol.st_name, '\0', names.size - symbol.st_name))
			continue;
		ret = fn(&symbol, (const char *)names.data + symbol.st_name, arg);
		if (ret > 0)
			return ret;
	}
	return 0;
}

static int each_symbol_of(struct elf_image *image,
			  int (*fn)(const Elf64_Sym *symbol, const char *name, void *arg),
			  void *arg)
{
	size_t nr;
	int ret = 0;

	elf_image_sections(image, &nr);
	for (size_t i = 0; i < nr && ret == 0; i++)
		ret = each_symbol(image, i, fn, arg);
	return ret;
}

static int show_name(const Elf64_Sym *symbol, const char *name, void *arg)
{
	unsigned char type = ELF64_ST_TYPE(symbol->st_info);

	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		near_names_add(arg, name);
	return 0;
}

/* Not through the symbol table: that has one name for each address, and people know another. */
void object_functions_near(struct object_functions *object, struct near_names *near)
{
	each_symbol_of(object->image, show_name, near);
	if (debug_symtab(object))
		each_symbol_of(object->debug_image, show_name, near);
}

struct resolver_search {
	const struct object_functions *object;
	uint64_t off;
};

static int is_resolver_at(const Elf64_Sym *symbol, const char *name, void *arg)
{
	const struct resolver_search *search = arg;
	uint64_t off;

	(void)name;
	return ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC &&
	       object_functions_address(search->object, symbol->st_value, &off) == 0 &&
	       off == search->off;
}

bool object_functions_is_resolver(const struct object_functions *object, uint64_t off)
{
	struct resolver_search search = {object, off};

	return each_symbol_of(object->image, is_resolver_at, &search) > 0;
}
