/* SPDX-License-Identifier: MIT */
#include "loader/process_runtime.h"

#include "loader/object_set.h"
#include "loader/process_set.h"
#include "loader/runtime_facts.h"

/* The mapping of the runtime's own object, or NULL. */
static const struct process_mapping *find_runtime(const struct process *p, uint32_t execs)
{
	const struct process_mapping *found = NULL;
	const struct jit_runtime *best = NULL;

	for (size_t i = 0; i < p->nr_mappings; i++) {
		const struct process_mapping *m = &p->mappings[i];
		const struct jit_runtime *runtime;

		if (m->execs != execs || m->object->kind != OBJECT_ELF)
			continue;
		runtime = jit_facts_of(m->object)->runtime;
		if (!runtime || (best && best <= runtime))
			continue;
		best = runtime;
		found = m;
	}
	return found;
}

const struct jit_runtime *process_runtime(const struct process *p, uint32_t execs)
{
	const struct process_mapping *m = find_runtime(p, execs);

	return m ? jit_facts_of(m->object)->runtime : NULL;
}

bool process_keeps_rbp(const struct process *p)
{
	const struct process_mapping *m = find_runtime(p, p->execs);

	return m && jit_runtime_keeps_rbp(jit_facts_of(m->object), p->pid, m->bias);
}
