/* SPDX-License-Identifier: MIT */
/* A shared library whose functions are called through the PLT. */
#ifndef CTRACE_TESTS_PLT_LIBRARY_H
#define CTRACE_TESTS_PLT_LIBRARY_H

int plt_leaf(int n);
int plt_recurse(int depth);
void plt_call_back(void (*fn)(void));

#endif
