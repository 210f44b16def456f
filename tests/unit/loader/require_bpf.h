/* SPDX-License-Identifier: MIT */
/* Ends a test program with 77 (skipped) where BPF is not permitted; CTRACE_REQUIRE_BPF=1: never. */
#ifndef CTRACE_TESTS_REQUIRE_BPF_H
#define CTRACE_TESTS_REQUIRE_BPF_H

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void require_bpf(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const char *required = getenv("CTRACE_REQUIRE_BPF");
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, 2, NULL);

	if (fd >= 0)
		close(fd);
	else if (!required || strcmp(required, "1"))
		exit(77);
}

#endif
