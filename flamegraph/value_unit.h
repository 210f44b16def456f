/* SPDX-License-Identifier: MIT */
/* What a profile's numbers are, in the words of other formats. */
#ifndef CTRACE_FLAMEGRAPH_VALUE_UNIT_H
#define CTRACE_FLAMEGRAPH_VALUE_UNIT_H

#include <stddef.h>
#include <stdint.h>

struct format_options;
struct profile;

enum value_unit {
	VALUE_SAMPLES, /* each worth period_ns of time, if that is not 0 */
	VALUE_NANOSECONDS,
	VALUE_MICROSECONDS,
	VALUE_MILLISECONDS,
	VALUE_SECONDS,
	VALUE_BYTES,
	VALUE_OTHER, /* events counted */
};

struct value_scale {
	enum value_unit unit;
	const char *name;     /* as given or recorded: "samples" ...; borrowed */
	uint64_t period_ns;   /* of one sample; 0: unknown, or no samples */
	uint64_t nanoseconds; /* in one of the profile's units; 0 when it is no time */
};

/* --countname, else what was recorded, else samples. */
struct value_scale value_scale_of(const struct profile *profile,
				  const struct format_options *options);

/* The bytes of @unit to be printed after @value: one sample, two samples. */
size_t value_unit_length(const char *unit, uint64_t value);

#endif
