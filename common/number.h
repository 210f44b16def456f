/* SPDX-License-Identifier: MIT */
/* Checked parsing of numbers people type.  Whole strings only: no trailing garbage, no signs. */
#ifndef CTRACE_COMMON_NUMBER_H
#define CTRACE_COMMON_NUMBER_H

#include <stdint.h>

/* Decimal or 0x hexadecimal in [min, max].  -EINVAL: no number; -ERANGE: outside the range. */
int parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);

/* "10s", "500ms", "20us", "5ns", "2m", "1.5s"; a bare number is seconds.  -EINVAL, -ERANGE. */
int parse_duration(const char *text, uint64_t *ret_ns);

/* "16M", "4K", "1G", bare bytes.  -EINVAL, -ERANGE. */
int parse_size(const char *text, uint64_t *ret_bytes);

#endif
