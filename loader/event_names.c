/* SPDX-License-Identifier: MIT */
#include "loader/event_names.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <string.h>

#define SOFTWARE(name, alias, config, count)                                   \
	{                                                                      \
		name, alias, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##config, count \
	}
#define HARDWARE(name, alias, config, count)                                   \
	{                                                                      \
		name, alias, PERF_TYPE_HARDWARE, PERF_COUNT_HW_##config, count \
	}

static const struct event_name events[] = {
	SOFTWARE("alignment-faults", NULL, ALIGNMENT_FAULTS, 1),
	SOFTWARE("bpf-output", NULL, BPF_OUTPUT, 1),
	SOFTWARE("context-switches", "cs", CONTEXT_SWITCHES, 1000),
	SOFTWARE("cpu-clock", "cpu", CPU_CLOCK, 1000000),
	SOFTWARE("cpu-migrations", NULL, CPU_MIGRATIONS, 1),
	SOFTWARE("dummy", NULL, DUMMY, 1),
	SOFTWARE("emulation-faults", NULL, EMULATION_FAULTS, 1),
	SOFTWARE("major-faults", NULL, PAGE_FAULTS_MAJ, 1),
	SOFTWARE("minor-faults", NULL, PAGE_FAULTS_MIN, 100),
	SOFTWARE("page-faults", "faults", PAGE_FAULTS, 100),
	SOFTWARE("task-clock", NULL, TASK_CLOCK, 1000000),
	HARDWARE("backend-stalls", "stalled-cycles-backend", STALLED_CYCLES_BACKEND, 1000000),
	HARDWARE("branch-instructions", "branches", BRANCH_INSTRUCTIONS, 100000),
	HARDWARE("branch-misses", NULL, BRANCH_MISSES, 100000),
	HARDWARE("bus-cycles", NULL, BUS_CYCLES, 100000),
	HARDWARE("cache-misses", NULL, CACHE_MISSES, 1000000),
	HARDWARE("cache-references", NULL, CACHE_REFERENCES, 1000000),
	HARDWARE("cpu-cycles", "cycles", CPU_CYCLES, 1000000),
	HARDWARE("frontend-stalls", "stalled-cycles-frontend", STALLED_CYCLES_FRONTEND, 1000000),
	HARDWARE("instructions", NULL, INSTRUCTIONS, 1000000),
	HARDWARE("ref-cycles", NULL, REF_CPU_CYCLES, 1000000),
};

#define NR_EVENTS (sizeof(events) / sizeof(events[0]))

static bool is_word(const char *word, const char *text, size_t len)
{
	return word && strlen(word) == len && !memcmp(word, text, len);
}

const struct event_name *event_name_find(uint32_t type, const char *name, size_t len)
{
	for (size_t i = 0; i < NR_EVENTS; i++) {
		if (events[i].type == type &&
		    (is_word(events[i].name, name, len) || is_word(events[i].alias, name, len)))
			return &events[i];
	}
	return NULL;
}

const struct event_name *event_name_at(uint32_t type, size_t index)
{
	for (size_t i = 0; i < NR_EVENTS; i++) {
		if (events[i].type == type && index-- == 0)
			return &events[i];
	}
	return NULL;
}
