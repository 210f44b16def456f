/* SPDX-License-Identifier: MIT */
/* What is said of a user-space probe that names nothing, or names more than it seems to. */
#include "common/alloc.h"
#include "common/maps.h"
#include "loader/near_names.h"
#include "loader/object_find.h"
#include "loader/probe_uprobe_internal.h"
#include "loader/uprobe_spec.h"
#include "symbolize/demangle.h"
#include "symbolize/function_search.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LIBRARIES 512
#define MAX_NAMED     3 /* in one sentence */

/* A few names in a sentence, and how many more there are. */
struct name_list {
	char *text; /* NULL: none */
	size_t nr;
};

static void name_list_add(struct name_list *list, const char *name, const char *quote)
{
	char *longer;

	if (list->nr++ >= MAX_NAMED)
		return;
	longer = xasprintf("%s%s%s%s%s", list->text ?: "", list->text ? ", " : "", quote, name,
			   quote);
	free(list->text);
	list->text = longer;
}

static char *name_list_take(struct name_list *list)
{
	char *text = list->text;

	list->text = NULL;
	if (list->nr <= MAX_NAMED)
		return text ?: xstrdup("");
	list->text = xasprintf("%s and %zu more", text, list->nr - MAX_NAMED);
	free(text);
	return TAKE_PTR(list->text);
}

static void name_list_add_demangled(struct name_list *list, const char *raw)
{
	_cleanup_free_ char *text = demangle_name(raw, DEMANGLE_SHORT);

	name_list_add(list, text, "'");
}

/* Search of the libraries a process has mapped. */
struct library_search {
	const struct uprobe_collection *found;
	struct name_list list;
	char *seen[MAX_LIBRARIES];
	size_t nr_seen;
};

static int count_match(const struct object_function *function, void *arg)
{
	(void)function;
	++*(int *)arg;
	return 1;
}

static bool has_function(const char *path, int fd, const char *name)
{
	_cleanup_(object_functions_closep) struct object_functions *object = NULL;
	int nr = 0;

	if (object_functions_open(fd, path, &object) < 0)
		return false;
	object_functions_match(object, name, false, count_match, &nr);
	return nr > 0;
}

/* The shortest name that finds @path again: "libc", "libc.so.6", or the path. */
static char *short_object(const char *path, pid_t pid)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	const char *so = strstr(file, ".so");
	size_t lengths[] = {so ? (size_t)(so - file) : strlen(file), strlen(file)};

	for (size_t i = 0; i < 2; i++) {
		_cleanup_free_ char *name = xstrndup(file, lengths[i]), *again = NULL;
		_cleanup_close_ int fd = object_find(name, pid, &again);

		if (fd >= 0 && !strcmp(again, path))
			return uprobe_spec_escape(name);
	}
	return uprobe_spec_escape(path);
}

static int try_library(const struct maps_entry *entry, void *arg)
{
	struct library_search *search = arg;
	const struct probe *probe = search->found->probe;
	_cleanup_free_ char *object = NULL, *text = NULL, *path = NULL;
	_cleanup_close_ int fd = -1;

	if (!entry->exec || *entry->path != '/' || search->nr_seen == MAX_LIBRARIES ||
	    !strcmp(entry->path, probe->object_path))
		return 0;
	for (size_t i = 0; i < search->nr_seen; i++)
		if (!strcmp(search->seen[i], entry->path))
			return 0;
	search->seen[search->nr_seen++] = xstrdup(entry->path);
	fd = object_find(entry->path, search->found->pid, &path);
	if (fd < 0 || !has_function(entry->path, fd, probe->name))
		return 0;
	object = short_object(entry->path, search->found->pid);
	text = xasprintf("%s:%s:%s", probe->kind->name, object, probe->name);
	name_list_add(&search->list, text, "");
	return 0;
}

/* "uprobe:libc:malloc exists", or "". */
static char *suggest_libraries(const struct uprobe_collection *found)
{
	struct library_search search = {.found = found};
	_cleanup_free_ char *names = NULL;
	_cleanup_fclose_ FILE *maps = NULL;
	char path[64];

	if (found->pid < 0)
		return xstrdup("");
	snprintf(path, sizeof(path), "/proc/%d/maps", found->pid);
	maps = fopen(path, "re");
	if (maps)
		maps_parse(maps, try_library, &search);
	for (size_t i = 0; i < search.nr_seen; i++)
		free(search.seen[i]);
	if (!search.list.nr)
		return xstrdup("");
	names = name_list_take(&search.list);
	return xasprintf("; %s exist%s", names, search.list.nr > 1 ? "" : "s");
}

