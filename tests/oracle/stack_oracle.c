/* SPDX-License-Identifier: MIT */
/*
 * The stack oracle: stops a program at random moments, walks the stopped thread with the very step
 * the kernel runs, and has libdw's dwfl_thread_getframes walk the same thread.  Prints every
 * disagreement and a summary; exit status 1 when there is one that is not explained.
 *
 *   stack_oracle [-n STOPS] [-i MICROSECONDS] [-v] PROGRAM [ARG...]
 */
#include "loader/launch.h"
#include "loader/object_set.h"
#include "loader/process_set.h"
#include "loader/table_store.h"

#include "tests/unit/bpf/walk_host.h"

#include <dirent.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_JUDGED CTRACE_MAX_FRAMES

struct judged {
	uint64_t pc[MAX_JUDGED];
	uint32_t nr;
};

struct oracle {
	pid_t pid;
	bool verbose;
	struct object_set *objects;
	struct process_set *processes;
	struct table_store *tables;
	struct walk_cache cache;
	struct walk walk;
	Dwfl *dwfl;
	uint64_t stops, whole, equal, shorter_judge, different, guessed;
	uint64_t by_stop[NR_UNWIND_STOPS];
};

static int read_process(void *arg, void *to, uint32_t size, uint64_t addr)
{
	const struct oracle *o = arg;
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)addr, size};

	return process_vm_readv(o->pid, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -1;
}

static void take_registers(struct walk *w, const struct user_regs_struct *r)
{
	const uint64_t regs[CTRACE_NR_REGS] = {r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi,
					       r->rbp, r->rsp, r->r8,  r->r9,  r->r10, r->r11,
					       r->r12, r->r13, r->r14, r->r15};

	memcpy(w->regs, regs, sizeof(regs));
	w->pc = r->rip;
	w->sp = r->rsp;
	w->uprobes_start = 0;
}

static int walk_ours(struct oracle *o, const struct user_regs_struct *regs)
{
	const struct process *p = process_set_find(o->processes, o->pid, UINT64_MAX);
	struct walk_host host = {
		.read = read_process,
		.arg = o,
		.table = process_set_table(o->processes, p),
		.rules = table_store_rules(o->tables),
		.cache = &o->cache,
	};

	host.blobs = table_store_blobs(o->tables, &host.nr_blobs);
	take_registers(&o->walk, regs);
	return walk_host_run(&host, &o->walk, CTRACE_MAX_FRAMES);
}

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct judged *j = arg;
	Dwarf_Addr pc;
	bool activation;

	if (!dwfl_frame_pc(frame, &pc, &activation) || j->nr == MAX_JUDGED)
		return DWARF_CB_ABORT;
	j->pc[j->nr++] = pc;
	return DWARF_CB_OK;
}

static void print_stack(const char *who, const uint64_t *pc, uint32_t nr, uint64_t mask)
{
	printf("  %s:", who);
	for (uint32_t i = 0; i < nr && i < 64; i++)
		printf(" %llx", (unsigned long long)(pc[i] & mask));
	printf("\n");
}

/* libdw may end with an extra frame at pc 0, or go on below an end-of-stack rule it ignores. */
static void compare(struct oracle *o, int stop, const struct judged *j)
{
	uint32_t nr = o->walk.record.nr_user, judged = j->nr, common = 0;

	while (judged && (j->pc[judged - 1] == 0 || j->pc[judged - 1] == UINT64_MAX))
		judged--;
	while (common < nr && common < judged &&
	       (o->walk.frame[common] & FRAME_PC_MASK) == j->pc[common])
		common++;
	if (common == nr && common == judged)
		o->equal++;
	else if (common == judged && judged < nr)
		o->shorter_judge++;
	else {
		o->different++;
		printf("different: stop %d, ours %u frames, libdw %u, equal %u\n", stop, nr, judged,
		       common);
		print_stack("ours ", o->walk.frame, nr, FRAME_PC_MASK);
		print_stack("libdw", j->pc, judged, UINT64_MAX);
	}
}

static void judge_thread(struct oracle *o, pid_t tid)
{
	struct user_regs_struct regs;
	struct judged judged = {.nr = 0};
	int stop;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) < 0)
		return;
	stop = walk_ours(o, &regs);
	o->stops++;
	o->by_stop[stop]++;
	o->guessed += o->walk.nr_guessed != 0;
	o->whole += stop == STOP_END_OF_STACK;
	dwfl_getthread_frames(o->dwfl, tid, take_frame, &judged);
	compare(o, stop, &judged);
	if (stop != STOP_END_OF_STACK && o->verbose) {
		printf("cut: stop %d at frame %u\n", stop, o->walk.record.nr_user);
		print_stack("ours ", o->walk.frame, o->walk.record.nr_user, FRAME_PC_MASK);
	}
}

