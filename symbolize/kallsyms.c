/* SPDX-License-Identifier: MIT */
#include "symbolize/kallsyms.h"

#include "common/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES                                                                    \
	((size_t)1 << 20) /* the kernel formats line by line; large reads are fastest \
			   */
#define MAX_BYTES    ((size_t)256 << 20)
#define MAX_MODULES  ((size_t)1 << 16)
#define NAME_NONE    UINT32_MAX /* data: only bounds the function before it */
#define MODULES_FILE "modules"	/* beside kallsyms: /proc/modules */

struct kallsym {
	uint64_t addr;
	uint32_t name;	 /* offset into the text, or NAME_NONE */
	uint32_t module; /* offset into the text, 0 for the kernel proper */
	uint8_t badness; /* of aliases the one with the least is shown */
};

struct module_range {
	uint64_t start;
	uint64_t end;
};

struct kallsyms {
	char *text;
	struct kallsym *items; /* by address; of one address the best name last */
	size_t nr;
	size_t cap;
	struct module_range *modules;
	size_t nr_modules;
	size_t cap_modules;
};

/* The whole file, NUL-terminated. */
static int read_text(const char *path, char **ret_text, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t len = 0, cap = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t got;

		if (cap - len < READ_BYTES) {
			if (cap >= MAX_BYTES)
				return -E2BIG;
			cap = cap ? cap * 2 : 8 * READ_BYTES;
			text = xreallocarray(text, cap + 1, 1);
		}
		got = read(fd, text + len, READ_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	text[len] = '\0';
	*ret_text = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}

/* Number of digits read. */
static size_t parse_hex(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t nr = 0;

	for (;; nr++) {
		char c = text[nr];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	*ret_value = value;
	return nr;
}

static bool is_marker(const char *name)
{
	static const char *const markers[] = {"_text",	      "_stext",	    "startup_64", "_etext",
					      "__text_start", "_sinittext", "_einittext"};

	for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++)
		if (strcmp(name, markers[i]) == 0)
			return true;
	return false;
}

static uint8_t name_badness(const char *name, char type)
{
	uint8_t badness = 0;

	if (is_marker(name))
		badness += 8;
	if (strncmp(name, "__pfx_", 6) == 0 || strncmp(name, "__cfi_", 6) == 0)
		badness += 4;
	if (type == 't' || type == 'w')
		badness += 2;
	if (name[0] == '_')
		badness++;
	return badness;
}

static char *next_line(char *at)
{
	at += strcspn(at, "\n");
	return *at ? at + 1 : at;
}

static void add_symbol(struct kallsyms *syms, const struct kallsym *sym)
{
	if (sym->addr == 0)
		return;
	GROW_ARRAY(syms->items, syms->nr, syms->cap);
	syms->items[syms->nr++] = *sym;
}

/*
 * One line, "address type name" and perhaps "\t[module]"; the name and module are terminated in
 * place.  Returns the start of the next line.
 */
static char *parse_line(struct kallsyms *syms, char *line)
{
	struct kallsym sym = {.name = NAME_NONE};
	char *next = next_line(line);
	char *at = line + parse_hex(line, &sym.addr);
	char *name, *end, *module, *module_end;
	char type;

	if (at == line || at[0] != ' ' || at[1] == '\0' || at[2] != ' ')
		return next;
	type = at[1];
	name = at + 3;
	end = name + strcspn(name, "\t\n");
	if (end == name)
		return next;
	module = end + 2;
	module_end = end[0] == '\t' && end[1] == '[' ? module + strcspn(module, "]\n") : end;
	if (*module_end == ']') {
		sym.module = (uint32_t)(module - syms->text);
		*module_end = '\0';
	}
	*end = '\0';
	if (strchr("tTwW", type)) {
		sym.name = (uint32_t)(name - syms->text);
		sym.badness = name_badness(name, type);
	}
	add_symbol(syms, &sym);
	return next;
}

static int compare_syms(const void *a, const void *b)
{
	const struct kallsym *x = a;
	const struct kallsym *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if ((x->name == NAME_NONE) != (y->name == NAME_NONE))
		return x->name == NAME_NONE ? -1 : 1;
	if (x->badness != y->badness)
		return x->badness > y->badness ? -1 : 1;
	return (x->name < y->name) - (x->name > y->name);
}

static int compare_modules(const void *a, const void *b)
{
	const struct module_range *x = a;
	const struct module_range *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* "name size refs users state 0xaddress": tells where a module's last function ends at the latest.
 */
static void parse_module(struct kallsyms *syms, const char *line)
{
	unsigned long long size, start;

	if (sscanf(line, "%*s %llu %*s %*s %*s 0x%llx", &size, &start) != 2 || start == 0 ||
	    syms->nr_modules == MAX_MODULES)
		return;
	GROW_ARRAY(syms->modules, syms->nr_modules, syms->cap_modules);
	syms->modules[syms->nr_modules++] = (struct module_range){.start = start,
								  .end = start + size};
}

static void load_modules(struct kallsyms *syms, const char *kallsyms_path)
{
	const char *slash = strrchr(kallsyms_path, '/');
	_cleanup_free_ char *path = xasprintf(
		"%.*s" MODULES_FILE, slash ? (int)(slash + 1 - kallsyms_path) : 0, kallsyms_path);
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	size_t len;

	if (read_text(path, &text, &len) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		parse_module(syms, line);
	if (syms->nr_modules)
		qsort(syms->modules, syms->nr_modules, sizeof(*syms->modules), compare_modules);
}

int kallsyms_load(const char *path, struct kallsyms **ret_syms)
{
	_cleanup_(kallsyms_freep) struct kallsyms *syms = xcalloc(1, sizeof(*syms));
	size_t len;
	int err;

	err = read_text(path, &syms->text, &len);
	if (err)
		return err;
	for (char *line = syms->text; *line;)
		line = parse_line(syms, line);
	if (syms->nr == 0 && len)
		return -EACCES;
	if (syms->nr)
		qsort(syms->items, syms->nr, sizeof(*syms->items), compare_syms);
	load_modules(syms, path);
	*ret_syms = TAKE_PTR(syms);
	return 0;
}

void kallsyms_free(struct kallsyms *syms)
{
	if (!syms)
		return;
	free(syms->text);
	free(syms->items);
	free(syms->modules);
	free(syms);
}

/* Number of symbols that begin at or before @addr. */
static size_t upper_bound(const struct kallsyms *syms, uint64_t addr)
{
	size_t low = 0;
	size_t high = syms->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (syms->items[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether @start and @addr lie in one module, or both in none we know. */
static bool same_module(const struct kallsyms *syms, uint64_t start, uint64_t addr)
{
	for (size_t i = 0; i < syms->nr_modules; i++) {
		const struct module_range *module = &syms->modules[i];

		if (start >= module->start && start < module->end)
			return addr < module->end;
	}
	return true;
}

const char *kallsyms_find(const struct kallsyms *syms, uint64_t addr, const char **ret_module,
			  uint64_t *ret_start)
{
	size_t index = upper_bound(syms, addr);
	const struct kallsym *sym;

	if (index == 0)
		return NULL;
	sym = &syms->items[index - 1];
	if (sym->name == NAME_NONE || !same_module(syms, sym->addr, addr))
		return NULL;
	/* The end of the kernel's text is no function, and nothing bounds the very last symbol. */
	if (is_marker(syms->text + sym->name) && addr != sym->addr)
		return NULL;
	if (ret_module)
		*ret_module = sym->module ? syms->text + sym->module : NULL;
	if (ret_start)
		*ret_start = sym->addr;
	return syms->text + sym->name;
}

int kallsyms_match(const struct kallsyms *syms, const char *pattern,
		   int (*fn)(const char *name, uint64_t addr, void *arg), void *arg)
{
	int nr_matches = 0;

	for (size_t i = 0; i < syms->nr; i++) {
		const struct kallsym *sym = &syms->items[i];
		const char *name = syms->text + sym->name;

		if (sym->name == NAME_NONE || fnmatch(pattern, name, 0) != 0)
			continue;
		nr_matches++;
		if (fn(name, sym->addr, arg) > 0)
			break;
	}
	return nr_matches;
}
