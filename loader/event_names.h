/* SPDX-License-Identifier: MIT */
/* The kernel's counters under the names bpftrace and perf have given them. */
#ifndef CTRACE_LOADER_EVENT_NAMES_H
#define CTRACE_LOADER_EVENT_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct event_name {
	const char *name;
	const char *alias; /* or NULL */
	uint32_t type;	   /* perf_event_attr.type and .config */
	uint64_t config;
	uint64_t default_count; /* events between two samples when none is given; bpftrace's */
};

/* The event of that name or alias, @len characters; NULL: none. */
const struct event_name *event_name_find(uint32_t type, const char *name, size_t len);
/* The @index-th event of @type, NULL after the last. */
const struct event_name *event_name_at(uint32_t type, size_t index);

#endif
