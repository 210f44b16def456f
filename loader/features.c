/* SPDX-License-Identifier: MIT */
#include "loader/features.h"

#include "common/alloc.h"
#include "loader/feature_trials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEWER_KERNEL "boot a kernel with it (6.1 or later is tested)"

/* Everything there is to ask, in the order people should read the answers. */
static const struct {
	const char *name;
	const char *purpose;
	bool required;
	feature_trial *try_it;
	const char *cure; /* where rights are not what is missing */
} trials[] = {
	{"capabilities", "everything", true, feature_try_capabilities, FEATURE_CURE_RIGHTS},
	{"BPF programs", "walking stacks in the kernel", true, feature_try_bpf, NEWER_KERNEL},
	{"BPF ring buffer", "handing stacks out", true, feature_try_ring_buffer, NEWER_KERNEL},
	{"kernel BTF", "reading the kernel's structures", true, feature_try_btf,
	 "boot a kernel built with CONFIG_DEBUG_INFO_BTF"},
	{"perf events", "profile:, interval:, software:", true, feature_try_perf_events,
	 "sysctl kernel.perf_event_paranoid=-1, or the rights named below"},
	{"programs on perf events", "profile:, interval:, software:", true,
	 feature_try_perf_program, NEWER_KERNEL},
	{"ptrace", "launching a program", true, feature_try_ptrace,
	 "sysctl kernel.yama.ptrace_scope=1 (after a reboot)"},
	{"hardware breakpoints", "stopping at a program's entry quickly", false,
	 feature_try_breakpoints, "none needed: a uprobe stands in, 0.1 s slower"},
	{"map_files", "reading deleted and unnamed objects", false, feature_try_map_files,
	 FEATURE_CURE_RIGHTS},
	{"uprobes", "uprobe:", false, feature_try_uprobes,
	 "boot a kernel built with CONFIG_UPROBES"},
	{"inherited uprobes", "uprobe: through forks", false, feature_try_inherited_uprobes,
	 "boot a kernel built with CONFIG_UPROBE_EVENTS"},
	{"tracefs", "tracepoint:", false, feature_try_tracepoints,
	 "mount -t tracefs nodev /sys/kernel/tracing"},
	{"kprobes", "kprobe:", false, feature_try_kprobes, "kprobe:FN uses fentry if available"},
	{"fentry", "fentry:, and kprobe: without kprobes", false, feature_try_fentry,
	 "tracepoint: probes work without"},
	{"hardware counters", "hardware:", false, feature_try_hardware, "use profile:hz:99"},
	{"kernel symbols", "naming kernel frames", false, feature_try_kallsyms,
	 "sysctl kernel.kptr_restrict=0, or the rights named below"},
	{"BPF run-time statistics", "--bpf-stats", false, feature_try_statistics, NEWER_KERNEL},
};

#define NR_TRIALS (sizeof(trials) / sizeof(trials[0]))

struct feature *features_check(size_t *ret_nr)
{
	struct feature *features = xcalloc(NR_TRIALS, sizeof(*features));

	for (size_t i = 0; i < NR_TRIALS; i++) {
		struct feature *feature = &features[i];
		int ret = trials[i].try_it(&feature->why);

		feature->name = trials[i].name;
		feature->purpose = trials[i].purpose;
		feature->required = trials[i].required;
		feature->available = ret >= 0;
		if (ret >= 0)
			continue;
		if (!feature->why)
			feature->why = xstrdup(strerror(-ret));
		feature->cure = trials[i].cure;
		if ((ret == -EPERM || ret == -EACCES) && geteuid() != 0)
			feature->cure = FEATURE_CURE_RIGHTS;
	}
	*ret_nr = NR_TRIALS;
	return features;
}

void features_free(struct feature *features, size_t nr)
{
	for (size_t i = 0; features && i < nr; i++)
		free(features[i].why);
	free(features);
}
