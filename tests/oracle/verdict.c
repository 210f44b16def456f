/* SPDX-License-Identifier: MIT */
#include "tests/oracle/verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_STEPS      20000
#define STEP_WAIT_US   50
#define STEP_WAITS_MAX 4000 /* of a system call that another, stopped thread has to end */

/* A disagreement: the first frame in which the two differ. */
struct dispute {
	const struct stopped_program *program;
	Dwfl *dwfl;
	const struct judged_stack *theirs;
	uint32_t common;
	uint32_t nr;
};

static uint64_t our_pc(const struct dispute *d, uint32_t i)
{
	return stopped_program_pc(d->program, i);
}

static bool is_exact(const struct dispute *d, uint32_t i)
{
	return d->program->walk.frame[i] & FRAME_EXACT;
}

/* The frame CFI describes @pc with, by libdw; NULL: there is none.  The caller frees it. */
static Dwarf_Frame *frame_at(Dwfl *dwfl, uint64_t pc)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, pc);
	Dwarf_Frame *frame = NULL;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi;

	if (!module)
		return NULL;
	cfi = dwfl_module_eh_cfi(module, &bias);
	if (cfi && dwarf_cfi_addrframe(cfi, pc - bias, &frame) == 0)
		return frame;
	cfi = dwfl_module_dwarf_cfi(module, &bias);
	if (cfi && dwarf_cfi_addrframe(cfi, pc - bias, &frame) == 0)
		return frame;
	return NULL;
}

static bool has_cfi(Dwfl *dwfl, uint64_t pc)
{
	Dwarf_Frame *frame = frame_at(dwfl, pc);
	bool found = frame != NULL;

	free(frame);
	return found;
}

static bool is_outermost(Dwfl *dwfl, uint64_t pc)
{
	Dwarf_Frame *frame = frame_at(dwfl, pc);
	Dwarf_Op mem[3], *ops = NULL;
	bool outermost;
	size_t nr = 1;

	if (!frame)
		return false;
	outermost = dwarf_frame_register(frame, 16, mem, &ops, &nr) == 0 && nr == 0 && ops;
	free(frame);
	return outermost;
}

/* How long the call is that ends at @addr; 0: there is none. */
static unsigned int call_before(const struct dispute *d, uint64_t addr, uint64_t *ret_target)
{
	static const uint8_t lengths[] = {2, 3, 4, 6, 7};
	uint8_t code[8];
	int32_t distance;

	*ret_target = 0;
	if (stopped_program_read(d->program, code, sizeof(code), addr - sizeof(code)) < 0)
		return 0;
	if (code[3] == 0xe8) {
		memcpy(&distance, code + 4, sizeof(distance));
		*ret_target = addr + (uint64_t)(int64_t)distance;
		return 5;
	}
	for (size_t i = 0; i < sizeof(lengths); i++) {
		const uint8_t *at = code + sizeof(code) - lengths[i];

		if (at[0] == 0xff && (at[1] & 0x38) == 0x10)
			return lengths[i];
	}
	return 0;
}

static bool is_behind_call(const struct dispute *d, uint64_t addr)
{
	uint64_t target;

	if (!stopped_program_is_code(d->program, addr))
		return false;
	/* Java's interpreter pushes where to go on without a call. */
	return !dwfl_addrmodule(d->dwfl, addr) || call_before(d, addr, &target) != 0;
}

/* Did the call before @addr, if one can tell, go to the function that holds @callee? */
static bool is_call_of(const struct dispute *d, uint64_t addr, uint64_t callee)
{
	Dwfl_Module *module = dwfl_addrmodule(d->dwfl, callee);
	const char *named, *called;
	uint64_t target;

	if (!call_before(d, addr, &target))
		return false;
	if (!target || !module || dwfl_addrmodule(d->dwfl, target) != module)
		return true;
	named = dwfl_module_addrname(module, callee);
	called = dwfl_module_addrname(module, target);
	return !named || !called || strcmp(named, called) == 0;
}

/* Steps @tid once.  -ETIMEDOUT: it waits for another thread. */
static int step(pid_t tid, int *signal)
{
	const struct timespec pause = {.tv_nsec = STEP_WAIT_US * 1000};
	pid_t done = 0;
	int status = 0, waits;

	if (ptrace(PTRACE_SINGLESTEP, tid, NULL, (void *)(intptr_t)*signal) < 0)
		return -errno;
	for (waits = 0; (done = waitpid(tid, &status, __WALL | WNOHANG)) == 0; waits++) {
		if (waits == STEP_WAITS_MAX) {
			ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
			waitpid(tid, &status, __WALL);
			return -ETIMEDOUT;
		}
		if (waits > 20)
			nanosleep(&pause, NULL);
	}
	if (done != tid || !WIFSTOPPED(status))
		return -ESRCH;
	*signal = status >> 16 == 0 && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
	return 0;
}

/*
 * Steps the thread on until it is at one of the two addresses with less on its stack than now:
 * that is where the frame in dispute returned to.  1: ours, 0: theirs, negative: neither.
 */
