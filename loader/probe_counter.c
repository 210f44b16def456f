/* SPDX-License-Identifier: MIT */
/* software and hardware: every COUNTth event of one of the kernel's counters. */
#include "common/alloc.h"
#include "common/number.h"
#include "loader/cpus.h"
#include "loader/event_names.h"
#include "loader/perf_event.h"
#include "loader/probe_internal.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#define MAX_COUNT	   (UINT64_MAX >> 1) /* the kernel refuses a set top bit */
#define MIN_CLOCK_COUNT_NS 10000	     /* as with profile: the kernel's shortest timer */
#define MIN_HARDWARE_COUNT 100		     /* fewer and the interrupts are all that happens */

static char *known_events(uint32_t type)
{
	const struct event_name *event;
	char *list = xstrdup("");

	for (size_t i = 0; (event = event_name_at(type, i)); i++) {
		char *longer = xasprintf("%s%s%s%s%s%s", list, i ? ", " : "", event->name,
					 event->alias ? " (" : "", event->alias ? event->alias : "",
					 event->alias ? ")" : "");

		free(list);
		list = longer;
	}
	return list;
}

static bool is_clock(const struct event_name *event)
{
	return event->type == PERF_TYPE_SOFTWARE && (event->config == PERF_COUNT_SW_CPU_CLOCK ||
						     event->config == PERF_COUNT_SW_TASK_CLOCK);
}

static uint64_t min_count(const struct event_name *event)
{
	if (event->type == PERF_TYPE_HARDWARE)
		return MIN_HARDWARE_COUNT;
	return is_clock(event) ? MIN_CLOCK_COUNT_NS : 1;
}

static int parse_counter(struct probe *probe, uint32_t type, const char *spec, char **ret_error)
{
	const char *colon = strchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
	const struct event_name *event = event_name_find(type, spec, len);
	int ret;

	probe->program = PROBE_PROGRAM_PERF_EVENT;
	if (!event) {
		_cleanup_free_ char *known = known_events(type);

		*ret_error = xasprintf("unknown %s event '%.*s' (known: %s)", probe->kind->name,
				       (int)len, spec, known);
		return -EINVAL;
	}
	probe->event = event;
	probe->period = event->default_count;
	if (!colon)
		return 0;
	ret = parse_uint(colon + 1, min_count(event), MAX_COUNT, &probe->period);
	if (ret < 0)
		*ret_error = xasprintf("the count of '%s' must be a number from %lu to %lu%s",
				       probe->text, min_count(event), MAX_COUNT,
				       is_clock(event) ? " (nanoseconds)" : "");
	return ret;
}

int probe_software_parse(struct probe *probe, const char *spec, char **ret_error)
{
	return parse_counter(probe, PERF_TYPE_SOFTWARE, spec, ret_error);
}

int probe_hardware_parse(struct probe *probe, const char *spec, char **ret_error)
{
	return parse_counter(probe, PERF_TYPE_HARDWARE, spec, ret_error);
}

/* On each CPU: every process's events for @pid -1. */
static int attach_on_cpus(struct probe *probe, const struct probe_environment *env,
			  const struct perf_event_attr *attr, pid_t pid, char **ret_error)
{
	_cleanup_free_ int *online = NULL;
	const int *cpus = env->cpus;
	size_t nr = env->nr_cpus;
	int ret;

	if (!cpus) {
		ret = cpus_online(&online, &nr);
		if (ret < 0)
			return ret;
		cpus = online;
	}
	ret = probe_reserve_descriptors(probe, 2 * nr, ret_error);
	for (size_t i = 0; i < nr && ret == 0; i++)
		ret = probe_add_perf_event(probe, env, attr, pid, cpus[i], true);
	return ret;
}

static int explain(const struct probe *probe, int err, char **ret_error)
{
	if (err == -ENOENT || err == -ENODEV || err == -EOPNOTSUPP) {
		*ret_error = xasprintf("this machine has no counter for '%s'%s; profile:hz:99 "
				       "samples on every machine",
				       probe->text,
				       perf_pmu_type("cpu") < 0 ? " (no hardware PMU, as in most "
								  "virtual machines)"
								: "");
		return -ENODEV;
	}
	if (!*ret_error)
		*ret_error = xasprintf("cannot attach '%s': %s", probe->text, strerror(-err));
	return err;
}

static struct perf_event_attr event_attributes(const struct probe *probe)
{
	return (struct perf_event_attr){
		.type = probe->event->type,
		.size = sizeof(struct perf_event_attr),
		.config = probe->event->config,
		.sample_period = probe->period,
		.disabled = 1,
	};
}

static int attach_inherited(struct probe *probe, const struct probe_environment *env, pid_t tid,
			    char **ret_error)
{
	struct perf_event_attr attr = event_attributes(probe);

	attr.inherit = 1; /* threads are inherited too */
	attr.inherit_thread = !env->follow_children;
	if (env->cpus)
		return attach_on_cpus(probe, env, &attr, tid, ret_error);
	return probe_add_perf_event(probe, env, &attr, tid, -1, false);
}

/*
 * Every single event is a sample whoever counted the one before, so that counting everywhere
 * gives the target's exactly, with the cookie the kernel does not give to inherited events.
 * Of COUNT events only the target's own may count.
 */
int probe_counter_attach(struct probe *probe, const struct probe_environment *env, char **ret_error)
{
	const struct perf_event_attr attr = event_attributes(probe);
	int ret;

	if (env->pid < 0 || probe->period == 1)
		ret = attach_on_cpus(probe, env, &attr, -1, ret_error);
	else
		ret = attach_inherited(probe, env, env->pid, ret_error);
	return ret < 0 ? explain(probe, ret, ret_error) : 0;
}

int probe_counter_attach_also(struct probe *probe, const struct probe_environment *env, pid_t tid)
{
	_cleanup_free_ char *error = NULL;

	return probe->period == 1 ? 0 : attach_inherited(probe, env, tid, &error);
}

static int list_events(const char *kind, uint32_t type, const char *spec, probe_list_fn *fn,
		       void *arg)
{
	const struct event_name *event;
	char text[128];

	for (size_t i = 0; (event = event_name_at(type, i)); i++) {
		if (fnmatch(spec, event->name, 0) != 0 &&
		    (!event->alias || fnmatch(spec, event->alias, 0) != 0))
			continue;
		snprintf(text, sizeof(text), "%s:%s:%lu", kind, event->name, event->default_count);
		if (fn(text, arg) > 0)
			return 0;
	}
	return 0;
}

int probe_software_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error)
{
	(void)ret_error;
	return list_events("software", PERF_TYPE_SOFTWARE, spec, fn, arg);
}

int probe_hardware_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error)
{
	(void)ret_error;
	return list_events("hardware", PERF_TYPE_HARDWARE, spec, fn, arg);
}
