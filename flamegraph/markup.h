/* SPDX-License-Identifier: MIT */
/* Text inside SVG and HTML, whatever bytes it is made of, and numbers as people read them. */
#ifndef CTRACE_FLAMEGRAPH_MARKUP_H
#define CTRACE_FLAMEGRAPH_MARKUP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MARKUP_COUNT_MAX 32 /* bytes of a formatted count */

/* Text that is less than the picture's boxes; the attribute is for viewers that take no style. */
#define MARKUP_MUTED "class=\"muted\" fill=\"#63636b\""

/*
 * @text up to @len bytes: & < > " ' escaped, controls and what XML cannot hold become U+FFFD, so
 * does what is no UTF-8.
 */
void markup_bytes(FILE *out, const char *text, size_t len);
void markup_text(FILE *out, const char *text);

/* 1234567 as "1,234,567"; returns @text, which holds MARKUP_COUNT_MAX bytes. */
const char *markup_count(uint64_t value, char *text);

/* Pixels: at most one decimal, no trailing zero. */
void markup_pixels(FILE *out, double value);

double markup_percent(uint64_t part, uint64_t whole);

#endif
