/* SPDX-License-Identifier: MIT */
#include "loader/probe_kind_hint.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "loader/near_names.h"
#include "loader/object_find.h"
#include "loader/probe_internal.h"
#include "loader/tracefs.h"

#include <string.h>

/* Kinds of other tracers that are not here, and what does the same; NULL: nothing does. */
static const struct {
	const char *kind;
	const char *instead;
} foreign[] = {
	{"kretprobe", "kprobe"},
	{"kr", "kprobe"},
	{"fexit", "fentry"},
	{"kretfunc", "fentry"},
	{"fr", "fentry"},
	{"uretprobes", "uretprobe"},
	{"rawtracepoint", "tracepoint"},
	{"rt", "tracepoint"},
	{"usdt", NULL},
	{"U", NULL},
	{"watchpoint", NULL},
	{"w", NULL},
	{"asyncwatchpoint", NULL},
	{"iter", NULL},
	{"BEGIN", NULL},
};

static int found(const char *category, const char *name, void *arg)
{
	(void)category;
	(void)name;
	(void)arg;
	return 1;
}

static bool is_category(const char *word)
{
	_cleanup_close_ int fd = tracefs_open();

	return fd >= 0 && *word && !strpbrk(word, "*?[") &&
	       tracefs_match_events(fd, word, "*", found, NULL) > 0;
}

static bool is_object(const char *word)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = *word ? object_find(word, -1, &path) : -1;

	return fd >= 0;
}

static char *hint_foreign(const char *word)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (strcmp(foreign[i].kind, word) != 0)
			continue;
		if (!foreign[i].instead)
			return xasprintf("; %s probes are not supported yet", word);
		return xasprintf("; %s is not supported yet, %s: is nearest", word,
				 foreign[i].instead);
	}
	return NULL;
}

char *probe_kind_hint(const char *text)
{
	const char *colon = strchr(text, ':'), *rest = colon + 1;
	_cleanup_free_ char *word = xstrndup(text, (size_t)(colon - text));
	const struct probe_kind *kind;
	struct near_names near;
	char *hint = hint_foreign(word);

	if (hint)
		return hint;
	if (*rest && (!strcmp(word, "syscall") ||
		      (!strcmp(word, "syscalls") && strncmp(rest, "sys_", 4) != 0)))
		return xasprintf("; did you mean tracepoint:syscalls:sys_enter_%s?", rest);
	if (is_category(word))
		return xasprintf("; did you mean tracepoint:%s:%s?", word, *rest ? rest : "*");
	near_names_init(&near, word);
	for (size_t i = 0; (kind = probe_kind_at(i)); i++)
		near_names_add(&near, kind->name);
	if (near.nr)
		return xasprintf("; did you mean %s:%s?", near.best[0].name, rest);
	if (*rest && is_object(word))
		return xasprintf("; did you mean uprobe:%s:%s?", word, rest);
	return xstrdup("");
}
