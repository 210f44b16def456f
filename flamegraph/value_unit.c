/* SPDX-License-Identifier: MIT */
#include "flamegraph/value_unit.h"

#include "flamegraph/capture.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"

#include <string.h>
#include <strings.h>

static const char *unit_name(const struct capture_info *info, const struct format_options *options)
{
	if (options->countname && *options->countname)
		return options->countname;
	return info && info->unit && *info->unit ? info->unit : "samples";
}

static enum value_unit unit_by_name(const char *name)
{
	static const struct {
		const char *name;
		enum value_unit unit;
	} units[] = {
		{"samples", VALUE_SAMPLES},
		{"ns", VALUE_NANOSECONDS},
		{"nsecs", VALUE_NANOSECONDS},
		{"nanoseconds", VALUE_NANOSECONDS},
		{"us", VALUE_MICROSECONDS},
		{"\u00b5s", VALUE_MICROSECONDS}, /* the micro sign */
		{"\u03bcs", VALUE_MICROSECONDS}, /* the Greek letter */
		{"usecs", VALUE_MICROSECONDS},
		{"microseconds", VALUE_MICROSECONDS},
		{"ms", VALUE_MILLISECONDS},
		{"msecs", VALUE_MILLISECONDS},
		{"milliseconds", VALUE_MILLISECONDS},
		{"s", VALUE_SECONDS},
		{"secs", VALUE_SECONDS},
		{"seconds", VALUE_SECONDS},
		{"bytes", VALUE_BYTES},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].name);

		/* "microsecond" is as good as "microseconds". */
		if (!strcasecmp(units[i].name, name) ||
		    (len > 3 && strlen(name) == len - 1 &&
		     !strncasecmp(units[i].name, name, len - 1)))
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

static uint64_t nanoseconds_in(const struct value_scale *scale)
{
	switch (scale->unit) {
	case VALUE_NANOSECONDS:
		return 1;
	case VALUE_MICROSECONDS:
		return 1000;
	case VALUE_MILLISECONDS:
		return 1000000;
	case VALUE_SECONDS:
		return 1000000000;
	case VALUE_SAMPLES:
		return scale->period_ns;
	default:
		return 0;
	}
}

struct value_scale value_scale_of(const struct profile *profile,
				  const struct format_options *options)
{
	const struct capture_info *info = profile_info(profile);
	struct value_scale scale = {.name = unit_name(info, options)};

	scale.unit = unit_by_name(scale.name);
	if (info && scale.unit == VALUE_SAMPLES)
		scale.period_ns = info->period_ns;
	scale.nanoseconds = nanoseconds_in(&scale);
	return scale;
}
