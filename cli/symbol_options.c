/* SPDX-License-Identifier: MIT */
#include "cli/symbol_options.h"

#include "cli/fetch_progress.h"
#include "common/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_DEMANGLE = 0x300,
	KEY_DEBUG_DIR,
	KEY_DEBUGINFOD,
	KEY_NO_CACHE,
};

static const struct argp_option options[] = {
	{.name = "demangle",
	 .key = KEY_DEMANGLE,
	 .arg = "MODE",
	 .doc = "short: no parameters, hashes or clone suffixes; full; simple: short, templates "
		"as <>; none (default: short)"},
	{.name = "debug-dir",
	 .key = KEY_DEBUG_DIR,
	 .arg = "DIR",
	 .doc = "Look for separate debug files here first; repeatable (then: /usr/lib/debug)"},
	{.name = "debuginfod",
	 .key = KEY_DEBUGINFOD,
	 .doc = "Fetch debug files that are not here from the servers of DEBUGINFOD_URLS"},
	{.name = "no-cache",
	 .key = KEY_NO_CACHE,
	 .doc = "Neither take names from ~/.cache/ctrace/symbols nor keep them there"},
	{0}};

void symbol_options_init(struct symbol_options *symbols)
{
	*symbols = (struct symbol_options){0};
	symbols->values.inlines = true;
	symbols->values.cache = true;
	symbols->values.demangle = DEMANGLE_SHORT;
	symbols->values.fetch_progress = fetch_progress_show;
}

void symbol_options_release(struct symbol_options *symbols)
{
	free(symbols->debug_dirs);
}

static void add_debug_dir(struct symbol_options *symbols, const char *dir)
{
	/* One more than needed: the list ends with NULL. */
	symbols->debug_dirs = xreallocarray(symbols->debug_dirs, symbols->nr_debug_dirs + 2,
					    sizeof(*symbols->debug_dirs));
	symbols->debug_dirs[symbols->nr_debug_dirs++] = dir;
	symbols->debug_dirs[symbols->nr_debug_dirs] = NULL;
	symbols->values.debug_dirs = symbols->debug_dirs;
}

static int parse_demangle(const char *text, enum demangle_mode *ret_mode)
{
	static const char *const modes[] = {
		[DEMANGLE_SHORT] = "short",
		[DEMANGLE_FULL] = "full",
		[DEMANGLE_SIMPLE] = "simple",
		[DEMANGLE_NONE] = "none",
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(text, modes[i]) == 0) {
			*ret_mode = (enum demangle_mode)i;
			return 0;
		}
	}
	return -EINVAL;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct symbol_options *symbols = state->input;

	switch (key) {
	case KEY_DEMANGLE:
		if (parse_demangle(arg, &symbols->values.demangle) < 0)
			argp_error(state, "--demangle takes short, full, simple or none, not '%s'",
				   arg);
		return 0;
	case KEY_DEBUG_DIR:
		add_debug_dir(symbols, arg);
		return 0;
	case KEY_DEBUGINFOD:
		symbols->values.debuginfod = true;
		return 0;
	case KEY_NO_CACHE:
		symbols->values.cache = false;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp symbol_options_argp = {.options = options, .parser = parse_option};
