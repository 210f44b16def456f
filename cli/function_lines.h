/* SPDX-License-Identifier: MIT */
/*
 * One source line for each function of a capture, where outputs show functions and not lines: the
 * one most of its weight was counted at.
 */
#ifndef CTRACE_CLI_FUNCTION_LINES_H
#define CTRACE_CLI_FUNCTION_LINES_H

#include "common/cleanup.h"

struct capture;
struct frame;
struct function_lines;
struct location_names;

/* @names must outlive the result, which is to be freed. */
struct function_lines *function_lines_new(const struct capture *capture,
					  const struct location_names *names);
void function_lines_free(struct function_lines *lines);
DEFINE_CLEANUP(struct function_lines *, function_lines_free);

/* Puts the function's file and line in place of the frame's own. */
void function_lines_apply(struct function_lines *lines, struct frame *frame);

#endif
