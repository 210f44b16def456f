/* SPDX-License-Identifier: MIT */
/*
 * The stack oracle: stops a program at random moments, walks every thread with the step the kernel
 * runs, and has libdw's dwfl_getthread_frames walk the same threads.  Prints each disagreement
 * that is not explained (-v: every one, and every stack that is cut) and a summary; exit status 1
 * when there is one, or (-w) when a stack is not whole.
 *
 *   stack_oracle [-n STOPS] [-i MICROSECONDS] [-s SEED] [-v] [-w] PROGRAM [ARG...]
 */
#include "loader/launch.h"
#include "tests/oracle/stopped_program.h"
#include "tests/oracle/verdict.h"

#include <dirent.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS  256
#define SHOWN_FRAMES 64

struct oracle {
	struct stopped_program program;
	bool verbose;
	bool must_be_whole;
	Dwfl *dwfl;
	uint64_t stops, guessed;
	uint64_t verdicts[NR_VERDICTS];
	uint64_t by_stop[NR_UNWIND_STOPS];
};

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct judged_stack *stack = arg;
	Dwarf_Addr pc;
	bool activation;

	if (!dwfl_frame_pc(frame, &pc, &activation) || stack->nr == CTRACE_MAX_FRAMES)
		return DWARF_CB_ABORT;
	stack->pc[stack->nr++] = pc;
	return DWARF_CB_OK;
}

static void print_frame(const struct oracle *o, uint64_t pc)
{
	Dwfl_Module *module = dwfl_addrmodule(o->dwfl, pc);
	const char *name = module ? dwfl_module_addrname(module, pc - 1) : NULL;

	printf(" %llx(%s)", (unsigned long long)pc, name ? name : module ? "?" : "no module");
}

static void print_stacks(const struct oracle *o, const struct judged_stack *theirs)
{
	printf("  ours: ");
	for (uint32_t i = 0; i < o->program.walk.record.nr_user && i < SHOWN_FRAMES; i++)
		print_frame(o, stopped_program_pc(&o->program, i));
	printf("\n  libdw:");
	for (uint32_t i = 0; i < theirs->nr && i < SHOWN_FRAMES; i++)
		print_frame(o, theirs->pc[i]);
	printf("\n");
}

static void judge_thread(struct oracle *o, pid_t tid)
{
	struct judged_stack theirs = {.nr = 0};
	struct user_regs_struct regs;
	enum verdict verdict;
	int stop;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) < 0)
		return;
	stop = stopped_program_walk(&o->program, &regs);
	o->stops++;
	o->by_stop[stop]++;
	o->guessed += o->program.walk.nr_guessed != 0;
	dwfl_getthread_frames(o->dwfl, tid, take_frame, &theirs);
	/* libdw may add a frame at pc 0. */
	while (theirs.nr &&
	       (theirs.pc[theirs.nr - 1] == 0 || theirs.pc[theirs.nr - 1] == UINT64_MAX))
		theirs.nr--;
	verdict = verdict_of(&o->program, o->dwfl, tid, &regs, &theirs);
	o->verdicts[verdict]++;
	if (verdict == VERDICT_UNEXPLAINED ||
	    (o->verbose && (verdict != VERDICT_EQUAL || stop != STOP_END_OF_STACK))) {
		printf("%s: %s\n", stop_name(stop), verdict_text(verdict));
		print_stacks(o, &theirs);
	}
}

static int attach_dwfl(struct oracle *o)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	pid_t pid = o->program.pid;

	dwfl_end(o->dwfl);
	o->dwfl = dwfl_begin(&callbacks);
	if (!o->dwfl || dwfl_linux_proc_report(o->dwfl, pid) != 0 ||
	    dwfl_report_end(o->dwfl, NULL, NULL) != 0)
		return -EINVAL;
	/* true: the threads are stopped by us. */
	return dwfl_linux_proc_attach(o->dwfl, pid, true) == 0 ? 0 : -EINVAL;
}

static size_t stop_threads(pid_t pid, pid_t tids[MAX_THREADS])
{
	const struct dirent *e;
	char path[64];
	size_t nr = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d)) && nr < MAX_THREADS) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
		int status;

		if (tid <= 0 || ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
			continue;
		if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0 &&
		    waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status))
			tids[nr++] = tid;
	}
	if (d)
		closedir(d);
	return nr;
}

/* Stops every thread, judges each, lets them go.  -ESRCH when the program has ended. */
static int stop_and_judge(struct oracle *o)
{
	pid_t tids[MAX_THREADS];
	size_t nr = stop_threads(o->program.pid, tids);

	if (!nr)
		return -ESRCH;
	if ((stopped_program_refresh(&o->program) || !o->dwfl) && attach_dwfl(o) < 0)
		fprintf(stderr, "libdw: %s\n", dwfl_errmsg(-1));
	for (size_t i = 0; i < nr; i++)
		judge_thread(o, tids[i]);
	for (size_t i = 0; i < nr; i++)
		ptrace(PTRACE_DETACH, tids[i], NULL, NULL);
	return 0;
}

/* One line of words and numbers, as run_stacks.py reads it. */
static void summarize(const struct oracle *o)
{
	printf("stacks: stops %llu guessed %llu", (unsigned long long)o->stops,
	       (unsigned long long)o->guessed);
	for (int i = 0; i < NR_VERDICTS; i++)
		printf(" %s %llu", verdict_key((enum verdict)i),
		       (unsigned long long)o->verdicts[i]);
	for (int i = 0; i < NR_UNWIND_STOPS; i++)
		if (o->by_stop[i])
			printf(" %s %llu", stop_name(i), (unsigned long long)o->by_stop[i]);
	printf("\n");
}

static void judge_often(struct oracle *o, unsigned long stops, unsigned long interval)
{
	while (o->stops < stops) {
		unsigned long us = 1 + (unsigned long)random() % (2 * interval);
		struct timespec pause = {.tv_sec = (time_t)(us / 1000000),
					 .tv_nsec = (long)(us % 1000000) * 1000};

		nanosleep(&pause, NULL);
		if (stop_and_judge(o) < 0)
			break;
	}
}

int main(int argc, char **argv)
{
	struct oracle *o = calloc(1, sizeof(*o));
	unsigned long stops = 100, interval = 2000;
	int c, status;

	while ((c = getopt(argc, argv, "+n:i:s:vw")) != -1) {
		if (c == 'n')
			stops = strtoul(optarg, NULL, 10);
		else if (c == 'i')
			interval = strtoul(optarg, NULL, 10);
		else if (c == 's')
			srandom((unsigned int)strtoul(optarg, NULL, 10));
		else if (c == 'v')
			o->verbose = true;
		else if (c == 'w')
			o->must_be_whole = true;
		else
			return 2;
	}
	if (!o || optind == argc || !interval ||
	    stopped_program_start(&o->program, argv + optind) < 0 ||
	    launch_detach(o->program.launch) < 0)
		return 2;
	judge_often(o, stops, interval);
	summarize(o);
	status = o->verdicts[VERDICT_UNEXPLAINED] != 0 || o->stops == 0 ||
		 (o->must_be_whole && o->by_stop[STOP_END_OF_STACK] != o->stops);
	dwfl_end(o->dwfl);
	stopped_program_end(&o->program);
	free(o);
	return status;
}
