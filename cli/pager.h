/* SPDX-License-Identifier: MIT */
/*
 * Long text on a terminal goes through $PAGER, or less where it is installed, as with git.  Where
 * standard output is no terminal nothing happens.
 */
#ifndef CTRACE_CLI_PAGER_H
#define CTRACE_CLI_PAGER_H

#include "common/cleanup.h"

struct pager;

/* From here on standard output is the pager's input.  NULL: there is none, write as ever. */
struct pager *pager_start(void);

/* Ends its input and waits until the user has left it; everything must be flushed. */
void pager_finish(struct pager *pager);
DEFINE_CLEANUP(struct pager *, pager_finish);

#endif
