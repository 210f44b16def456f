/* SPDX-License-Identifier: MIT */
/* What attaching has in common: points, descriptors, events with a program on them. */
#include "common/alloc.h"
#include "loader/perf_event.h"
#include "loader/probe_internal.h"
#include "loader/probe_ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define DESCRIPTORS_FOR_THE_REST 256 /* files, maps and rings of a recording */
#define DESCRIPTORS_AT_LEAST	 32  /* a small recording does with so few */

int probe_add_point(struct probe *probe, char *name, uint64_t value)
{
	if (probe->nr_points == PROBE_MAX_POINTS) {
		free(name);
		return -E2BIG;
	}
	GROW_ARRAY(probe->points, probe->nr_points, probe->cap_points);
	probe->points[probe->nr_points++] = (struct probe_point){name, value};
	return 0;
}

int probe_reserve_descriptors(const struct probe *probe, size_t nr, char **ret_error)
{
	rlim_t wanted = nr + DESCRIPTORS_FOR_THE_REST;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return 0;
	if (limit.rlim_max < wanted) {
		struct rlimit raised = {wanted, wanted};

		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			return 0;
		if (limit.rlim_max >= nr + DESCRIPTORS_AT_LEAST)
			wanted = limit.rlim_max;
	}
	if (limit.rlim_max < wanted) {
		*ret_error = xasprintf("'%s' needs %zu open files%s; the limit is %zu (ulimit -n)",
				       probe->text, (size_t)wanted,
				       probe->nr_points > 1 ? " for all that it names" : "",
				       (size_t)limit.rlim_max);
		return -EMFILE;
	}
	limit.rlim_cur = wanted;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

static void add_event(struct probe *probe, struct probe_event event)
{
	GROW_ARRAY(probe->events, probe->nr_events, probe->cap_events);
	probe->events[probe->nr_events++] = event;
}

int probe_adopt_event(struct probe *probe, const struct probe_environment *env, int perf_fd,
		      bool run)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .perf_event.bpf_cookie = probe->index);
	_cleanup_close_ int event = perf_fd;
	int program, link = -1;

	if (run) {
		program = env->prog_fd(env->arg, probe->program, NULL);
		if (program < 0)
			return program;
		link = bpf_link_create(program, event, BPF_PERF_EVENT, &opts);
		if (link < 0)
			return -errno;
	}
	add_event(probe, (struct probe_event){.perf_fd = TAKE_FD(event), .link_fd = link});
	return 0;
}

void probe_adopt_keeper(struct probe *probe, int perf_fd, uint32_t owner)
{
	add_event(probe, (struct probe_event){.owner = owner, .perf_fd = perf_fd, .link_fd = -1});
}

int probe_adopt_link(struct probe *probe, int link_fd)
{
	add_event(probe, (struct probe_event){.perf_fd = -1, .link_fd = link_fd});
	return 0;
}

int probe_add_perf_event(struct probe *probe, const struct probe_environment *env,
			 const struct perf_event_attr *attr, pid_t pid, int cpu, bool with_ring)
{
	int fd = perf_open(attr, pid, cpu);
	int ret;

	if (fd < 0)
		return fd;
	ret = probe_adopt_event(probe, env, fd, true);
	if (ret == 0 && with_ring)
		probe->events[probe->nr_events - 1].ring = probe_ring_map(fd);
	return ret;
}