static int see_return(pid_t tid, const struct user_regs_struct *regs, uint64_t ours,
		      uint64_t theirs)
{
	struct user_regs_struct now;
	int signal = 0;

	for (unsigned int i = 0; i < MAX_STEPS; i++) {
		int err = step(tid, &signal);

		if (err < 0)
			return err;
		if (ptrace(PTRACE_GETREGS, tid, NULL, &now) < 0)
			return -errno;
		if (now.rsp > regs->rsp && now.rip == ours)
			return 1;
		if (now.rsp > regs->rsp && now.rip == theirs)
			return 0;
	}
	return -ETIME;
}

/* Is what libdw has from frame @common on what we have one frame further up? */
static bool they_skip_one(const struct dispute *d)
{
	uint32_t left = d->theirs->nr - d->common;

	if (d->nr - d->common - 1 != left)
		return false;
	for (uint32_t i = 0; i < left; i++)
		if (our_pc(d, d->common + 1 + i) != d->theirs->pc[d->common + i])
			return false;
	return true;
}

/* Ours goes on where libdw's ends. */
static enum verdict judge_longer(const struct dispute *d)
{
	uint64_t last = our_pc(d, d->common - 1) - !is_exact(d, d->common - 1);

	if (has_cfi(d->dwfl, last))
		return VERDICT_UNEXPLAINED;
	for (uint32_t i = d->common; i < d->nr; i++)
		if (!is_exact(d, i) && !is_behind_call(d, our_pc(d, i)))
			return VERDICT_UNEXPLAINED;
	return VERDICT_NO_CFI;
}

/* libdw's goes on where ours ends. */
static enum verdict judge_shorter(const struct dispute *d)
{
	uint64_t last = our_pc(d, d->common - 1) - !is_exact(d, d->common - 1);

	if (is_outermost(d->dwfl, last))
		return VERDICT_OUTERMOST;
	if (!is_behind_call(d, d->theirs->pc[d->common]))
		return VERDICT_NOT_CODE;
	return VERDICT_UNEXPLAINED;
}

/* Is frame @i of a function of Go's runtime that switches stacks? */
static bool leaves_stack(const struct dispute *d, uint32_t i)
{
	static const char *const names[] = {"runtime.mcall",	   "runtime.morestack",
					    "runtime.gogo",	   "gogo",
					    "runtime.systemstack", "runtime.asmcgocall"};
	uint64_t pc = our_pc(d, i) - !is_exact(d, i);
	Dwfl_Module *module = dwfl_addrmodule(d->dwfl, pc);
	const char *name = module ? dwfl_module_addrname(module, pc) : NULL;

	for (size_t n = 0; name && n < sizeof(names) / sizeof(names[0]); n++) {
		size_t length = strlen(names[n]);

		if (strncmp(name, names[n], length) == 0 &&
		    (!name[length] || strcmp(name + length, ".abi0") == 0))
			return true;
	}
	return false;
}

/* Is frame @i where a signal handler returns to: mov $15, %eax or %rax; syscall? */
static bool is_signal_trampoline(const struct dispute *d, uint32_t i)
{
	static const uint8_t eax[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
	static const uint8_t rax[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	uint8_t code[sizeof(rax)];

	return is_exact(d, i) &&
	       stopped_program_read(d->program, code, sizeof(code), our_pc(d, i)) == 0 &&
	       (memcmp(code, eax, sizeof(eax)) == 0 || memcmp(code, rax, sizeof(rax)) == 0);
}

enum verdict verdict_of(const struct stopped_program *program, Dwfl *dwfl, pid_t tid,
			const struct user_regs_struct *regs, const struct judged_stack *theirs)
{
	struct dispute d = {.program = program,
			    .dwfl = dwfl,
			    .theirs = theirs,
			    .nr = program->walk.record.nr_user};
	uint64_t below;

	while (d.common < d.nr && d.common < theirs->nr &&
	       our_pc(&d, d.common) == theirs->pc[d.common])
		d.common++;
	if (d.common == d.nr && d.common == theirs->nr)
		return VERDICT_EQUAL;
	if (d.common == 0)
		return VERDICT_UNEXPLAINED;
	if (is_signal_trampoline(&d, d.common - 1))
		return VERDICT_SIGNAL;
	if (leaves_stack(&d, d.common - 1))
		return VERDICT_OTHER_STACK;
	if (d.common == theirs->nr)
		return judge_longer(&d);
	if (d.common == d.nr)
		return judge_shorter(&d);
	if (see_return(tid, regs, our_pc(&d, d.common), theirs->pc[d.common]) == 1)
		return VERDICT_RETURNED;
	if (!stopped_program_is_code(program, theirs->pc[d.common]) &&
	    is_behind_call(&d, our_pc(&d, d.common)))
		return VERDICT_NOT_CODE;
	below = our_pc(&d, d.common - 1);
	if (they_skip_one(&d) && !has_cfi(dwfl, below - !is_exact(&d, d.common - 1)) &&
	    is_behind_call(&d, our_pc(&d, d.common)) && is_call_of(&d, our_pc(&d, d.common), below))
		return VERDICT_CALLED;
	return VERDICT_UNEXPLAINED;
}

const char *verdict_key(enum verdict verdict)
{
	static const char *const keys[NR_VERDICTS] = {
#define X(name, key, text) key,
		VERDICTS(X)
#undef X
	};

	return keys[verdict];
}

const char *verdict_text(enum verdict verdict)
{
	static const char *const texts[NR_VERDICTS] = {
#define X(name, key, text) text,
		VERDICTS(X)
#undef X
	};

	return texts[verdict];
}
