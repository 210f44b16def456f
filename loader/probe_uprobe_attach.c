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

static struct perf_event_attr event_attributes(const struct probe *probe)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(struct perf_event_attr),
		.config = uprobe_event_id(probe->definition),
		.disabled = 1,
	};
}

/*
 * On a switch between two tasks with equal events perf swaps their contexts instead of the events.
 * An event's own task stays what it was, and so the end of one task takes the event that keeps the
 * breakpoints of the other.  Since 6.13 a task with inherited events that are to be read together
 * with their thread is spared that; before, such an event is no valid one.
 */
static int add_inherited(struct probe *probe, const struct probe_environment *env, pid_t tid)
{
	struct perf_event_attr attr = event_attributes(probe);
	int fd;

	attr.inherit = 1;
	attr.inherit_thread = !env->follow_children;
	attr.sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_TID;
	fd = perf_open(&attr, tid, -1);
	if (fd == -EINVAL) {
		probe->swaps = true;
		attr.sample_type = 0;
		fd = perf_open(&attr, tid, -1);
	}
	return fd < 0 ? fd : probe_adopt_event(probe, env, fd, false);
}

/*
 * Two events for a target.  One without a program is inherited by its threads and children and
 * keeps the breakpoints in their memory.  The other carries the program and is not inherited: the
 * end of a child that inherited it would take the program off everyone (6.10 and later:
 * perf_event_alloc() copies event->prog to tracing events, and freeing the copy detaches it).
 */
static int attach_definition(struct probe *probe, const struct probe_environment *env)
{
	const struct perf_event_attr attr = event_attributes(probe);
	int fd = perf_open(&attr, env->pid, env->pid < 0 ? 0 : -1);
	int ret;

	if (fd < 0)
		return fd;
	ret = probe_adopt_event(probe, env, fd, true);
	if (ret < 0 || env->pid < 0)
		return ret;
	return add_inherited(probe, env, env->pid);
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

int probe_uprobe_attach_also(struct probe *probe, const struct probe_environment *env, pid_t tid)
{
	return probe->definition ? add_inherited(probe, env, tid) : 0;
}

/*
 * An event that is not inherited stays with its task whatever becomes of contexts, even when the
 * kernel takes the events of a program with other rights: only its end closes it.
 */
int probe_keep(struct probe *probe, pid_t tid, uint32_t owner, bool intact)
{
	struct perf_event_attr attr;
	int fd;

	if (!probe->definition)
		return 0;
	attr = event_attributes(probe);
	/* the kernel then leaves the breakpoints to exec (trace_uprobe_filter_add()) */
	attr.enable_on_exec = intact;
	fd = perf_open(&attr, tid, -1);
	if (fd < 0)
		return fd;
	probe_adopt_keeper(probe, fd, owner);
	return 0;
}

bool probe_needs_keepers(const struct probe *probe)
{
	return probe->swaps;
}
