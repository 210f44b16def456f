/* SPDX-License-Identifier: MIT */
/* The uprobes there are in an object: its functions by the names people type. */
#include "common/alloc.h"
#include "loader/object_find.h"
#include "loader/object_functions.h"
#include "loader/object_symbols.h"
#include "loader/probe_internal.h"
#include "loader/uprobe_spec.h"
#include "symbolize/demangle.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

struct listing {
	const char *kind;
	const char *object; /* as it is typed */
	struct object_functions *functions;
	probe_list_fn *fn;
	void *arg;
};

/* The demangled name if it can be typed: not every one that a symbol has is short enough. */
static char *typed_name(const struct listing *listing, const char *raw)
{
	_cleanup_free_ char *full = demangle_name(raw, DEMANGLE_FULL);
	size_t len = strlen(listing->kind) + strlen(listing->object) + 2;

	if (len + strlen(full) > PROBE_MAX_TEXT || strchr(full, '\n'))
		return xstrdup(raw);
	return TAKE_PTR(full);
}

static int list_function(const struct object_function *function, void *arg)
{
	const struct listing *listing = arg;
	_cleanup_free_ char *name = NULL, *text = NULL;

	if (!function->probeable)
		return 0;
	name = typed_name(listing, function->name);
	text = xasprintf("%s:%s:%s", listing->kind, listing->object, name);
	return listing->fn(text, listing->arg);
}

struct version_listing {
	const struct listing *listing;
	const char *pattern;
};

/* Names with more than one version: the name alone means them all. */
static int list_version(const struct object_symbol *symbol, void *arg)
{
	const struct version_listing *versions = arg;
	const struct listing *listing = versions->listing;
	_cleanup_free_ char *text = NULL;

	if (!symbol->version || symbol->is_default ||
	    (symbol->type != STT_FUNC && symbol->type != STT_GNU_IFUNC) ||
	    fnmatch(versions->pattern, symbol->name, 0) != 0)
		return 0;
	text = xasprintf("%s:%s:%s@%s", listing->kind, listing->object, symbol->name,
			 symbol->version);
	return listing->fn(text, listing->arg);
}

static int list_functions(const char *kind, const char *spec, probe_list_fn *fn, void *arg,
			  char **ret_error)
{
	_cleanup_(object_functions_closep) struct object_functions *functions = NULL;
	_cleanup_free_ char *path = NULL, *object = NULL, *typed = NULL;
	_cleanup_close_ int fd = -1;
	struct listing listing = {.kind = kind, .fn = fn, .arg = arg};
	struct version_listing versions = {.listing = &listing};
	const char *function;
	int ret;

	uprobe_spec_split(spec, &object, &function);
	if (!object) {
		/* An object alone: all of it. */
		object = xstrdup(spec);
		function = "*";
	}
	fd = object_find(object, -1, &path);
	if (fd < 0 && !strchr(spec, ':')) {
		*ret_error = xasprintf("which object's functions? %s:OBJ:%s", kind, spec);
		return -EINVAL;
	}
	if (fd < 0) {
		*ret_error = xasprintf("cannot find '%s': %s", object,
				       fd == -EINVAL ? "it is no regular file" : strerror(-fd));
		return fd;
	}
	ret = object_functions_open(fd, path, &functions);
	if (ret < 0) {
		*ret_error = xasprintf("cannot read the functions of '%s': %s", path,
				       strerror(-ret));
		return ret;
	}
	if (!strcmp(kind, "uretprobe") && object_functions_is_go(functions)) {
		*ret_error = xasprintf("'%s' is a Go program, which no return probe is safe in",
				       path);
		return -EOPNOTSUPP;
	}
	typed = uprobe_spec_escape(object);
	listing.object = typed;
	listing.functions = functions;
	versions.pattern = *function ? function : "*";
	object_functions_match(functions, versions.pattern, true, list_function, &listing);
	object_symbols_each(object_functions_image(functions), list_version, &versions);
	return 0;
}

int probe_uprobe_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error)
{
	return list_functions("uprobe", spec, fn, arg, ret_error);
}

int probe_uretprobe_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error)
{
	return list_functions("uretprobe", spec, fn, arg, ret_error);
}
