/* SPDX-License-Identifier: MIT */
/* profile and interval: the kernel's clock as a source of samples, present on every machine. */
#include "common/alloc.h"
#include "common/number.h"
#include "loader/cpus.h"
#include "loader/probe_internal.h"

#include <errno.h>
#include <string.h>

#define NS_PER_S UINT64_C(1000000000)
#define MIN_PERIOD_NS \
	10000 /* the kernel takes shorter ones for this (perf_swevent_start_hrtimer) */
#define MAX_SECONDS 86400

struct clock_unit {
	const char *name;
	uint64_t ns; /* 0: a frequency */
};

static const struct clock_unit units[] = {
	{"hz", 0},
	{"s", NS_PER_S},
	{"ms", 1000000},
	{"us", 1000},
};

static const struct clock_unit *find_unit(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) == len && !memcmp(units[i].name, name, len))
			return &units[i];
	}
	return NULL;
}

/* Samples per second the kernel allows; it lowers this itself when interrupts take too long. */
static uint64_t max_rate(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/sys/kernel/perf_event_max_sample_rate", "re");
	uint64_t rate = 0, limit = NS_PER_S / MIN_PERIOD_NS;
	char text[32];

	if (file && fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = '\0';
		if (parse_uint(text, 1, UINT32_MAX, &rate) < 0)
			rate = 0;
	}
	return rate && rate < limit ? rate : limit;
}

static int parse_period(const struct probe *probe, const struct clock_unit *unit,
			const char *number, uint64_t *ret_period, char **ret_error)
{
	uint64_t limit = max_rate(), value, max, min = 1;
	int ret;

	if (unit->ns) {
		max = MAX_SECONDS * NS_PER_S / unit->ns;
		/* rounded up: the shortest period that is not faster than the limit */
		min = (NS_PER_S + limit * unit->ns - 1) / (limit * unit->ns);
	} else {
		max = limit;
	}
	ret = parse_uint(number, min, max, &value);
	if (ret == -ERANGE) {
		*ret_error = xasprintf("'%s' is out of range: %s takes %lu to %lu here (at most "
				       "%lu samples a second, "
				       "kernel.perf_event_max_sample_rate)",
				       probe->text, unit->name, min, max, limit);
		return ret;
	}
	if (ret < 0) {
		*ret_error = xasprintf("'%s' in '%s' is no number (%s takes %lu to %lu)", number,
				       probe->text, unit->name, min, max);
		return ret;
	}
	*ret_period = unit->ns ? value * unit->ns : NS_PER_S / value;
	return 0;
}

int probe_clock_parse(struct probe *probe, const char *spec, char **ret_error)
{
	const char *colon = strchr(spec, ':');
	const struct clock_unit *unit = colon ? find_unit(spec, (size_t)(colon - spec)) : NULL;

	probe->program = PROBE_PROGRAM_PERF_EVENT;
	if (!unit) {
		*ret_error = xasprintf("'%s' needs a unit and a number: %s:hz:N, %s:s:N, %s:ms:N "
				       "or %s:us:N",
				       probe->text, probe->kind->name, probe->kind->name,
				       probe->kind->name, probe->kind->name);
		return -EINVAL;
	}
	return parse_period(probe, unit, colon + 1, &probe->period, ret_error);
}

static int attach_to_cpu(struct probe *probe, const struct probe_environment *env, int cpu,
			 bool exclude_idle, char **ret_error)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = probe->period,
		.disabled = 1,
		.exclude_idle = exclude_idle,
	};
	int ret = probe_add_perf_event(probe, env, &attr, -1, cpu, true);

	if (ret == -ENODEV)
		*ret_error = xasprintf("cannot sample CPU %d: there is no such CPU online", cpu);
	else if (ret < 0)
		*ret_error = xasprintf("cannot attach '%s' on CPU %d: %s", probe->text, cpu,
				       strerror(-ret));
	return ret;
}

static int attach_to_cpus(struct probe *probe, const struct probe_environment *env, size_t max_cpus,
			  char **ret_error)
{
	_cleanup_free_ int *online = NULL;
	const int *cpus = env->cpus;
	size_t nr = env->nr_cpus;
	int ret;

	if (!cpus) {
		ret = cpus_online(&online, &nr);
		if (ret < 0) {
			*ret_error = xasprintf("cannot find out which CPUs are online: %s",
					       strerror(-ret));
			return ret;
		}
		cpus = online;
	}
	ret = probe_reserve_descriptors(probe, 2 * nr, ret_error);
	for (size_t i = 0; i < nr && i < max_cpus && ret == 0; i++)
		ret = attach_to_cpu(probe, env, cpus[i], max_cpus > 1, ret_error);
	return ret;
}

int probe_profile_attach(struct probe *probe, const struct probe_environment *env, char **ret_error)
{
	return attach_to_cpus(probe, env, SIZE_MAX, ret_error);
}

int probe_interval_attach(struct probe *probe, const struct probe_environment *env,
			  char **ret_error)
{
	return attach_to_cpus(probe, env, 1, ret_error);
}