struct clone_search {
	const char *name;
	struct name_list list;
};

/* Symbols that compilers derive from @name: name.part.0, name.cold, and as such in C++. */
static void on_name(const char *raw, void *arg)
{
	struct clone_search *search = arg;
	size_t len = strlen(search->name);
	_cleanup_free_ char *text = NULL;

	if (strncmp(raw, "_Z", 2) != 0) {
		if (!strncmp(raw, search->name, len) && raw[len] == '.')
			name_list_add(&search->list, raw, "'");
		return;
	}
	if (!strchr(raw, '.'))
		return;
	text = demangle_name(raw, DEMANGLE_SHORT);
	if (!strcmp(text, search->name))
		name_list_add(&search->list, raw, "'");
}

static char *suggest_clones(const struct uprobe_collection *found)
{
	struct clone_search search = {.name = found->probe->name};
	_cleanup_free_ char *names = NULL;

	object_functions_each_name(found->object, on_name, &search);
	if (!search.list.nr)
		return xstrdup("");
	names = name_list_take(&search.list);
	return xasprintf("; the compiler made %s of it", names);
}

/* "it is inlined everywhere...", or NULL. */
static char *explain_inlined(const struct uprobe_collection *found)
{
	const struct function_search *inlined = object_functions_inlined(found->object,
									 found->probe->name);
	struct name_list callers = {0};
	_cleanup_free_ char *names = NULL, *clones = NULL;

	if (!inlined || !inlined->nr_inlined)
		return NULL;
	for (size_t i = 0; i < inlined->nr_callers; i++)
		name_list_add_demangled(&callers, inlined->callers[i]);
	names = name_list_take(&callers);
	clones = suggest_clones(found);
	return xasprintf("'%s' is inlined everywhere it is called in '%s'%s%s%s",
			 found->probe->name, found->probe->object_path,
			 *names ? "; probe its callers: " : "", names, clones);
}

static char *near_question(const struct uprobe_collection *found)
{
	struct near_names near;

	near_names_init(&near, found->probe->name);
	object_functions_near(found->object, &near);
	return near_names_question(&near);
}

/* The sentence on a name that no function of the object has. */
static char *explain_missing(const struct uprobe_collection *found)
{
	const struct probe *probe = found->probe;
	_cleanup_free_ char *base = xstrndup(probe->name, strcspn(probe->name, "@"));
	_cleanup_free_ char *versions = strchr(probe->name, '@')
						? object_functions_versions(found->object, base)
						: xstrdup("");
	_cleanup_free_ char *libraries = NULL, *hint = NULL;
	char *inlined;

	if (*versions)
		return xasprintf("there is no function '%s' in '%s'; it has %s", probe->name,
				 probe->object_path, versions);
	if (object_functions_is_data(found->object, probe->name))
		return xasprintf("'%s' of '%s' is data, no function", probe->name,
				 probe->object_path);
	inlined = probe_is_glob(probe->name) ? NULL : explain_inlined(found);
	if (inlined)
		return inlined;
	libraries = suggest_libraries(found);
	hint = *libraries ? xstrdup("") : suggest_clones(found);
	if (!*libraries && !*hint) {
		free(hint);
		hint = near_question(found);
	}
	return xasprintf("there is no function '%s' in '%s'%s%s", probe->name, probe->object_path,
			 libraries, hint);
}

