/* SPDX-License-Identifier: MIT */
/*
 * The capabilities ctrace runs with when it is not root, and what to tell who lacks them.  Prints
 * nothing.
 */
#ifndef CTRACE_LOADER_RIGHTS_H
#define CTRACE_LOADER_RIGHTS_H

/* For setcap(8): all of a recording works with them (tried on 6.18). */
#define RIGHTS_CAPABILITIES "cap_sys_admin,cap_sys_ptrace,cap_dac_read_search,cap_syslog"

/*
 * What this process lacks of them, with what each is for: "CAP_SYS_ADMIN (BPF, perf events,
 * uprobes), ..."; to be freed.  NULL: nothing.
 */
char *rights_missing(void);

#endif
