/* SPDX-License-Identifier: MIT */
#include "flamegraph/value_unit.h"

#include "flamegraph/capture.h"
#include "flamegraph/profile.h"

#include <string.h>

const char *value_unit_name(const struct profile *profile)
{
	const struct capture_info *info = profile_info(profile);

	return info && info->unit && *info->unit ? info->unit : "samples";
}

enum value_unit value_unit(const struct profile *profile)
{
	static const struct {
		const char *name;
		enum value_unit unit;
	} units[] = {
		{"samples", VALUE_SAMPLES},	      {"ns", VALUE_NANOSECONDS},
		{"us", VALUE_MICROSECONDS},	      {"ms", VALUE_MILLISECONDS},
		{"nanoseconds", VALUE_NANOSECONDS},   {"microseconds", VALUE_MICROSECONDS},
		{"milliseconds", VALUE_MILLISECONDS}, {"bytes", VALUE_BYTES},
	};
	const char *name = value_unit_name(profile);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(units[i].name, name))
			return units[i].unit;
	}
	return VALUE_OTHER;
}

size_t value_unit_length(const char *unit, uint64_t value)
{
	size_t len = strlen(unit);

	/* "ns" and the like are no plurals. */
	if (value != 1 || len < 4 || unit[len - 1] != 's')
		return len;
	if (!memcmp(unit + len - 4, "sses", 4))
		return len - 2;
	return unit[len - 2] == 's' ? len : len - 1;
}

uint64_t value_period_ns(const struct profile *profile)
{
	const struct capture_info *info = profile_info(profile);

	return info && value_unit(profile) == VALUE_SAMPLES ? info->period_ns : 0;
}

uint64_t value_nanoseconds(const struct profile *profile)
{
	switch (value_unit(profile)) {
	case VALUE_NANOSECONDS:
		return 1;
	case VALUE_MICROSECONDS:
		return 1000;
	case VALUE_MILLISECONDS:
		return 1000000;
	case VALUE_SAMPLES:
		return value_period_ns(profile);
	default:
		return 0;
	}
}
