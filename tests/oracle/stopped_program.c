/* SPDX-License-Identifier: MIT */
#include "tests/oracle/stopped_program.h"

#include "loader/launch.h"
#include "loader/object_set.h"
#include "loader/process_set.h"
#include "loader/table_store.h"
#include "tests/unit/bpf/walk_host.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BREAKPOINT 0xcc
#define MAX_WAITS  500
#define WAIT_US	   10000

int stopped_program_read(const struct stopped_program *p, void *to, uint32_t size, uint64_t addr)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)addr, size};

	return process_vm_readv(p->pid, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -1;
}

static int read_memory(void *arg, void *to, uint32_t size, uint64_t addr)
{
	return stopped_program_read(arg, to, size, addr);
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

int stopped_program_walk(struct stopped_program *p, const struct user_regs_struct *regs)
{
	const struct process *process = process_set_find(p->processes, p->pid, UINT64_MAX);
	struct walk_host host = {
		.read = read_memory,
		.arg = p,
		.table = process_set_table(p->processes, process),
		.rules = table_store_rules(p->tables),
		.cache = &p->cache,
	};

	host.blobs = table_store_blobs(p->tables, &host.nr_blobs);
	take_registers(&p->walk, regs);
	return walk_host_run(&host, &p->walk, CTRACE_MAX_FRAMES);
}

uint64_t stopped_program_pc(const struct stopped_program *p, uint32_t frame)
{
	return p->walk.frame[frame] & FRAME_PC_MASK;
}

bool stopped_program_is_code(const struct stopped_program *p, uint64_t pc)
{
	const struct process *process = process_set_find(p->processes, p->pid, UINT64_MAX);
	const struct mapping_table *table = process_set_table(p->processes, process);

	for (uint32_t i = 0; table && i < table->nr; i++)
		if (pc >= table->start[i] && pc < table->entry[i].end)
			return true;
	return false;
}

static int build_tables(struct stopped_program *p)
{
	int err;

	p->pid = launch_pid(p->launch);
	p->objects = object_set_new();
	p->processes = process_set_new(p->objects);
	err = table_store_new(-1, -1, &p->tables);
	if (err < 0)
		return err;
	object_set_publish_to(p->objects, p->tables, -1);
	err = process_set_open_slots(p->processes, -1);
	if (err < 0)
		return err;
	process_set_connect(p->processes, -1, -1);
	err = process_set_add(p->processes, p->pid);
	if (err < 0)
		return err;
	process_set_publish(p->processes);
	return 0;
}

/* Of a program that has an interpreter; others are stopped there already, and 0. */
static uint64_t entry_point(pid_t pid)
{
	char path[64];
	uint64_t pair[2], entry = 0, base = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)pid);
	file = fopen(path, "re");
	while (file && fread(pair, sizeof(pair), 1, file) == 1) {
		if (pair[0] == AT_ENTRY)
			entry = pair[1];
		else if (pair[0] == AT_BASE)
			base = pair[1];
	}
	if (file)
		fclose(file);
	return base ? entry : 0;
}

int stopped_program_run_to_entry(struct stopped_program *p)
{
	pid_t pid = p->pid;
	uint64_t entry = entry_point(pid);
	struct user_regs_struct regs;
	int status;
	long word = 0;

	if (!entry)
		return 0;
	/* The launcher takes its own traps out in the background. */
	for (int i = 0; i < MAX_WAITS; i++) {
		errno = 0;
		word = ptrace(PTRACE_PEEKTEXT, pid, (void *)entry, NULL);
		if (errno || (word & 0xff) != BREAKPOINT)
			break;
		usleep(WAIT_US);
	}
	if (errno ||
	    ptrace(PTRACE_POKETEXT, pid, (void *)entry, (void *)((word & ~0xffL) | BREAKPOINT)) < 0)
		return -EIO;
	/* The launcher's own signal may come first. */
	do {
		if (ptrace(PTRACE_CONT, pid, NULL, NULL) < 0 ||
		    waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
			return -EIO;
	} while (WSTOPSIG(status) != SIGTRAP);
	if (ptrace(PTRACE_POKETEXT, pid, (void *)entry, (void *)word) < 0 ||
	    ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return -EIO;
	regs.rip = entry;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0)
		return -EIO;
	stopped_program_refresh(p);
	return 0;
}

int stopped_program_start(struct stopped_program *p, char **argv)
{
	struct launch_options options = {.argv = argv};
	char *error = NULL;
	int err = launch_start(&options, &p->launch, &error);

	if (err == 0)
		err = launch_to_start(p->launch);
	if (err == 0)
		err = build_tables(p);
	if (err < 0)
		fprintf(stderr, "%s: %s\n", argv[0], error ? error : strerror(-err));
	free(error);
	return err;
}

bool stopped_program_refresh(struct stopped_program *p)
{
	process_set_repair(p->processes, p->pid);
	return process_set_publish(p->processes) > 0;
}

void stopped_program_end(struct stopped_program *p)
{
	if (p->pid > 0)
		kill(p->pid, SIGKILL);
	process_set_free(p->processes);
	table_store_free(p->tables);
	object_set_free(p->objects);
	launch_free(p->launch);
}

const char *stop_name(int stop)
{
	static const char *const names[NR_UNWIND_STOPS] = {
#define X(name, json, complete, text) json,
		CTRACE_STOPS(X)
#undef X
	};

	return names[stop];
}
