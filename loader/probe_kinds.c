/* SPDX-License-Identifier: MIT */
/* The table of probe kinds: a new kind is a row here and a file with its operations. */
#include "loader/probe_internal.h"

#include <string.h>

static const struct probe_kind kinds[] = {
	{
		.name = "profile",
		.short_name = "p",
		.spelling = "hz|s|ms|us:N",
		.example = "profile:hz:99",
		.summary = "samples of running threads, on every CPU",
		.parse = probe_clock_parse,
		.attach = probe_profile_attach,
	},
	{
		.name = "interval",
		.short_name = "i",
		.spelling = "hz|s|ms|us:N",
		.example = "interval:s:1",
		.summary = "the same on one CPU only",
		.parse = probe_clock_parse,
		.attach = probe_interval_attach,
	},
	{
		.name = "software",
		.short_name = "s",
		.spelling = "EVENT[:COUNT]",
		.example = "software:page-faults:1",
		.summary = "every COUNTth event of the kernel's counters",
		.parse = probe_software_parse,
		.attach = probe_counter_attach,
		.attach_also = probe_counter_attach_also,
		.list = probe_software_list,
	},
	{
		.name = "hardware",
		.short_name = "h",
		.spelling = "EVENT[:COUNT]",
		.example = "hardware:cache-misses:10000",
		.summary = "every COUNTth event of the CPU's counters",
		.parse = probe_hardware_parse,
		.attach = probe_counter_attach,
		.attach_also = probe_counter_attach_also,
		.list = probe_hardware_list,
	},
	{
		.name = "uprobe",
		.short_name = "u",
		.spelling = "[OBJ:]FN[+OFF]",
		.example = "uprobe:libc:malloc",
		.summary = "calls of a function of a program or library",
		.parse = probe_uprobe_parse,
		.resolve = probe_uprobe_resolve,
		.attach = probe_uprobe_attach,
		.attach_also = probe_uprobe_attach_also,
		.list = probe_uprobe_list,
	},
	{
		.name = "uretprobe",
		.short_name = "ur",
		.spelling = "[OBJ:]FN",
		.example = "uretprobe:libc:malloc",
		.summary = "their returns: stacks as of the call that returns",
		.parse = probe_uretprobe_parse,
		.resolve = probe_uprobe_resolve,
		.attach = probe_uprobe_attach,
		.attach_also = probe_uprobe_attach_also,
		.list = probe_uretprobe_list,
	},
	{
		.name = "kprobe",
		.short_name = "k",
		.spelling = "FN[+OFF]",
		.example = "kprobe:vfs_read",
		.summary = "calls of a function of the kernel",
		.parse = probe_kprobe_parse,
		.resolve = probe_kernel_resolve,
		.attach = probe_kernel_attach,
		.list = probe_kprobe_list,
	},
	{
		.name = "fentry",
		.short_name = "f",
		.spelling = "FN",
		.example = "fentry:vfs_read",
		.summary = "the same, cheaper, for functions with BTF",
		.parse = probe_fentry_parse,
		.resolve = probe_kernel_resolve,
		.attach = probe_kernel_attach,
		.list = probe_fentry_list,
	},
	{
		.name = "kfunc",
		.short_name = "f",
		.spelling = "FN",
		.example = "kfunc:vfs_read",
		.summary = "another name of fentry",
		.parse = probe_fentry_parse,
		.resolve = probe_kernel_resolve,
		.attach = probe_kernel_attach,
		.list = probe_fentry_list,
	},
	{
		.name = "tracepoint",
		.short_name = "t",
		.spelling = "CATEGORY:NAME",
		.example = "tracepoint:sched:sched_switch",
		.summary = "a tracepoint of the kernel",
		.parse = probe_tracepoint_parse,
		.resolve = probe_tracepoint_resolve,
		.attach = probe_tracepoint_attach,
		.list = probe_tracepoint_list,
	},
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_word(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && !memcmp(word, text, len);
}

const struct probe_kind *probe_kind_find(const char *name, size_t len)
{
	for (size_t i = 0; i < NR_KINDS; i++) {
		if (is_word(kinds[i].name, name, len) || is_word(kinds[i].short_name, name, len))
			return &kinds[i];
	}
	return NULL;
}

const struct probe_kind *probe_kind_at(size_t index)
{
	return index < NR_KINDS ? &kinds[index] : NULL;
}
