/* SPDX-License-Identifier: MIT */
#include "loader/kernel_functions.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/hash_table.h"
#include "loader/tracefs.h"
#include "symbolize/kallsyms.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#define BTF_DIRECTORY "/sys/kernel/btf"

struct match {
	const char *pattern;
	int (*fn)(const char *name, void *arg);
	void *arg;
	int nr;
	bool ended;
};

static void found(struct match *match, const char *name)
{
	match->nr++;
	match->ended = match->fn(name, match->arg) > 0;
}

static int on_kallsym(const char *name, uint64_t addr, void *arg)
{
	struct match *match = arg;

	(void)addr;
	found(match, name);
	return match->ended;
}

static int match_kallsyms(struct match *match)
{
	_cleanup_(kallsyms_freep) struct kallsyms *syms = NULL;
	int ret = kallsyms_load("/proc/kallsyms", &syms);

	if (ret < 0)
		return ret;
	kallsyms_match(syms, match->pattern, on_kallsym, match);
	return match->nr;
}

static void match_btf_from(const struct btf *btf, unsigned int first, struct match *match)
{
	unsigned int nr = btf__type_cnt(btf);

	for (unsigned int id = first; id < nr && !match->ended; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name;

		if (!btf_is_func(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (name && fnmatch(match->pattern, name, 0) == 0)
			found(match, name);
	}
}

static void match_modules(struct btf *vmlinux, struct match *match)
{
	_cleanup_closedir_ DIR *dir = opendir(BTF_DIRECTORY);
	const struct dirent *entry;

	while (dir && !match->ended && (entry = readdir(dir))) {
		struct btf *module;

		if (*entry->d_name == '.' || !strcmp(entry->d_name, "vmlinux"))
			continue;
		module = btf__load_module_btf(entry->d_name, vmlinux);
		if (!module)
			continue;
		match_btf_from(module, btf__type_cnt(vmlinux), match);
		btf__free(module);
	}
}

static int match_btf(struct match *match)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();

	if (!vmlinux)
		return errno == EACCES || errno == EPERM ? -EACCES : -ENODEV;
	match_btf_from(vmlinux, 1, match);
	if (!match->ended)
		match_modules(vmlinux, match);
	btf__free(vmlinux);
	return match->nr;
}

/* Names of functions that can be hooked, as a set. */
struct hookable {
	UT_hash_handle hh;
	char name[];
};

struct hook_filter {
	struct hookable *set;
	struct match *match;
};

static void add_hookable(struct hookable **set, const char *name)
{
	size_t len = strlen(name);
	struct hookable *entry;

	HASH_FIND(hh, *set, name, len, entry);
	if (entry)
		return;
	entry = xcalloc(1, sizeof(*entry) + len + 1);
	memcpy(entry->name, name, len + 1);
	HASH_ADD_KEYPTR(hh, *set, entry->name, len, entry);
}

static void free_hookables(struct hookable *set)
{
	struct hookable *entry, *next;

	HASH_ITER (hh, set, entry, next) {
		HASH_DEL(set, entry);
		free(entry);
	}
}

/* Lines "name" or "name [module]". */
static int read_hookables(const char *pattern, struct hookable **ret_set)
{
	_cleanup_close_ int tracefs = tracefs_open();
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	struct hookable *set = NULL;
	size_t cap = 0;
	int fd;

	if (tracefs < 0)
		return tracefs;
	fd = openat(tracefs, "available_filter_functions", O_RDONLY | O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file)
		return -errno;
	while (getline(&line, &cap, file) > 0) {
		line[strcspn(line, " \t\n")] = '\0';
		if (fnmatch(pattern, line, 0) == 0)
			add_hookable(&set, line);
	}
	*ret_set = set;
	return 0;
}

static int pass_hookable(const char *name, void *arg)
{
	struct hook_filter *filter = arg;
	struct hookable *entry;

	HASH_FIND(hh, filter->set, name, strlen(name), entry);
	if (entry)
		found(filter->match, name);
	return filter->match->ended;
}

static int match_hookable(struct match *match)
{
	struct hook_filter filter = {.match = match};
	struct match all = {.pattern = match->pattern, .fn = pass_hookable, .arg = &filter};
	int ret;

	if (read_hookables(match->pattern, &filter.set) < 0)
		return match_btf(match);
	ret = match_btf(&all);
	free_hookables(filter.set);
	return ret < 0 ? ret : match->nr;
}

int kernel_functions_match(enum kernel_function_set set, const char *pattern,
			   int (*fn)(const char *name, void *arg), void *arg)
{
	struct match match = {.pattern = pattern, .fn = fn, .arg = arg};

	switch (set) {
	case KERNEL_FUNCTIONS_ALL:
		return match_kallsyms(&match);
	case KERNEL_FUNCTIONS_BTF:
		return match_btf(&match);
	case KERNEL_FUNCTIONS_HOOK:
		return match_hookable(&match);
	}
	return -EINVAL;
}
