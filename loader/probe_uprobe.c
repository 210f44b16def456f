/* SPDX-License-Identifier: MIT */
/* uprobe, uretprobe: what a user-space probe names, found as offsets in one file. */
#include "common/alloc.h"
#include "common/number.h"
#include "loader/near_names.h"
#include "loader/object_find.h"
#include "loader/object_functions.h"
#include "loader/probe_internal.h"

#include <errno.h>
#include <string.h>

/* The ':' between object and function: the first that is not half of a C++ "::". */
static const char *separator(const char *spec)
{
	for (const char *at = strchr(spec, ':'); at; at = strchr(at, ':')) {
		if (at[1] != ':')
			return at;
		at += 2;
	}
	return NULL;
}

bool probe_is_glob(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

int probe_split_offset(char *name, uint64_t *ret_off)
{
	char *plus = strrchr(name, '+');
	int ret;

	*ret_off = 0;
	if (!plus || plus == name)
		return 0;
	ret = parse_uint(plus + 1, 0, INT32_MAX, ret_off);
	if (ret == 0)
		*plus = '\0';
	/* "operator+" is a name */
	return ret == -EINVAL ? 0 : ret;
}

static int parse_function(struct probe *probe, const char *function, char **ret_error)
{
	int ret = parse_uint(function, 1, INT64_MAX, &probe->off);

	if (ret == 0)
		return 0;
	if (ret == -ERANGE) {
		*ret_error = xasprintf("the address in '%s' is out of range", probe->text);
		return ret;
	}
	probe->name = xstrdup(function);
	ret = probe_split_offset(probe->name, &probe->off);
	if (ret < 0)
		*ret_error = xasprintf("the offset in '%s' is out of range", probe->text);
	return ret;
}

int probe_uprobe_parse(struct probe *probe, const char *spec, char **ret_error)
{
	const char *colon = separator(spec);
	const char *function = colon ? colon + 1 : spec;

	probe->program = PROBE_PROGRAM_UPROBE;
	if (!*function || colon == spec) {
		const char *kind = probe->kind->name;

		*ret_error = xasprintf("'%s' names no function: %s:%s does, as in %s, or "
				       "%s:OBJ:0xADDR",
				       probe->text, kind, probe->kind->spelling,
				       probe->kind->example, kind);
		return -EINVAL;
	}
	if (colon)
		probe->object = xstrndup(spec, (size_t)(colon - spec));
	return parse_function(probe, function, ret_error);
}

/* The kernel takes hold of a return address at a function's first instruction only. */
int probe_uretprobe_parse(struct probe *probe, const char *spec, char **ret_error)
{
	int ret = probe_uprobe_parse(probe, spec, ret_error);

	probe->program = PROBE_PROGRAM_URETPROBE;
	if (ret < 0 || !probe->name || !probe->off)
		return ret;
	*ret_error = xasprintf("'%s': a return is a whole function's, without +%lu", probe->text,
			       probe->off);
	return -EINVAL;
}

static int open_object(struct probe *probe, pid_t pid, struct object_functions **ret_object,
		       char **ret_path, char **ret_error)
{
	_cleanup_free_ char *path = NULL;
	int ret;

	if (!probe->object && pid < 0) {
		*ret_error = xasprintf("'%s' needs an object when no program is started: "
				       "%s:OBJ:FN",
				       probe->text, probe->kind->name);
		return -EINVAL;
	}
	ret = object_find(probe->object, pid, &path);
	if (ret < 0) {
		*ret_error = xasprintf(
			"cannot find '%s' of '%s': %s", probe->object ?: "program", probe->text,
			ret == -ENOENT && probe->object && !strchr(probe->object, '/')
				? "it is mapped nowhere, no library, and not in PATH"
				: strerror(-ret));
		return ret;
	}
	probe->object_fd = ret;
	ret = object_functions_open(probe->object_fd, path, ret_object);
	if (ret < 0) {
		*ret_error = xasprintf("cannot read the functions of '%s': %s", path,
				       ret == -ENOEXEC ? "it is no 64-bit ELF file"
						       : strerror(-ret));
		return ret;
	}
	if (probe->program == PROBE_PROGRAM_URETPROBE && object_functions_is_go(*ret_object)) {
		*ret_error = xasprintf("'%s' is a Go program: it moves its stacks, and a return "
				       "probe would make it crash; uprobe:%s is safe",
				       path, strchr(probe->text, ':') + 1);
		return -EOPNOTSUPP;
	}
	*ret_path = TAKE_PTR(path);
	return 0;
}

struct collection {
	struct probe *probe;
	size_t nr_short;       /* functions that end before the offset */
	size_t nr_unprobeable; /* whose first instruction the kernel refuses */
	uint64_t size;	       /* of one of the short ones */
	int err;
};

static int collect(const struct object_function *function, void *arg)
{
	struct collection *found = arg;
	struct probe *probe = found->probe;

	if (probe->off && function->size && probe->off >= function->size) {
		found->nr_short++;
		found->size = function->size;
		return 0;
	}
	if (probe->off == 0 && !function->probeable) {
		found->nr_unprobeable++;
		return 0;
	}
	found->err = probe_add_point(probe, xstrdup(function->name), function->off + probe->off);
	return found->err < 0;
}

static int explain_nothing(const struct collection *found, struct object_functions *object,
			   const char *path, char **ret_error)
{
	const struct probe *probe = found->probe;
	_cleanup_free_ char *question = NULL;
	struct near_names near;

	if (found->nr_short) {
		*ret_error = xasprintf("'%s' has %lu bytes, +%lu is outside of it", probe->name,
				       found->size, probe->off);
		return -EINVAL;
	}
	if (found->nr_unprobeable) {
		*ret_error = xasprintf("the kernel can put no uprobe on the first instruction of "
				       "'%s'; name a later one as %s+OFF",
				       probe->name, probe->name);
		return -EOPNOTSUPP;
	}
	near_names_init(&near, probe->name);
	object_functions_near(object, &near);
	question = near_names_question(&near);
	*ret_error = xasprintf("there is no function '%s' in '%s'%s", probe->name, path, question);
	return -ENOENT;
}

static int resolve_name(struct probe *probe, struct object_functions *object, const char *path,
			char **ret_error, char **ret_note)
{
	struct collection found = {.probe = probe};

	object_functions_match(object, probe->name, collect, &found);
	if (found.err < 0) {
		*ret_error = xasprintf("'%s' matches more than %d functions; narrow it",
				       probe->text, PROBE_MAX_POINTS);
		return found.err;
	}
	if (probe->nr_points == 0)
		return explain_nothing(&found, object, path, ret_error);
	if (!probe->off && !probe_is_glob(probe->name) &&
	    object_functions_is_resolver(object, probe->points[0].value))
		*ret_note = xasprintf("'%s' of '%s' is chosen at run time: the probe sees the "
				      "choice, not the calls; the functions themselves have names "
				      "like __%s_*",
				      probe->name, path, probe->name);
	else if (found.nr_unprobeable)
		*ret_note = xasprintf("'%s': left out %zu functions the kernel can put no uprobe "
				      "on",
				      probe->text, found.nr_unprobeable);
	return 0;
}

static int resolve_address(struct probe *probe, const struct object_functions *object,
			   const char *path, char **ret_error)
{
	uint64_t off;
	int ret = object_functions_address(object, probe->off, &off);

	if (ret < 0) {
		*ret_error = xasprintf("there is no code at address 0x%lx of '%s'", probe->off,
				       path);
		return ret;
	}
	return probe_add_point(probe, NULL, off);
}

int probe_uprobe_resolve(struct probe *probe, const struct probe_environment *env, char **ret_error,
			 char **ret_note)
{
	_cleanup_(object_functions_closep) struct object_functions *object = NULL;
	_cleanup_free_ char *path = NULL;
	int ret = open_object(probe, env->pid, &object, &path, ret_error);

	*ret_note = NULL;
	if (ret < 0)
		return ret;
	if (!probe->name)
		return resolve_address(probe, object, path, ret_error);
	return resolve_name(probe, object, path, ret_error, ret_note);
}

struct listing {
	const char *kind;
	const char *object;
	probe_list_fn *fn;
	void *arg;
};

static int list_function(const struct object_function *function, void *arg)
{
	const struct listing *listing = arg;
	_cleanup_free_ char *text = xasprintf("%s:%s:%s", listing->kind, listing->object,
					      function->name);

	return listing->fn(text, listing->arg);
}

static int list_functions(const char *kind, const char *spec, probe_list_fn *fn, void *arg,
			  char **ret_error)
{
	_cleanup_(object_functions_closep) struct object_functions *object = NULL;
	const char *colon = separator(spec);
	_cleanup_free_ char *path = NULL, *name = NULL;
	_cleanup_close_ int fd = -1;
	struct listing listing;
	int ret;

	if (!colon) {
		*ret_error = xasprintf("which object's functions? %s:OBJ:%s", kind, spec);
		return -EINVAL;
	}
	name = xstrndup(spec, (size_t)(colon - spec));
	fd = object_find(name, -1, &path);
	if (fd < 0) {
		*ret_error = xasprintf("cannot find '%s': %s", name, strerror(-fd));
		return fd;
	}
	ret = object_functions_open(fd, path, &object);
	if (ret < 0) {
		*ret_error = xasprintf("cannot read the functions of '%s': %s", path,
				       strerror(-ret));
		return ret;
	}
	listing = (struct listing){kind, name, fn, arg};
	object_functions_match(object, colon[1] ? colon + 1 : "*", list_function, &listing);
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
