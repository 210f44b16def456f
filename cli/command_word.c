/* SPDX-License-Identifier: MIT */
#include "cli/command_word.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Tells whether an option has a mandatory value; aliases have that of the option before them. */
typedef bool (*option_match_fn)(const struct argp_option *option, const char *text, size_t len);

static bool is_end(const struct argp_option *option)
{
	return !option->key && !option->name && !option->doc && !option->group;
}

static bool matches_short(const struct argp_option *option, const char *text, size_t len)
{
	(void)len;
	return !(option->flags & OPTION_DOC) && option->key == text[0];
}

static bool matches_long(const struct argp_option *option, const char *text, size_t len)
{
	return !(option->flags & OPTION_DOC) && option->name && strlen(option->name) == len &&
	       !strncmp(option->name, text, len);
}

/* getopt_long() takes any beginning of a name. */
static bool matches_long_beginning(const struct argp_option *option, const char *text, size_t len)
{
	return !(option->flags & OPTION_DOC) && option->name && !strncmp(option->name, text, len);
}

static bool find_option(const struct argp *argp, option_match_fn matches, const char *text,
			size_t len, bool *ret_takes_value)
{
	bool takes_value = false;

	for (const struct argp_option *o = argp->options; o && !is_end(o); o++) {
		if (!(o->flags & OPTION_ALIAS))
			takes_value = o->arg && !(o->flags & OPTION_ARG_OPTIONAL);
		if (matches(o, text, len)) {
			*ret_takes_value = takes_value;
			return true;
		}
	}
	for (const struct argp_child *c = argp->children; c && c->argp; c++) {
		if (find_option(c->argp, matches, text, len, ret_takes_value))
			return true;
	}
	return false;
}

static bool long_takes_next(const struct argp *argp, const char *name)
{
	size_t len = strcspn(name, "=");
	bool takes_value;

	if (name[len] == '=')
		return false;
	if (!find_option(argp, matches_long, name, len, &takes_value) &&
	    !find_option(argp, matches_long_beginning, name, len, &takes_value))
		return false;
	return takes_value;
}

/* "-qo" takes the next word as its value, "-ox" and "-qv" don't. */
static bool short_takes_next(const struct argp *argp, const char *letters)
{
	for (; *letters; letters++) {
		bool takes_value;

		if (find_option(argp, matches_short, letters, 1, &takes_value) && takes_value)
			return letters[1] == '\0';
	}
	return false;
}

int command_word_find(int argc, const char *const *argv, const struct argp *argp)
{
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (!strcmp(arg, "--"))
			return 0;
		if (arg[0] != '-' || arg[1] == '\0')
			return i;
		if (arg[1] == '-' ? long_takes_next(argp, arg + 2)
				  : short_takes_next(argp, arg + 1))
			i++;
	}
	return 0;
}
