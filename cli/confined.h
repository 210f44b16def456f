/* SPDX-License-Identifier: MIT */
/*
 * Runs a piece of work that reads other people's files (ELF, DWARF, captures) in a child that has
 * given up root's rights but for reading, so that a hostile file gains nothing.  Without root it
 * runs in place: there is nothing to give up.
 */
#ifndef CTRACE_CLI_CONFINED_H
#define CTRACE_CLI_CONFINED_H

#include <stddef.h>

/*
 * What @work returns (a negative errno or 0); -ECHILD after a line on stderr when it died.  Of its
 * memory only what confined_memory() gave survives, and what it wrote to open descriptors.
 */
int confined_run(int (*work)(void *arg), void *arg);

/* Zeroed memory both sides see; to be freed with the same size. */
void *confined_memory(size_t size);
void confined_memory_free(void *memory, size_t size);

#endif