int uprobe_explain_nothing(const struct uprobe_collection *found, char **ret_error)
{
	const struct probe *probe = found->probe;
	bool is_glob = probe_is_glob(probe->name);

	if (found->nr_between && !is_glob) {
		*ret_error = xasprintf("'%s': %s", probe->text, found->between);
		return -EINVAL;
	}
	if (found->nr_between) {
		*ret_error = xasprintf(
			"'%s': no function has an instruction beginning at +%" PRIu64, probe->text,
			probe->off);
		return -EINVAL;
	}
	if (found->nr_short) {
		*ret_error = xasprintf("'%s' has %" PRIu64 " bytes, +%" PRIu64 " is outside of it",
				       probe->name, found->size, probe->off);
		return -EINVAL;
	}
	if (found->nr_unprobeable) {
		*ret_error = xasprintf(
			probe->off ? "the kernel can put no uprobe on the instruction '%s' names; "
				     "name another one as %s+OFF"
				   : "the kernel can put no uprobe on the first instruction of "
				     "'%s'; name a later one as %s+OFF",
			probe->off ? probe->text : probe->name, probe->name);
		return -EOPNOTSUPP;
	}
	if (found->nr_data) {
		*ret_error = xasprintf("'%s' of '%s' is a label without a type, and what is there "
				       "does not look like code: a probe would change data",
				       probe->name, probe->object_path);
		return -EINVAL;
	}
	*ret_error = explain_missing(found);
	return -ENOENT;
}

/* "__libc_malloc" and "malloc": the same word in the clothes of a C library. */
static const char *plain_word(const char *name)
{
	static const char *const prefixes[] = {"GI_", "libc_", "IO_", "new_", "old_"};

	name += strspn(name, "_");
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t len = strlen(prefixes[i]);

		if (!strncmp(name, prefixes[i], len))
			name += len + strspn(name + len, "_");
	}
	return name;
}

struct alias_search {
	const char *asked; /* demangled, as the others */
	struct name_list list;
};

static void on_alias(const char *raw, void *arg)
{
	struct alias_search *search = arg;
	_cleanup_free_ char *text = demangle_name(raw, DEMANGLE_SHORT);
	_cleanup_free_ char *full = demangle_name(raw, DEMANGLE_FULL);

	/* asked for with its parameters, as it is listed, or raw: that is no second name */
	if (!strcmp(full, search->asked) || !strcmp(raw, search->asked))
		return;
	if (strcmp(plain_word(text), plain_word(search->asked)) != 0)
		name_list_add(&search->list, text, "'");
}

void uprobe_note_names(const struct uprobe_collection *found, char **ret_note)
{
	_cleanup_free_ char *asked = demangle_name(found->name, DEMANGLE_SHORT), *names = NULL;
	_cleanup_free_ char *wanted = xstrndup(found->probe->name,
					       strcspn(found->probe->name, "@"));
	struct alias_search search = {.asked = probe_is_glob(wanted) ? asked : wanted};
	const char *shown_raw;
	_cleanup_free_ char *shown = NULL, *stacks = NULL;

	if (strcmp(found->name, wanted) != 0 && strchr(found->name, '.') &&
	    strncmp(found->name, wanted, strlen(wanted)) == 0)
		uprobe_note_add(ret_note, xasprintf("'%s' is '%s' here, as the compiler made it",
						    wanted, found->name));
	object_functions_names_at(found->object, found->vaddr, on_alias, &search);
	if (!search.list.nr)
		return;
	names = name_list_take(&search.list);
	shown_raw = object_functions_name_at(found->object, found->vaddr);
	shown = demangle_name(shown_raw ?: found->name, DEMANGLE_SHORT);
	if (strcmp(shown, search.asked) != 0)
		stacks = xasprintf(", and stacks say '%s'", shown);
	uprobe_note_add(ret_note, xasprintf("'%s' is the same code as %s: the probe sees the calls "
					    "of all%s",
					    search.asked, names, stacks ?: ""));
}

static int on_candidate(const struct object_function *function, void *arg)
{
	name_list_add(arg, function->name, "'");
	return 0;
}

void uprobe_note_choosers(const struct uprobe_collection *found, char **ret_note)
{
	_cleanup_free_ char *pattern = xasprintf("__%s_*", plain_word(found->name));
	_cleanup_free_ char *names = NULL;
	struct name_list list = {0};

	if (found->nr_choosers == 1)
		object_functions_match(found->object, pattern, false, on_candidate, &list);
	names = name_list_take(&list);
	uprobe_note_add(ret_note,
			xasprintf("'%s': %zu function%s chosen at run time: the probe sees the "
				  "choice, not the calls; the functions themselves have names like "
				  "%s",
				  found->probe->text, found->nr_choosers,
				  found->nr_choosers == 1 ? " is" : "s are",
				  *names ? names : pattern));
}
