/* SPDX-License-Identifier: MIT */
#include "loader/jit_hints.h"

#include "bpf/abi.h"
#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "loader/object_set.h"
#include "loader/process_runtime.h"
#include "loader/process_set.h"
#include "loader/runtime_facts.h"
#include "loader/stack_store.h"

#include <stdlib.h>
#include <string.h>

/* The stacks of one runtime; of each program, where the runtime is not known. */
struct cut_stacks {
	const struct jit_runtime *runtime;
	const struct process *process; /* the first of them */
	uint64_t nr;
};

struct counting {
	const struct process_set *processes;
	struct cut_stacks *cuts;
	size_t nr, cap;
};

static bool is_same(const struct cut_stacks *cut, const struct jit_runtime *runtime,
		    const struct process *process)
{
	if (cut->runtime || runtime)
		return cut->runtime == runtime;
	return strncmp(cut->process->comm, process->comm, CTRACE_COMM_LEN) == 0;
}

/*
 * Did the walk end in such code?  Also where the kernel's side had not heard of the mapping yet,
 * which is known by now.
 */
static bool is_cut_at_code(const struct process *process, const struct counted_stack *stack)
{
	const struct stack_record *r = stack->record;
	const struct process_mapping *m;
	uint64_t frame;

	if (r->stop == STOP_JIT_FRAME)
		return true;
	if (r->stop != STOP_NO_MAPPING || !r->nr_user)
		return false;
	frame = stack->frames[r->nr_kernel + r->nr_user - 1];
	m = process_find_mapping(process, r->execs, r->generation,
				 (frame & FRAME_PC_MASK) - !(frame & FRAME_EXACT));
	return m && m->object->kind == OBJECT_JIT;
}

static int count_stack(const struct counted_stack *stack, void *arg)
{
	const struct stack_record *r = stack->record;
	struct counting *c = arg;
	const struct jit_runtime *runtime;
	const struct process *process;
	size_t i = 0;

	process = process_set_find(c->processes, (pid_t)r->tgid, r->time_ns);
	if (!process || !is_cut_at_code(process, stack))
		return 0;
	runtime = process_runtime(process, r->execs);
	while (i < c->nr && !is_same(&c->cuts[i], runtime, process))
		i++;
	if (i == c->nr) {
		GROW_ARRAY(c->cuts, c->nr, c->cap);
		c->cuts[c->nr++] = (struct cut_stacks){.runtime = runtime, .process = process};
	}
	c->cuts[i].nr += stack->count;
	return 0;
}

void jit_hints_log(const struct stack_store *stacks, const struct process_set *processes)
{
	struct counting c = {.processes = processes};

	stack_store_each(stacks, count_stack, &c);
	for (size_t i = 0; i < c.nr; i++) {
		const struct cut_stacks *cut = &c.cuts[i];
		const struct jit_runtime *runtime = cut->runtime;

		log_warning("%llu stacks of %s are cut at code that %s made at run time without "
			    "frame pointers",
			    (unsigned long long)cut->nr, cut->process->comm,
			    runtime ? runtime->name : "it");
		if (runtime && runtime->cure)
			log_hint("%s", runtime->cure);
	}
	free(c.cuts);
}
