/* SPDX-License-Identifier: MIT */
/* The system calls that are left to a process that only computes. */
#ifndef CTRACE_SYMBOLIZE_SANDBOX_FILTER_H
#define CTRACE_SYMBOLIZE_SANDBOX_FILTER_H

/*
 * From now on this process and its threads get -EPERM for all but memory, threads, clocks and the
 * descriptors they have.  Needs no_new_privs.  0 or a negative errno.
 */
int sandbox_filter_install(void);

#endif
