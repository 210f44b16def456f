/* SPDX-License-Identifier: MIT */
/* uprobe, uretprobe: how their places are handed to the kernel. */
#include "common/alloc.h"
#include "common/log.h"
#include "loader/perf_event.h"
#include "loader/probe_internal.h"
#include "loader/uprobe_event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int explain(const struct probe *probe, int err, char **ret_error)
{
	if (*ret_error)
		return err;
	if (err == -ENOTSUPP_KERNEL || err == -ENOEXEC || err == -EOPNOTSUPP) {
		*ret_error = xasprintf(
			"the kernel can put no uprobe on the instruction '%s' names%s", probe->text,
			probe->nr_points > 1 ? " in one of its functions; narrow the pattern" : "");
		return -EOPNOTSUPP;
	}
	if (err == -EACCES || err == -EPERM)
		*ret_error = xasprintf("no rights to attach '%s': run ctrace as root", probe->text);
	else if (err == -ENODEV)
		*ret_error = xasprintf("this kernel has no uprobes (CONFIG_UPROBE_EVENTS), so '%s' "
				       "cannot be attached",
				       probe->text);
	else
		*ret_error = xasprintf("cannot attach '%s': %s", probe->text, strerror(-err));
	return err;
}

/*
 * On a switch between two tasks with equal events perf swaps their contexts instead of the events.
 * An event's own task stays what it was, and so the end of one task takes the event that keeps the
 * breakpoints of the other.  Since 6.13 a task with inherited events that are to be read together
 * with their thread is spared that; before, such an event is no valid one.
 */
static int open_inherited(struct perf_event_attr attr, const struct probe_environment *env)
{
	int fd;

	attr.inherit = 1;
	attr.inherit_thread = !env->follow_children;
	attr.sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_TID;
	fd = perf_open(&attr, env->pid, -1);
	if (fd != -EINVAL)
		return fd;
	attr.sample_type = 0;
	return perf_open(&attr, env->pid, -1);
}

/*
 * Two events for a target.  One without a program is inherited by its threads and children and
 * keeps the breakpoints in their memory.  The other carries the program and is not inherited: the
 * end of a child that inherited it would take the program off everyone (6.10 and later:
 * perf_event_alloc() copies event->prog to tracing events, and freeing the copy detaches it).
 */
static int attach_definition(struct probe *probe, const struct probe_environment *env)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = uprobe_event_id(probe->definition),
		.disabled = 1,
	};
	int fd = perf_open(&attr, env->pid, env->pid < 0 ? 0 : -1);
	int ret;

	if (fd < 0)
		return fd;
	ret = probe_adopt_event(probe, env, fd, true);
	if (ret < 0 || env->pid < 0)
		return ret;
	fd = open_inherited(attr, env);
	return fd < 0 ? fd : probe_adopt_event(probe, env, fd, false);
}

/* Without tracefs: an event for each place, in every process if children are to be followed. */
static int attach_pmu(struct probe *probe, const struct probe_environment *env, char **ret_error)
{
	pid_t pid = env->follow_children ? -1 : env->pid;
	bool returns = probe->program == PROBE_PROGRAM_URETPROBE;
	int type = perf_pmu_type("uprobe");
	char path[64];
	int ret;

	if (type < 0)
		return type;
	ret = probe_reserve_descriptors(probe, 2 * probe->nr_points, ret_error);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", probe->object_fd);
	for (size_t i = 0; i < probe->nr_points && ret == 0; i++) {
		ret = perf_open_uprobe((uint32_t)type, path, probe->points[i].value, pid, returns);
		if (ret >= 0)
			ret = probe_adopt_event(probe, env, ret, true);
	}
	return ret;
}

int probe_uprobe_attach(struct probe *probe, const struct probe_environment *env, char **ret_error)
{
	_cleanup_free_ uint64_t *offs = xcalloc(probe->nr_points, sizeof(*offs));
	int ret;

	for (size_t i = 0; i < probe->nr_points; i++)
		offs[i] = probe->points[i].value;
	ret = uprobe_event_new(probe->object_fd, offs, probe->nr_points,
			       probe->program == PROBE_PROGRAM_URETPROBE, &probe->definition);
	if (ret == 0) {
		ret = attach_definition(probe, env);
	} else {
		log_debug("no tracefs uprobe event: %s", strerror(-ret));
		ret = attach_pmu(probe, env, ret_error);
	}
	return ret < 0 ? explain(probe, ret, ret_error) : 0;
}
