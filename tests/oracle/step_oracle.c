/* SPDX-License-Identifier: MIT */
/*
 * The step oracle: single-steps a program from its entry point and keeps a shadow stack of its
 * calls and returns; after every instruction the walk, from the registers of that moment, must give
 * exactly the shadow stack.  Exit status 1 when one does not.
 *
 *   step_oracle [-n STEPS] [-s SKIP] PROGRAM [ARG...]
 *
 * A call is seen by what it does: the stack pointer goes down by 8 and the word there is the
 * address behind the instruction.  A frame leaves the shadow stack when the stack pointer has
 * passed its return address.
 */
#include "loader/launch.h"
#include "tests/oracle/stopped_program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_DEPTH	CTRACE_MAX_FRAMES
#define MAX_INSTRUCTION 15
#define MAX_SHOWN	10

struct shadow_frame {
	uint64_t at; /* where the return address lies */
	uint64_t return_addr;
};

struct oracle {
	struct stopped_program program;
	struct shadow_frame shadow[MAX_DEPTH];
	uint32_t depth;
	uint64_t steps, wrong;
};

static int step(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0 || waitpid(pid, &status, __WALL) != pid)
		return -ESRCH;
	return WIFSTOPPED(status) ? 0 : -ESRCH;
}

/* Does the instruction at @pc, whose next one is @next, look like a call? */
static bool is_call(const struct oracle *o, uint64_t pc, uint64_t next)
{
	uint8_t code[6];

	if (next <= pc || next - pc > MAX_INSTRUCTION ||
	    stopped_program_read(&o->program, code, sizeof(code), pc) < 0)
		return false;
	for (size_t i = 0; i + 1 < sizeof(code); i++) {
		/* Prefixes: REX, notrack, bnd, data16; three of them where TLS is looked up. */
		if ((code[i] & 0xf0) == 0x40 || code[i] == 0x3e || code[i] == 0xf2 ||
		    code[i] == 0x66 || code[i] == 0x67)
			continue;
		return code[i] == 0xe8 || (code[i] == 0xff && (code[i + 1] & 0x38) == 0x10);
	}
	return false;
}

/* A retpoline's call is there for the processor's guesses: what stands behind it never runs. */
static bool is_trap(const struct oracle *o, uint64_t addr)
{
	static const uint8_t pause_lfence[] = {0xf3, 0x90, 0x0f, 0xae, 0xe8};
	uint8_t code[sizeof(pause_lfence)];

	return stopped_program_read(&o->program, code, sizeof(code), addr) == 0 &&
	       memcmp(code, pause_lfence, sizeof(code)) == 0;
}

static void follow(struct oracle *o, const struct user_regs_struct *before,
		   const struct user_regs_struct *now)
{
	uint64_t word = 0;

	while (o->depth && o->shadow[o->depth - 1].at < now->rsp)
		o->depth--;
	if (now->rsp == before->rsp - 8 &&
	    stopped_program_read(&o->program, &word, sizeof(word), now->rsp) == 0 &&
	    is_call(o, before->rip, word) && !is_trap(o, word) && o->depth < MAX_DEPTH)
		o->shadow[o->depth++] = (struct shadow_frame){now->rsp, word};
}

static bool is_equal(const struct oracle *o, const struct user_regs_struct *now)
{
	/* Frame 0, then one frame for each return address: the last is in _start. */
	if (o->program.walk.record.nr_user != o->depth + 1 ||
	    stopped_program_pc(&o->program, 0) != now->rip)
		return false;
	for (uint32_t i = 0; i < o->depth; i++)
		if (stopped_program_pc(&o->program, i + 1) !=
		    o->shadow[o->depth - 1 - i].return_addr)
			return false;
	return true;
}

static void report(const struct oracle *o, int stop, const struct user_regs_struct *now)
{
	printf("step %llu at %llx: %s\n  walk:  ", (unsigned long long)o->steps,
	       (unsigned long long)now->rip, stop_name(stop));
	for (uint32_t i = 1; i < o->program.walk.record.nr_user && i < 32; i++)
		printf(" %llx", (unsigned long long)stopped_program_pc(&o->program, i));
	printf("\n  shadow:");
	for (uint32_t i = 0; i < o->depth && i < 32; i++)
		printf(" %llx", (unsigned long long)o->shadow[o->depth - 1 - i].return_addr);
	printf("\n");
}

static void judge(struct oracle *o, const struct user_regs_struct *now)
{
	int stop = stopped_program_walk(&o->program, now);

	o->steps++;
	if (stop == STOP_END_OF_STACK && is_equal(o, now))
		return;
	if (o->wrong++ < MAX_SHOWN)
		report(o, stop, now);
}

static void judge_steps(struct oracle *o, unsigned long steps, unsigned long skip)
{
	pid_t pid = o->program.pid;
	struct user_regs_struct before, now;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &before) < 0)
		return;
	for (unsigned long i = 0; i < steps + skip; i++) {
		if (step(pid) < 0 || ptrace(PTRACE_GETREGS, pid, NULL, &now) < 0)
			return;
		follow(o, &before, &now);
		if (i >= skip)
			judge(o, &now);
		before = now;
	}
}

int main(int argc, char **argv)
{
	struct oracle *o = calloc(1, sizeof(*o));
	unsigned long steps = 100000, skip = 0;
	int c, status;

	while ((c = getopt(argc, argv, "+n:s:")) != -1) {
		if (c == 'n')
			steps = strtoul(optarg, NULL, 10);
		else if (c == 's')
			skip = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (!o || optind == argc || stopped_program_start(&o->program, argv + optind) < 0 ||
	    stopped_program_run_to_entry(&o->program) < 0)
		return 2;
	judge_steps(o, steps, skip);
	printf("%s: %llu instructions, %llu wrong\n", argv[optind], (unsigned long long)o->steps,
	       (unsigned long long)o->wrong);
	status = o->wrong != 0 || o->steps == 0;
	stopped_program_end(&o->program);
	free(o);
	return status;
}
