/* SPDX-License-Identifier: MIT */
/* What a profile's numbers are, in the words of other formats. */
#ifndef CTRACE_FLAMEGRAPH_VALUE_UNIT_H
#define CTRACE_FLAMEGRAPH_VALUE_UNIT_H

#include <stddef.h>
#include <stdint.h>

struct profile;

enum value_unit {
	VALUE_SAMPLES, /* each worth value_period_ns() of time, if that is not 0 */
	VALUE_NANOSECONDS,
	VALUE_MICROSECONDS,
	VALUE_MILLISECONDS,
	VALUE_BYTES,
	VALUE_OTHER, /* events counted */
};

enum value_unit value_unit(const struct profile *profile);
/* As recorded: "samples" ... */
const char *value_unit_name(const struct profile *profile);
/* The bytes of @unit to be printed after @value: one sample, two samples. */
size_t value_unit_length(const char *unit, uint64_t value);
uint64_t value_period_ns(const struct profile *profile);

/* Nanoseconds in one of the profile's units; 0 when it is no time. */
uint64_t value_nanoseconds(const struct profile *profile);

#endif
