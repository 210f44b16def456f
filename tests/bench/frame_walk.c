/* SPDX-License-Identifier: MIT */
/*
 * Runs a program with the kernel's frame-pointer walk on each call of one of its functions and
 * prints the kernel's run-time statistics of that as JSON:
 *
 *     frame_walk FUNCTION PROGRAM [ARGUMENT...]
 *     {"runs": n, "ns": n, "frames": n}
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame_walk.skel.h"

static int fail(const char *what)
{
	fprintf(stderr, "frame_walk: %s: %s\n", what, strerror(errno));
	return 1;
}

static int run(char **argv)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	return status;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	struct frame_walk *skel;

	if (argc < 3) {
		fprintf(stderr, "usage: frame_walk FUNCTION PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	skel = frame_walk__open_and_load();
	if (!skel)
		return fail("cannot load the BPF program");
	options.func_name = argv[1];
	if (!bpf_program__attach_uprobe_opts(skel->progs.walk_frame_pointers, -1, argv[2], 0,
					     &options))
		return fail("cannot attach");
	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return fail("cannot switch on the kernel's run-time statistics");
	if (run(argv + 2) != 0)
		return fail("the program failed");
	if (bpf_obj_get_info_by_fd(bpf_program__fd(skel->progs.walk_frame_pointers), &info, &size))
		return fail("cannot read the statistics");
	printf("{\"runs\": %llu, \"ns\": %llu, \"frames\": %llu}\n",
	       (unsigned long long)info.run_cnt, (unsigned long long)info.run_time_ns,
	       (unsigned long long)skel->bss->frames);
	return 0;
}
