/* SPDX-License-Identifier: MIT */
/* What the library of the probed program exports. */
#ifndef CTRACE_TESTS_PROBE_TARGET_H
#define CTRACE_TESTS_PROBE_TARGET_H

int library_add(int a, int b);
int library_multiply(int a, int b);

#endif
