/* SPDX-License-Identifier: MIT */
/*
 * The hit oracle: runs a program to a function again and again, as libdw sees the stack at every
 * hit, and wants the same stacks, exactly as often, from a recording the kernel's walk made of the
 * same function (ctrace uprobe:OBJECT:FUNCTION -o CAPTURE).  For programs that do the same each
 * time; compared by object and address in it.  Exit status 1 when the two differ.
 *
 *   hit_oracle CAPTURE OBJECT FUNCTION PROGRAM [ARG...]
 *
 * The breakpoint is one of the processor's: no byte of the program is changed, no child inherits
 * it.
 */
#include "common/alloc.h"
#include "flamegraph/capture.h"
#include "loader/launch.h"
#include "loader/launch_trap.h"
#include "tests/oracle/stopped_program.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define MAX_SHOWN   5
#define DEBUG_REG_0 offsetof(struct user, u_debugreg[0])
#define DEBUG_REG_7 offsetof(struct user, u_debugreg[7])
#define ENABLE_0    1 /* breakpoint 0, on execution, one byte */

/* Stacks as text, one line each. */
struct stacks {
	char **lines;
	size_t nr, cap;
};

struct hits {
	struct stopped_program program;
	Dwfl *dwfl;
	struct stacks stacks;
	FILE *line; /* of the hit in hand */
	uint32_t frames;
};

static void add_stack(struct stacks *s, char *line)
{
	GROW_ARRAY(s->lines, s->nr, s->cap);
	s->lines[s->nr++] = line;
}

static void free_stacks(struct stacks *s)
{
	for (size_t i = 0; i < s->nr; i++)
		free(s->lines[i]);
	free(s->lines);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void print_place(FILE *out, const char *path, uint64_t vaddr)
{
	/* libdw adds the pid to the vdso's name. */
	if (strncmp(path, "[vdso", 5) == 0)
		path = "[vdso]";
	fprintf(out, " %s+%llx", base_name(path), (unsigned long long)vaddr);
}

static void add_recorded(struct stacks *s, const struct capture *capture,
			 const struct capture_stack *stack)
{
	const struct capture_location *locations;
	const struct capture_object *objects;
	size_t nr, size;
	char *text;
	FILE *out;

	locations = capture_locations(capture, &nr);
	objects = capture_objects(capture, &nr);
	for (uint64_t i = 0; i < stack->count; i++) {
		out = open_memstream(&text, &size);
		for (uint32_t f = 0; f < stack->nr_locations; f++) {
			const struct capture_location *l = &locations[stack->locations[f]];
			const struct capture_object *o = &objects[l->object];

			if (!l->kernel)
				print_place(out,
					    o->kind == CAPTURE_OBJECT_VDSO ? "[vdso]" : o->path,
					    l->vaddr);
		}
		fclose(out);
		add_stack(s, text);
	}
}

static int read_recorded(const char *path, struct stacks *s)
{
	const struct capture_stack *stacks;
	struct capture *capture = NULL;
	FILE *in = fopen(path, "re");
	size_t nr;
	int err;

	if (!in)
		return -errno;
	err = capture_read(in, &capture);
	fclose(in);
	if (err < 0)
		return err;
	stacks = capture_stacks(capture, &nr);
	for (size_t i = 0; i < nr; i++)
		add_recorded(s, capture, &stacks[i]);
	capture_free(capture);
	return 0;
}

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct hits *h = arg;
	Dwfl_Module *module;
	const char *path = NULL, *name;
	Dwarf_Addr pc, bias = 0;
	bool activation;

	if (!dwfl_frame_pc(frame, &pc, &activation) || h->frames++ == CTRACE_MAX_FRAMES)
		return DWARF_CB_ABORT;
	if (!pc)
		return DWARF_CB_OK;
	module = dwfl_addrmodule(h->dwfl, pc);
	if (module) {
		name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &path, NULL);
		dwfl_module_getelf(module, &bias);
		path = path ? path : name;
	}
	print_place(h->line, path ? path : "?", pc - bias);
	return DWARF_CB_OK;
}

static int attach_dwfl(struct hits *h)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};

	dwfl_end(h->dwfl);
	h->dwfl = dwfl_begin(&callbacks);
	if (!h->dwfl || dwfl_linux_proc_report(h->dwfl, h->program.pid) != 0 ||
	    dwfl_report_end(h->dwfl, NULL, NULL) != 0)
		return -EINVAL;
	return dwfl_linux_proc_attach(h->dwfl, h->program.pid, true) == 0 ? 0 : -EINVAL;
}

struct wanted {
	const char *object, *function;
	uint64_t addr;
};

