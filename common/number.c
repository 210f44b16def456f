/* SPDX-License-Identifier: MIT */
#include "common/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Digits of @base at @text.  The rest is at *ret_rest; -EINVAL: not one digit. */
static int scan_digits(const char *text, unsigned int base, uint64_t *ret_value,
		       const char **ret_rest)
{
	const char *p = text;
	bool overflow = false;
	uint64_t value = 0;

	for (;; p++) {
		int digit = digit_value(*p);

		if (digit < 0 || (unsigned int)digit >= base)
			break;
		overflow |= __builtin_mul_overflow(value, base, &value);
		overflow |= __builtin_add_overflow(value, (unsigned int)digit, &value);
	}
	if (p == text)
		return -EINVAL;
	*ret_rest = p;
	*ret_value = value;
	return overflow ? -ERANGE : 0;
}

int parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *rest = text;
	uint64_t value = 0;
	int err;

	err = scan_digits(hex ? text + 2 : text, hex ? 16 : 10, &value, &rest);
	if (err == -EINVAL || *rest)
		return -EINVAL;
	if (err || value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* The value of "<digits>[.<digits>]<unit>" in the base unit, fractions of which are cut off. */
static int parse_scaled(const char *text, const struct unit *units, size_t nr_units,
			uint64_t *ret_value)
{
	uint64_t whole = 0, value, fraction = 0;
	uint64_t fraction_scale = 1;
	const struct unit *unit = NULL;
	const char *p = text;
	int err;

	err = scan_digits(text, 10, &whole, &p);
	if (err == -EINVAL)
		return err;
	if (*p == '.') {
		const char *digits = ++p;

		for (; *p >= '0' && *p <= '9'; p++) {
			if (p - digits >= 9)
				continue; /* below a nanosecond of a second */
			fraction = fraction * 10 + (uint64_t)(*p - '0');
			fraction_scale *= 10;
		}
		if (p == digits)
			return -EINVAL;
	}
	for (size_t i = 0; i < nr_units; i++)
		if (strcasecmp(p, units[i].name) == 0)
			unit = &units[i];
	if (!unit)
		return -EINVAL;
	if (err || __builtin_mul_overflow(whole, unit->factor, &value))
		return -ERANGE;
	/* fraction < 10^9; split the factor so that the product stays below 2^64. */
	fraction = fraction * (unit->factor / fraction_scale) +
		   fraction * (unit->factor % fraction_scale) / fraction_scale;
	if (__builtin_add_overflow(value, fraction, &value))
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_duration(const char *text, uint64_t *ret_ns)
{
	static const struct unit units[] = {
		{"", 1000000000}, {"s", 1000000000},  {"ms", 1000000},	    {"us", 1000},
		{"ns", 1},	  {"m", 60000000000}, {"h", 3600000000000},
	};

	return parse_scaled(text, units, sizeof(units) / sizeof(units[0]), ret_ns);
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{"", 1},
		{"K", (uint64_t)1 << 10},
		{"M", (uint64_t)1 << 20},
		{"G", (uint64_t)1 << 30},
		{"T", (uint64_t)1 << 40},
	};

	return parse_scaled(text, units, sizeof(units) / sizeof(units[0]), ret_bytes);
}
