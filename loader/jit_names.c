/* SPDX-License-Identifier: MIT */
#include "loader/jit_names.h"

#include "bpf/abi.h"
#include "common/alloc.h"
#include "common/hash_table.h"
#include "loader/code_images.h"
#include "loader/process_jit.h"
#include "loader/process_set.h"

#include <stdbool.h>
#include <string.h>

struct variant {
	struct {
		const struct process *process;
		uint64_t addr;
		uint64_t number;
	} key;
	const char *name; /* or NULL */
	UT_hash_handle hh;
};

struct jit_names {
	const struct process_set *processes;
	struct variant *variants;
};

struct jit_names *jit_names_new(const struct process_set *processes)
{
	struct jit_names *names = xcalloc(1, sizeof(*names));

	names->processes = processes;
	return names;
}

void jit_names_free(struct jit_names *names)
{
	struct variant *v, *next;

	HASH_ITER (hh, names->variants, v, next) {
		HASH_DEL(names->variants, v);
		free(v);
	}
	free(names);
}

static bool is_same_name(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static uint32_t find_variant(struct jit_names *names, const struct process *process, uint64_t addr,
			     const char *name)
{
	struct variant key, *v;

	memset(&key, 0, sizeof(key));
	key.key.process = process;
	key.key.addr = addr;
	for (;; key.key.number++) {
		HASH_FIND(hh, names->variants, &key.key, sizeof(key.key), v);
		if (!v)
			break;
		if (is_same_name(v->name, name))
			return (uint32_t)key.key.number;
	}
	v = xcalloc(1, sizeof(*v));
	memcpy(&v->key, &key.key, sizeof(v->key));
	v->name = name;
	HASH_ADD(hh, names->variants, key, sizeof(v->key), v);
	return (uint32_t)key.key.number;
}

const char *jit_names_find(struct jit_names *names, const struct process *process,
			   const struct stack_record *r, uint64_t addr, uint32_t *ret_variant)
{
	const char *name = NULL;

	/* What a process inherited when it was forked is named by whoever made it. */
	for (const struct process *p = process; p && !name;
	     p = process_set_parent(names->processes, p, r->execs)) {
		name = process_jit_find(p->jit, p->comm, r->execs, r->time_ns, addr);
		if (!name)
			name = code_images_find(p->images, r->execs, addr);
	}
	*ret_variant = find_variant(names, process, addr, name);
	return name;
}