static int find_in_module(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr start,
			  void *arg)
{
	struct wanted *wanted = arg;
	const char *path = NULL;
	int nr;

	(void)user;
	(void)start;
	dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &path, NULL);
	if (strncmp(base_name(path ? path : name), wanted->object, strlen(wanted->object)) != 0)
		return DWARF_CB_OK;
	nr = dwfl_module_getsymtab(module);
	for (int i = 1; i < nr; i++) {
		GElf_Sym symbol;
		GElf_Addr addr;
		const char *found = dwfl_module_getsym_info(module, i, &symbol, &addr, NULL, NULL,
							    NULL);

		if (!found || GELF_ST_TYPE(symbol.st_info) != STT_FUNC || !symbol.st_value)
			continue;
		if (strncmp(found, wanted->function, strlen(wanted->function)) != 0 ||
		    !strchr("@", found[strlen(wanted->function)]))
			continue;
		wanted->addr = addr;
		return DWARF_CB_ABORT;
	}
	return DWARF_CB_OK;
}

static void take_hit(struct hits *h)
{
	char *text = NULL;
	size_t size;

	if (stopped_program_refresh(&h->program))
		attach_dwfl(h);
	h->line = open_memstream(&text, &size);
	h->frames = 0;
	dwfl_getthread_frames(h->dwfl, h->program.pid, take_frame, h);
	fclose(h->line);
	add_stack(&h->stacks, text);
}

/* Lets the program run from one hit to the next until it ends. */
static int run_to_end(struct hits *h, uint64_t addr)
{
	pid_t pid = h->program.pid;
	struct user_regs_struct regs;
	int status, signal = 0;

	if (ptrace(PTRACE_POKEUSER, pid, (void *)DEBUG_REG_0, (void *)addr) < 0 ||
	    ptrace(PTRACE_POKEUSER, pid, (void *)DEBUG_REG_7, (void *)ENABLE_0) < 0)
		return -errno;
	for (;;) {
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal) < 0 ||
		    waitpid(pid, &status, __WALL) != pid)
			return -errno;
		if (!WIFSTOPPED(status))
			return 0;
		signal = status >> 16 ? 0 : WSTOPSIG(status);
		if (signal != SIGTRAP)
			continue;
		signal = 0;
		if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0 && regs.rip == addr)
			take_hit(h);
	}
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t run_length(const struct stacks *s, size_t from)
{
	size_t n = 0;

	while (from + n < s->nr && strcmp(s->lines[from], s->lines[from + n]) == 0)
		n++;
	return n;
}

/* How many stacks are not as often in one as in the other; says which. */
static size_t compare(struct stacks *ours, struct stacks *theirs, size_t *ret_distinct)
{
	size_t i = 0, j = 0, wrong = 0, distinct = 0;

	qsort(ours->lines, ours->nr, sizeof(*ours->lines), compare_lines);
	qsort(theirs->lines, theirs->nr, sizeof(*theirs->lines), compare_lines);
	for (; i < ours->nr || j < theirs->nr; distinct++) {
		int order = i == ours->nr     ? 1
			    : j == theirs->nr ? -1
					      : strcmp(ours->lines[i], theirs->lines[j]);
		size_t n = order <= 0 ? run_length(ours, i) : 0;
		size_t m = order >= 0 ? run_length(theirs, j) : 0;

		if (n != m && wrong++ < MAX_SHOWN)
			printf("kernel %zu times, libdw %zu times:%s\n", n, m,
			       order <= 0 ? ours->lines[i] : theirs->lines[j]);
		i += n;
		j += m;
	}
	*ret_distinct = distinct;
	return wrong;
}

int main(int argc, char **argv)
{
	struct hits *h = calloc(1, sizeof(*h));
	struct stacks recorded = {0};
	struct wanted wanted;
	size_t wrong, distinct;

	if (!h || argc < 5)
		return 2;
	if (!launch_trap_breakpoints_work()) {
		fputs("no hardware breakpoint strikes on this machine\n", stderr);
		return 77;
	}
	if (read_recorded(argv[1], &recorded) < 0) {
		fprintf(stderr, "%s: cannot be read\n", argv[1]);
		return 2;
	}
	if (stopped_program_start(&h->program, argv + 4) < 0 || attach_dwfl(h) < 0)
		return 2;
	wanted = (struct wanted){.object = argv[2], .function = argv[3]};
	dwfl_getmodules(h->dwfl, find_in_module, &wanted, 0);
	if (!wanted.addr || run_to_end(h, wanted.addr) < 0) {
		fprintf(stderr, "%s: cannot be stopped at %s:%s\n", argv[4], argv[2], argv[3]);
		return 2;
	}
	wrong = compare(&recorded, &h->stacks, &distinct);
	printf("hits: recorded %zu stopped %zu distinct %zu differences %zu\n", recorded.nr,
	       h->stacks.nr, distinct, wrong);
	wrong += h->stacks.nr == 0;
	free_stacks(&recorded);
	free_stacks(&h->stacks);
	dwfl_end(h->dwfl);
	h->program.pid = 0; /* it has ended */
	stopped_program_end(&h->program);
	free(h);
	return wrong != 0;
}
