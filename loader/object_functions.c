/* SPDX-License-Identifier: MIT */
#include "loader/object_functions.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/safe_open.h"
#include "loader/near_names.h"
#include "loader/object_code.h"
#include "loader/object_functions_internal.h"
#include "loader/object_symbols.h"
#include "symbolize/debug_file.h"
#include "symbolize/demangle.h"
#include "symbolize/fde_starts.h"
#include "symbolize/function_search.h"
#include "symbolize/gopclntab.h"
#include "symbolize/object_files.h"
#include "symbolize/symtab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int object_functions_open(int fd, const char *path, struct object_functions **ret_object)
{
	_cleanup_(object_functions_closep) struct object_functions *object = xcalloc(
		1, sizeof(*object));
	int ret;

	object->path = xstrdup(path);
	/* @fd may be O_PATH; that the file cannot be read is said better by the image. */
	object->code.fd = safe_reopen(fd);
	ret = elf_image_open_fd(fd, &object->code.image);
	if (ret == 0)
		ret = symtab_new(object->code.image, NULL, &object->symtab);
	if (ret < 0)
		return ret;
	*ret_object = TAKE_PTR(object);
	return 0;
}

void object_functions_close(struct object_functions *object)
{
	if (!object)
		return;
	function_search_free(object->search);
	function_search_free(object->inlined);
	gopclntab_free(object->go);
	symtab_free(object->debug_symtab);
	elf_image_close(object->debug_image);
	symtab_free(object->symtab);
	elf_image_close(object->code.image);
	cleanup_closep(&object->code.fd);
	free(object->resolvers);
	free(object->path);
	free(object);
}

const char *object_functions_path(const struct object_functions *object)
{
	return object->path;
}

struct elf_image *object_functions_image(const struct object_functions *object)
{
	return object->code.image;
}

const struct object_code *object_functions_code(const struct object_functions *object)
{
	return &object->code;
}

const struct symtab *object_functions_symtab(struct object_functions *object)
{
	const struct debug_search search = {.path = object->path};
	_cleanup_free_ char *found = NULL;

	if (!object->debug_tried && !object_has_section(object->code.image, ".symtab") &&
	    debug_file_find(object->code.image, &search, &object->debug_image, &found) == 0)
		symtab_new(object->code.image, object->debug_image, &object->debug_symtab);
	object->debug_tried = true;
	return object->debug_symtab ?: object->symtab;
}

const struct gopclntab *object_functions_go(struct object_functions *object)
{
	if (!object->go_tried && object_functions_is_go(object))
		gopclntab_open(object->code.image, &object->go);
	object->go_tried = true;
	return object->go;
}

bool object_functions_is_go(const struct object_functions *object)
{
	return elf_image_find_section(object->code.image, ".gopclntab") >= 0 ||
	       elf_image_find_section(object->code.image, ".data.rel.ro.gopclntab") >= 0 ||
	       elf_image_find_section(object->code.image, ".go.buildinfo") >= 0;
}

int object_functions_address(const struct object_functions *object, uint64_t vaddr,
			     uint64_t *ret_off)
{
	return object_code_off(&object->code, vaddr, ret_off);
}

const struct function_search *object_functions_inlined(struct object_functions *object,
						       const char *name)
{
	struct name_pattern pattern;
	int err;

	function_search_free(object->inlined);
	object->inlined = function_search_new();
	name_pattern_init(&pattern, name, true);
	err = function_search_dwarf(object->inlined, object->code.image, object->path, &pattern);
	if (err < 0)
		err = function_search_go(object->inlined, object->code.image, &pattern);
	return err < 0 ? NULL : object->inlined;
}

struct name_walk {
	void (*fn)(const char *raw, void *arg);
	void *arg;
};

static void on_symbol(const struct symbol *symbol, void *arg)
{
	const struct name_walk *walk = arg;

	walk->fn(symbol->name, walk->arg);
}

static int on_go_function(const struct go_function *function, void *arg)
{
	const struct name_walk *walk = arg;

	walk->fn(function->name, walk->arg);
	return 0;
}

void object_functions_each_name(struct object_functions *object,
				void (*fn)(const char *raw, void *arg), void *arg)
{
	struct name_walk walk = {fn, arg};

	symtab_each(object_functions_symtab(object), on_symbol, &walk);
	if (object_functions_go(object))
		gopclntab_each(object->go, on_go_function, &walk);
}

static void show_name(const char *raw, void *arg)
{
	_cleanup_free_ char *text = demangle_name(raw, DEMANGLE_SHORT);

	near_names_add(arg, raw);
	if (strcmp(text, raw) != 0 && !strchr(raw, '.'))
		near_names_add(arg, text);
}

