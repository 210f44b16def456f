/* SPDX-License-Identifier: MIT */
#include "symbolize/function_search.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/log.h"
#include "symbolize/dwarf_cursor.h"
#include "symbolize/dwarf_search.h"
#include "symbolize/gopclntab.h"
#include "symbolize/named_file.h"
#include "symbolize/object_files.h"
#include "symbolize/sandbox.h"
#include "symbolize/symbolize_options.h"

#include <errno.h>
#include <string.h>

#define TIMEOUT_MS 60000

struct function_search *function_search_new(void)
{
	return xcalloc(1, sizeof(struct function_search));
}

void function_search_free(struct function_search *search)
{
	if (!search)
		return;
	for (size_t i = 0; i < search->nr; i++)
		free(search->functions[i].name);
	for (size_t i = 0; i < search->nr_callers; i++)
		free(search->callers[i]);
	free(search->functions);
	free(search);
}

bool function_search_add(struct function_search *search, const char *name, uint64_t vaddr,
			 uint64_t size, enum name_verdict verdict)
{
	if (search->nr == FUNCTION_SEARCH_MAX)
		return false;
	GROW_ARRAY(search->functions, search->nr, search->cap);
	search->functions[search->nr++] = (struct found_function){
		.name = xstrdup(name), .vaddr = vaddr, .size = size, .verdict = verdict};
	return true;
}

static void add_caller(struct function_search *search, const char *caller)
{
	if (search->nr_callers == FUNCTION_SEARCH_MAX_CALLERS)
		return;
	for (size_t i = 0; i < search->nr_callers; i++)
		if (!strcmp(search->callers[i], caller))
			return;
	search->callers[search->nr_callers++] = xstrdup(caller);
}

void function_search_add_inlined(struct function_search *search, const char *caller)
{
	search->nr_inlined++;
	if (caller)
		add_caller(search, caller);
}

struct go_search {
	struct function_search *search;
	const struct gopclntab *table;
	const struct name_pattern *pattern;
	const struct go_function *function; /* looked into */
};

static void on_go_inlined(const char *name, void *arg)
{
	struct go_search *go = arg;

	if (name_pattern_judge(go->pattern, name) == NAME_EQUALS)
		function_search_add_inlined(go->search, go->function->name);
}

static int on_go_function(const struct go_function *function, void *arg)
{
	struct go_search *go = arg;
	enum name_verdict verdict = name_pattern_judge(go->pattern, function->name);

	go->function = function;
	gopclntab_each_inlined(go->table, function, on_go_inlined, go);
	if (verdict == NAME_DIFFERS)
		return 0;
	return !function_search_add(go->search, function->name, function->vaddr, function->size,
				    verdict);
}

int function_search_go(struct function_search *search, struct elf_image *image,
		       const struct name_pattern *pattern)
{
	_cleanup_(gopclntab_freep) struct gopclntab *table = NULL;
	struct go_search go = {.search = search, .pattern = pattern};
	int err = gopclntab_open(image, &table);

	if (err)
		return err;
	go.table = table;
	gopclntab_each(table, on_go_function, &go);
	return 0;
}

/* What the child gets by being a copy of us. */
struct child_work {
	const struct object_files *files;
	const struct name_pattern *pattern;
	struct sandbox *sandbox;
};

static int open_from_child(const void *arg, const char *path)
{
	const struct child_work *work = arg;

	return sandbox_open(work->sandbox, path);
}

/*
 * The answer: the functions, each vaddr, size, verdict and name; then the number of inlined places
 * and the callers' names.
 */
static void write_answer(const struct function_search *search, uint8_t **ret_answer,
			 size_t *ret_size)
{
	char *answer = NULL;
	FILE *out = open_memstream(&answer, ret_size);

	if (!out)
		die_oom();
	fwrite(&search->nr, sizeof(search->nr), 1, out);
	for (size_t i = 0; i < search->nr; i++) {
		const struct found_function *function = &search->functions[i];
		uint8_t verdict = (uint8_t)function->verdict;

		fwrite(&function->vaddr, sizeof(function->vaddr), 1, out);
		fwrite(&function->size, sizeof(function->size), 1, out);
		fwrite(&verdict, sizeof(verdict), 1, out);
		fwrite(function->name, strlen(function->name) + 1, 1, out);
	}
	fwrite(&search->nr_inlined, sizeof(search->nr_inlined), 1, out);
	fwrite(&search->nr_callers, sizeof(search->nr_callers), 1, out);
	for (size_t i = 0; i < search->nr_callers; i++)
		fwrite(search->callers[i], strlen(search->callers[i]) + 1, 1, out);
	fclose(out);
	*ret_answer = (uint8_t *)answer;
}

static int read_answer(struct function_search *search, const uint8_t *answer, size_t size)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(answer, size, 0);
	uint64_t nr = dwarf_u64(&cursor);

	for (uint64_t i = 0; i < nr && !cursor.failed; i++) {
		uint64_t vaddr = dwarf_u64(&cursor), len = dwarf_u64(&cursor);
		uint8_t verdict = dwarf_u8(&cursor);
		const char *name = dwarf_string(&cursor);

		if (name)
			function_search_add(search, name, vaddr, len,
					    verdict == NAME_EQUALS ? NAME_EQUALS : NAME_MATCHES);
	}
	search->nr_inlined += dwarf_u64(&cursor);
	nr = dwarf_u64(&cursor);
	for (uint64_t i = 0; i < nr && !cursor.failed; i++) {
		const char *name = dwarf_string(&cursor);

		if (name)
			add_caller(search, name);
	}
	return cursor.failed ? -EBADMSG : 0;
}

static void search_in_child(struct sandbox *sandbox, void *arg, uint8_t **ret_answer,
			    size_t *ret_size)
{
	struct child_work *work = arg;
	struct dwarf_opener opener = {.open = open_from_child, .arg = work};
	struct function_search *search = function_search_new();
	int err = sandbox_lock(sandbox);

	if (err)
		log_debug("searching child keeps some rights: %s", strerror(-err));
	work->sandbox = sandbox;
	err = dwarf_search(work->files, &opener, work->pattern, search);
	if (err)
		log_debug("searching %s: %s", work->files->path, strerror(-err));
	write_answer(search, ret_answer, ret_size);
}

int function_search_dwarf(struct function_search *search, struct elf_image *image, const char *path,
			  const struct name_pattern *pattern)
{
	const struct symbolize_options options = {.inlines = true};
	struct object_files files;
	struct child_work work = {.files = &files, .pattern = pattern};
	struct sandbox_job job = {
		.run = search_in_child,
		.arg = &work,
		.open = named_file_open,
		.timeout_ms = TIMEOUT_MS,
	};
	_cleanup_free_ uint8_t *answer = NULL;
	size_t size;
	int err = -ENOENT;

	object_files_find(image, path, &options, &files);
	if (files.dwarf_image)
		err = sandbox_run(&job, &answer, &size);
	if (!err)
		err = read_answer(search, answer, size);
	object_files_release(&files);
	return err;
}
