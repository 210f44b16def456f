/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel's own frame-pointer walk at a uprobe, and nothing else: what ctrace is held against.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MAX_FRAMES 127 /* PERF_MAX_STACK_DEPTH */

/* The program that is walked has one thread. */
__u64 frames = 0;
__u64 stack[MAX_FRAMES] = {};

SEC("kprobe")
int walk_frame_pointers(void *ctx)
{
	long bytes = bpf_get_stack(ctx, stack, sizeof(stack), BPF_F_USER_STACK);

	if (bytes > 0)
		frames += (__u64)bytes / sizeof(stack[0]);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