void object_functions_near(struct object_functions *object, struct near_names *near)
{
	object_functions_each_name(object, show_name, near);
}

void object_functions_names_at(struct object_functions *object, uint64_t vaddr,
			       void (*fn)(const char *raw, void *arg), void *arg)
{
	struct name_walk walk = {fn, arg};

	symtab_names_at(object_functions_symtab(object), vaddr, on_symbol, &walk);
}

const char *object_functions_name_at(struct object_functions *object, uint64_t vaddr)
{
	const struct symbol *symbol = symtab_find(object_functions_symtab(object), vaddr);

	return symbol && symbol->vaddr == vaddr ? symbol->name : NULL;
}

struct around_search {
	uint64_t vaddr;
	struct go_function found;
};

static int is_around(const struct go_function *function, void *arg)
{
	struct around_search *search = arg;

	if (search->vaddr - function->vaddr >= function->size)
		return 0;
	search->found = *function;
	return 1;
}

static bool go_function_around(struct object_functions *object, uint64_t vaddr,
			       struct object_function *function)
{
	struct around_search search = {.vaddr = vaddr};
	const struct gopclntab *go = object_functions_go(object);

	if (go)
		gopclntab_each(go, is_around, &search);
	if (!search.found.name)
		return false;
	*function = (struct object_function){.name = search.found.name,
					     .vaddr = search.found.vaddr,
					     .size = search.found.size,
					     .is_whole = true};
	return true;
}

static bool fde_around(struct object_functions *object, uint64_t vaddr,
		       struct object_function *function)
{
	struct fde_starts fdes = fde_starts_open(object->code.image);
	uint64_t start, end;

	if (!fde_starts_find(&fdes, vaddr, &start, &end))
		return false;
	*function = (struct object_function){.vaddr = start, .size = end - start, .is_whole = true};
	return true;
}

int object_functions_around(struct object_functions *object, uint64_t vaddr,
			    struct object_function *ret_function)
{
	const struct symbol *symbol = symtab_find(object_functions_symtab(object), vaddr);
	struct object_function function;

	if (symbol && !symbol->is_label)
		function = (struct object_function){.name = symbol->name,
						    .vaddr = symbol->vaddr,
						    .size = symbol->size,
						    .is_whole = !symbol->is_guessed};
	else if (!go_function_around(object, vaddr, &function) &&
		 !fde_around(object, vaddr, &function))
		return -ENOENT;
	*ret_function = function;
	return 0;
}

struct symbol_question {
	const char *name;
	char *answer;
};

static int add_resolver(const struct object_symbol *symbol, void *arg)
{
	struct object_functions *object = arg;

	if (symbol->type != STT_GNU_IFUNC)
		return 0;
	GROW_ARRAY(object->resolvers, object->nr_resolvers, object->cap_resolvers);
	object->resolvers[object->nr_resolvers++] = symbol->vaddr;
	return 0;
}

bool object_functions_is_resolver(struct object_functions *object, uint64_t vaddr)
{
	if (!object->resolvers_tried)
		object_symbols_each(object->code.image, add_resolver, object);
	object->resolvers_tried = true;
	for (size_t i = 0; i < object->nr_resolvers; i++)
		if (object->resolvers[i] == vaddr)
			return true;
	return false;
}

static int is_data_named(const struct object_symbol *symbol, void *arg)
{
	const struct symbol_question *question = arg;
	size_t len = strcspn(symbol->name, "@");

	return (symbol->type == STT_OBJECT || symbol->type == STT_TLS ||
		symbol->type == STT_COMMON) &&
	       strlen(question->name) == len && !memcmp(symbol->name, question->name, len);
}

bool object_functions_is_data(const struct object_functions *object, const char *name)
{
	struct symbol_question question = {.name = name};

	return object_symbols_each(object->code.image, is_data_named, &question) > 0;
}

static int add_version(const struct object_symbol *symbol, void *arg)
{
	struct symbol_question *question = arg;
	char *longer;

	if (!symbol->version || strcmp(symbol->name, question->name) != 0)
		return 0;
	longer = xasprintf("%s%s%s%s%s", question->answer, *question->answer ? ", " : "",
			   symbol->name, symbol->is_default ? "@@" : "@", symbol->version);
	free(question->answer);
	question->answer = longer;
	return 0;
}

char *object_functions_versions(const struct object_functions *object, const char *name)
{
	struct symbol_question question = {.name = name, .answer = xstrdup("")};

	object_symbols_each(object->code.image, add_version, &question);
	return question.answer;
}
