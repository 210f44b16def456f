/* SPDX-License-Identifier: MIT */
/* tracepoint: events the kernel's authors have put in, known to tracefs. */
#include "common/alloc.h"
#include "loader/near_names.h"
#include "loader/probe_internal.h"
#include "loader/tracefs.h"

#include <errno.h>
#include <string.h>

#define MAX_TRACEPOINTS 256 /* each has an event of its own, and attaching takes its time */

int probe_tracepoint_parse(struct probe *probe, const char *spec, char **ret_error)
{
	const char *colon = strchr(spec, ':');

	probe->program = PROBE_PROGRAM_TRACEPOINT;
	if (!colon || colon == spec || !colon[1] || strchr(colon + 1, ':')) {
		*ret_error = xasprintf("'%s' needs a category and a name, as in "
				       "tracepoint:sched:sched_switch",
				       probe->text);
		return -EINVAL;
	}
	probe->object = xstrndup(spec, (size_t)(colon - spec));
	probe->name = xstrdup(colon + 1);
	return 0;
}

struct collection {
	struct probe *probe;
	int tracefs_fd;
	int err;
};

static int collect(const char *category, const char *name, void *arg)
{
	struct collection *found = arg;
	uint64_t id;
	int ret = tracefs_event_id(found->tracefs_fd, category, name, &id);

	/* ftrace's own entries have no number of their own to attach to */
	if (ret == -ENOENT)
		return 0;
	if (ret == 0 && found->probe->nr_points == MAX_TRACEPOINTS)
		ret = -E2BIG;
	if (ret == 0)
		ret = probe_add_point(found->probe, xasprintf("%s:%s", category, name), id);
	found->err = ret;
	return ret < 0;
}

static int show_name(const char *category, const char *name, void *arg)
{
	char text[NEAR_NAMES_MAX_LEN];

	if (snprintf(text, sizeof(text), "%s:%s", category, name) < (int)sizeof(text))
		near_names_add(arg, text);
	return 0;
}

static int explain_nothing(const struct probe *probe, int tracefs_fd, char **ret_error)
{
	_cleanup_free_ char *wanted = xasprintf("%s:%s", probe->object, probe->name);
	_cleanup_free_ char *question = NULL, *call = NULL;
	struct near_names near;

	near_names_init(&near, wanted);
	tracefs_match_events(tracefs_fd, "*", "*", show_name, &near);
	if (!near.nr && !strcmp(probe->object, "syscalls")) {
		call = xasprintf("syscalls:sys_enter_%s", probe->name);
		near_names_init(&near, call);
		tracefs_match_events(tracefs_fd, "syscalls", "*", show_name, &near);
	}
	question = near_names_question(&near);
	*ret_error = xasprintf("this kernel has no tracepoint '%s'%s", wanted, question);
	return -ENOENT;
}

int probe_tracepoint_resolve(struct probe *probe, const struct probe_environment *env,
			     char **ret_error, char **ret_note)
{
	_cleanup_close_ int fd = tracefs_open();
	struct collection found = {.probe = probe, .tracefs_fd = fd};
	int ret;

	(void)env;
	*ret_note = NULL;
	if (fd < 0) {
		*ret_error = tracefs_explain(fd);
		return fd;
	}
	ret = tracefs_match_events(fd, probe->object, probe->name, collect, &found);
	if (found.err == -E2BIG)
		*ret_error = xasprintf("'%s' matches more than %d tracepoints; narrow it",
				       probe->text, MAX_TRACEPOINTS);
	else if (ret < 0 || found.err < 0)
		*ret_error = xasprintf("cannot read tracefs: %s",
				       strerror(-(ret < 0 ? ret : found.err)));
	else if (probe->nr_points == 0)
		return explain_nothing(probe, fd, ret_error);
	return ret < 0 ? ret : found.err;
}

int probe_tracepoint_attach(struct probe *probe, const struct probe_environment *env,
			    char **ret_error)
{
	int ret = probe_reserve_descriptors(probe, 2 * probe->nr_points, ret_error);

	for (size_t i = 0; i < probe->nr_points && ret == 0; i++) {
		const struct perf_event_attr attr = {
			.type = PERF_TYPE_TRACEPOINT,
			.size = sizeof(attr),
			.config = probe->points[i].value,
			.disabled = 1,
		};

		/* the program is asked on every CPU, whichever the event is on */
		ret = probe_add_perf_event(probe, env, &attr, -1, 0, false);
		if (ret < 0)
			*ret_error = xasprintf("cannot attach tracepoint '%s': %s",
					       probe->points[i].name, strerror(-ret));
	}
	return ret;
}

struct listing {
	probe_list_fn *fn;
	void *arg;
};

static int list_event(const char *category, const char *name, void *arg)
{
	const struct listing *listing = arg;
	_cleanup_free_ char *text = xasprintf("tracepoint:%s:%s", category, name);

	return listing->fn(text, listing->arg);
}

int probe_tracepoint_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error)
{
	const char *colon = strchr(spec, ':');
	_cleanup_free_ char *category = colon ? xstrndup(spec, (size_t)(colon - spec))
					      : xstrdup(spec);
	struct listing listing = {fn, arg};
	_cleanup_close_ int fd = tracefs_open();
	int ret;

	if (fd < 0) {
		*ret_error = tracefs_explain(fd);
		return fd;
	}
	ret = tracefs_match_events(fd, category, colon && colon[1] ? colon + 1 : "*", list_event,
				   &listing);
	return ret < 0 ? ret : 0;
}