static int attach_dwfl(struct oracle *o)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};

	if (o->dwfl)
		dwfl_end(o->dwfl);
	o->dwfl = dwfl_begin(&callbacks);
	if (!o->dwfl || dwfl_linux_proc_report(o->dwfl, o->pid) != 0 ||
	    dwfl_report_end(o->dwfl, NULL, NULL) != 0)
		return -EINVAL;
	/* true: we hold the threads stopped ourselves. */
	return dwfl_linux_proc_attach(o->dwfl, o->pid, true) == 0 ? 0 : -EINVAL;
}

/* Stops every thread, judges each, lets them go.  -ESRCH when the program has ended. */
static int stop_and_judge(struct oracle *o)
{
	char path[64];
	struct dirent *e;
	pid_t tids[256];
	size_t nr = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)o->pid);
	d = opendir(path);
	if (!d)
		return -ESRCH;
	while ((e = readdir(d)) && nr < 256) {
		pid_t tid = (pid_t)atoi(e->d_name);
		int status;

		if (tid <= 0 || ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
			continue;
		if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0 &&
		    waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status))
			tids[nr++] = tid;
	}
	closedir(d);
	if (!nr)
		return -ESRCH;
	process_set_repair(o->processes, o->pid);
	if (process_set_publish(o->processes) > 0 || !o->dwfl)
		if (attach_dwfl(o) < 0)
			fprintf(stderr, "libdw: %s\n", dwfl_errmsg(-1));
	for (size_t i = 0; i < nr; i++)
		judge_thread(o, tids[i]);
	for (size_t i = 0; i < nr; i++)
		ptrace(PTRACE_DETACH, tids[i], NULL, NULL);
	return 0;
}

static void summarize(const struct oracle *o, const char *program)
{
	static const char *const names[NR_UNWIND_STOPS] = {
#define X(name, json, complete, text) json,
		CTRACE_STOPS(X)
#undef X
	};

	printf("%s: %llu stops, %llu whole, %llu equal, %llu longer than libdw's, %llu different, "
	       "%llu with guessed frames;",
	       program, (unsigned long long)o->stops, (unsigned long long)o->whole,
	       (unsigned long long)o->equal, (unsigned long long)o->shorter_judge,
	       (unsigned long long)o->different, (unsigned long long)o->guessed);
	for (int i = 0; i < NR_UNWIND_STOPS; i++)
		if (o->by_stop[i])
			printf(" %s %llu", names[i], (unsigned long long)o->by_stop[i]);
	printf("\n");
}

static int start(struct oracle *o, char **argv, struct launch **ret_launch)
{
	struct launch_options options = {.argv = argv};
	char *error = NULL;
	int err = launch_start(&options, ret_launch, &error);

	if (err == 0)
		err = launch_to_entry(*ret_launch);
	if (err < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], error ? error : strerror(-err));
		free(error);
		return err;
	}
	o->pid = launch_pid(*ret_launch);
	o->objects = object_set_new();
	o->processes = process_set_new(o->objects);
	err = table_store_new(-1, -1, &o->tables);
	if (err < 0)
		return err;
	object_set_publish_to(o->objects, o->tables, -1);
	err = process_set_open_slots(o->processes, -1);
	if (err < 0)
		return err;
	process_set_connect(o->processes, -1, -1);
	err = process_set_add(o->processes, o->pid);
	if (err < 0)
		return err;
	process_set_publish(o->processes);
	return launch_detach(*ret_launch);
}

int main(int argc, char **argv)
{
	static struct oracle o;
	unsigned long stops = 100, interval = 2000;
	struct launch *launch;
	int c;

	while ((c = getopt(argc, argv, "+n:i:v")) != -1) {
		if (c == 'n')
			stops = strtoul(optarg, NULL, 10);
		else if (c == 'i')
			interval = strtoul(optarg, NULL, 10);
		else if (c == 'v')
			o.verbose = true;
		else
			return 2;
	}
	if (optind == argc || start(&o, argv + optind, &launch) < 0)
		return 2;
	srandom(1);
	for (unsigned long i = 0; i < stops; i++) {
		struct timespec pause = {
			.tv_nsec = (long)(1 + (unsigned long)random() % (2 * interval)) * 1000};

		nanosleep(&pause, NULL);
		if (stop_and_judge(&o) < 0)
			break;
	}
	kill(o.pid, SIGKILL);
	summarize(&o, argv[optind]);
	return o.different != 0 || o.stops == 0;
}
