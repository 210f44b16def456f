/* SPDX-License-Identifier: MIT */
/* What somebody may have meant whose probe has no known kind: "syscalls:sys_enter_openat". */
#ifndef CTRACE_LOADER_PROBE_KIND_HINT_H
#define CTRACE_LOADER_PROBE_KIND_HINT_H

/* "; did you mean tracepoint:syscalls:sys_enter_openat?", or ""; to be freed.  @text has a ':'. */
char *probe_kind_hint(const char *text);

#endif
