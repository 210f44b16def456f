/* SPDX-License-Identifier: MIT */
/* Kernel symbols from /proc/kallsyms (modules, BPF programs and trampolines included). */
#ifndef CTRACE_SYMBOLIZE_KALLSYMS_H
#define CTRACE_SYMBOLIZE_KALLSYMS_H

#include "common/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct kallsyms;

/*
 * Reads @path (/proc/kallsyms).  -EACCES: addresses are all zero (kptr_restrict or no CAP_SYSLOG);
 * other errors as open() gave them.
 */
int kallsyms_load(const char *path, struct kallsyms **ret_syms);
void kallsyms_free(struct kallsyms *syms);
DEFINE_CLEANUP(struct kallsyms *, kallsyms_free);

/*
 * Name of the function covering @addr, or NULL; ret_module (may be NULL) gets "nf_nat" or NULL for
 * the kernel proper; ret_start (may be NULL) where the function begins.  Owned by @syms.
 */
const char *kallsyms_find(const struct kallsyms *syms, uint64_t addr, const char **ret_module,
			  uint64_t *ret_start);
/* Functions whose name matches the glob @pattern; returns the number of matches. */
int kallsyms_match(const struct kallsyms *syms, const char *pattern,
		   int (*fn)(const char *name, uint64_t addr, void *arg), void *arg);

#endif
