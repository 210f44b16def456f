/* SPDX-License-Identifier: MIT */
/* The least program a probe can run: counts its hits by cookie, of one process or of all. */
#ifndef CTRACE_TESTS_COUNT_PROGRAM_H
#define CTRACE_TESTS_COUNT_PROGRAM_H

#include "loader/probe.h"

#define COUNT_PROGRAM_COOKIES 8

struct count_program {
	int map_fd;
	int fds[NR_PROBE_PROGRAMS];
	pid_t only; /* count this process; -1: every one */
};

void count_program_init(struct count_program *program, pid_t only);
void count_program_release(struct count_program *program);
/* As probe_environment.prog_fd wants it, with the struct count_program as its argument. */
int count_program_fd(void *arg, enum probe_program which, const char *function);
uint64_t count_program_hits(const struct count_program *program, uint32_t cookie);

#endif
