/* SPDX-License-Identifier: MIT */
/* `ctrace list`: the probes that exist on this machine and match a pattern. */
#include "cli/commands.h"
#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "loader/probe.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

struct list_arguments {
	const char *pattern;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct list_arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (args->pattern)
			argp_error(state, "one pattern at a time: '%s' is too many", arg);
		args->pattern = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->pattern)
			argp_error(state, "no pattern given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char examples[] = "\nEXAMPLES\n"
			       "  ctrace list 'uprobe:libc:mem*'\n"
			       "  ctrace list 'tracepoint:sched:*'\n"
			       "  ctrace list 'kprobe:vfs_*'\n"
			       "  ctrace list software\n";

/* The kinds come from the table of probes, so that a new one is listed by itself. */
static char *filter_help(int key, const char *text, void *input)
{
	char *help = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)(uintptr_t)text;
	out = open_memstream(&help, &size);
	if (!out)
		return NULL;
	fputs("Probes:\n", out);
	probe_print_help(out);
	fputs(examples, out);
	fclose(out);
	return help;
}

static const struct argp list_argp = {
	.parser = parse_option,
	.args_doc = "PATTERN",
	.doc = "Prints the probes that exist here, one a line, ready to be given to ctrace.  "
	       "PATTERN is a probe with *, ? and [...] in its names, or a kind alone.\v",
	.help_filter = filter_help,
};

struct probe_names {
	char **names;
	size_t nr, cap;
};

static int keep(const char *probe, void *arg)
{
	struct probe_names *list = arg;

	GROW_ARRAY(list->names, list->nr, list->cap);
	list->names[list->nr++] = xstrdup(probe);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, each once; a reader that has seen enough ends it. */
static void print(const struct probe_names *list)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (i && !strcmp(list->names[i], list->names[i - 1]))
			continue;
		if (puts(list->names[i]) < 0)
			return;
	}
}

static void release(struct probe_names *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->names[i]);
	free(list->names);
}

int cmd_list(int argc, char **argv)
{
	struct list_arguments args = {0};
	struct probe_names list = {0};
	_cleanup_free_ char *error = NULL;
	int err;

	argp_parse(&list_argp, argc, argv, 0, NULL, &args);
	err = probe_list(args.pattern, keep, &list, &error);
	if (err < 0)
		log_error("%s", error ? error : strerror(-err));
	else if (!list.nr)
		log_error("nothing matches '%s'", args.pattern);
	if (list.nr)
		qsort(list.names, list.nr, sizeof(*list.names), compare);
	print(&list);
	release(&list);
	return err < 0 || !list.nr ? EXIT_FAILED : 0;
}
