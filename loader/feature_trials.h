/* SPDX-License-Identifier: MIT */
/*
 * One trial for each thing a kernel may allow.  Each returns 0 or a negative errno and may set
 * @ret_detail, to be freed: what it found, or a better word than the errno's.
 */
#ifndef CTRACE_LOADER_FEATURE_TRIALS_H
#define CTRACE_LOADER_FEATURE_TRIALS_H

typedef int feature_trial(char **ret_detail);

/* Programs and maps: feature_trials_bpf.c. */
feature_trial feature_try_bpf, feature_try_btf, feature_try_ring_buffer, feature_try_perf_program,
	feature_try_fentry, feature_try_statistics;

/* Events: feature_trials_perf.c. */
feature_trial feature_try_perf_events, feature_try_hardware, feature_try_breakpoints,
	feature_try_uprobes, feature_try_inherited_uprobes, feature_try_kprobes,
	feature_try_tracepoints;

/* Rights and /proc: feature_trials_rights.c. */
feature_trial feature_try_capabilities, feature_try_ptrace, feature_try_kallsyms,
	feature_try_map_files;

#endif
