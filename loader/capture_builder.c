/* SPDX-License-Identifier: MIT */
#include "loader/capture_builder.h"

#include "common/alloc.h"
#include "common/hash_table.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "loader/deleted_names.h"
#include "loader/embedded_names.h"
#include "loader/jit_names.h"
#include "loader/object_set.h"
#include "loader/process_jit.h"
#include "loader/process_set.h"
#include "loader/stack_store.h"

#include <errno.h>
#include <string.h>

/* A pc as recorded, to the location it became. */
struct place {
	struct {
		const struct process *process;
		uint64_t frame;
		uint32_t execs, generation;
		uint64_t time_ns; /* where names depend on it */
	} key;
	uint32_t location;
	UT_hash_handle hh;
};

/* Object ids of the capture, by what they stand for. */
struct object_index {
	struct {
		const void *what; /* struct object, or struct process for its anonymous code */
		uint64_t variant; /* of the names of that code */
	} key;
	uint32_t index;
	UT_hash_handle hh;
};

struct builder {
	struct capture *capture;
	const struct process_set *processes;
	struct embedded_names *names;
	struct jit_names *jit_names;
	struct deleted_names *deleted;
	struct place *places;
	struct object_index *objects;
	uint32_t kernel, none; /* objects */
	bool has_kernel, has_none;
};

static void free_builder(struct builder *b)
{
	struct place *p, *next_place;
	struct object_index *o, *next_object;

	HASH_ITER (hh, b->places, p, next_place) {
		HASH_DEL(b->places, p);
		free(p);
	}
	HASH_ITER (hh, b->objects, o, next_object) {
		HASH_DEL(b->objects, o);
		free(o);
	}
	embedded_names_free(b->names);
	jit_names_free(b->jit_names);
	deleted_names_free(b->deleted);
}

static uint32_t object_index(struct builder *b, const void *what, uint32_t variant,
			     const struct capture_object *object)
{
	struct object_index key, *o;

	memset(&key, 0, sizeof(key));
	key.key.what = what;
	key.key.variant = variant;
	HASH_FIND(hh, b->objects, &key.key, sizeof(key.key), o);
	if (!o) {
		o = xcalloc(1, sizeof(*o));
		memcpy(&o->key, &key.key, sizeof(o->key));
		o->index = capture_add_object(b->capture, object);
		HASH_ADD(hh, b->objects, key, sizeof(o->key), o);
	}
	return o->index;
}

static uint32_t kernel_object(struct builder *b)
{
	struct capture_object object = {.kind = CAPTURE_OBJECT_KERNEL, .path = "[kernel]"};

	if (!b->has_kernel)
		b->kernel = capture_add_object(b->capture, &object);
	b->has_kernel = true;
	return b->kernel;
}

static uint32_t no_object(struct builder *b)
{
	struct capture_object object = {.kind = CAPTURE_OBJECT_NONE, .path = ""};

	if (!b->has_none)
		b->none = capture_add_object(b->capture, &object);
	b->has_none = true;
	return b->none;
}

static uint32_t file_object(struct builder *b, const struct object *o)
{
	struct capture_object object = {
		.kind = o->kind == OBJECT_VDSO ? CAPTURE_OBJECT_VDSO : CAPTURE_OBJECT_ELF,
		.path = o->path,
		.root = o->root,
		.build_id = o->build_id,
		.file_size = o->file_size,
	};

	return object_index(b, o, 0, &object);
}

/* The object of the code at @addr that has its name; false for code of a file that has none. */
static bool locate_jit(struct builder *b, const struct process *p, const struct stack_record *r,
		       uint64_t addr, bool in_file, uint32_t *ret_object)
{
	struct capture_object object = {.kind = CAPTURE_OBJECT_JIT, .path = ""};
	uint32_t variant;
	const char *name = jit_names_find(b->jit_names, p, r, addr, &variant);

	if (!name && in_file)
		return false;
	*ret_object = object_index(b, p, variant, &object);
	embedded_names_jit(b->names, *ret_object, addr, name);
	return true;
}

/* Where a user pc was, and the name if it has to be kept with the capture. */
static void locate(struct builder *b, const struct process *p, const struct stack_record *r,
		   uint64_t frame, struct capture_location *l)
{
	uint64_t pc = frame & FRAME_PC_MASK;
	uint64_t lookup = pc - l->is_return;
	const struct process_mapping *m = NULL;

	if (p)
		m = r->lesson ? process_find_mapping_at(p, r->execs, r->time_ns, lookup)
			      : process_find_mapping(p, r->execs, r->generation, lookup);
	l->vaddr = pc;
	if (!m) {
		l->object = no_object(b);
		return;
	}
	switch (m->object->kind) {
	case OBJECT_JIT:
		locate_jit(b, p, r, lookup, false, &l->object);
		return;
	case OBJECT_VDSO:
		l->vaddr = pc - m->bias;
		l->object = file_object(b, m->object);
		embedded_names_vdso(b->names, l->object, m->object, l->vaddr - l->is_return);
		return;
	case OBJECT_OPAQUE:
		if (locate_jit(b, p, r, lookup, true, &l->object))
			return;
		break;
	case OBJECT_UPROBES:
	case OBJECT_ELF:
		break;
	}
	l->vaddr = pc - m->bias;
	l->object = file_object(b, m->object);
	deleted_names_note(b->deleted, l->object, m->object, l->vaddr - l->is_return);
}

static uint32_t user_location(struct builder *b, const struct process *process,
			      const struct stack_record *r, uint64_t frame)
{
	struct capture_location l = {
		.is_return = !(frame & FRAME_EXACT),
		.guessed = frame & FRAME_GUESSED,
	};
	struct place *p, key;

	memset(&key, 0, sizeof(key));
	key.key.process = process;
	key.key.frame = frame;
	key.key.execs = r->execs;
	key.key.generation = r->lesson ? ~r->lesson : r->generation;
	key.key.time_ns = process && process_jit_timed_since(process->jit, r->execs) ? r->time_ns
										     : 0;
	HASH_FIND(hh, b->places, &key.key, sizeof(key.key), p);
	if (p)
		return p->location;
	locate(b, process, r, frame, &l);
	p = xcalloc(1, sizeof(*p));
	memcpy(&p->key, &key.key, sizeof(p->key));
	p->location = capture_add_location(b->capture, &l);
	HASH_ADD(hh, b->places, key, sizeof(p->key), p);
	return p->location;
}

static uint32_t kernel_location(struct builder *b, uint64_t addr, bool is_return)
{
	struct capture_location l = {
		.object = kernel_object(b),
		.is_return = is_return,
		.kernel = true,
		.vaddr = addr,
	};

	embedded_names_kernel(b->names, l.object, addr - is_return);
	return capture_add_location(b->capture, &l);
}

static int add_stack(const struct counted_stack *s, void *arg)
{
	struct builder *b = arg;
	const struct stack_record *r = s->record;
	const struct process *process = process_set_find(b->processes, (pid_t)r->tgid, r->time_ns);
	uint32_t locations[CTRACE_MAX_FRAMES + CTRACE_MAX_KERNEL_FRAMES];
	char comm[CTRACE_COMM_LEN + 1] = {};
	uint32_t nr = 0, first = 0;
	struct capture_stack stack = {
		.process = process ? process->index : 0,
		.tid = r->tid,
		.probe = r->probe,
		.stop = r->stop,
		.slice = s->slice,
		.count = s->count,
		.weight = s->count,
		.locations = locations,
	};

	memcpy(comm, r->comm, CTRACE_COMM_LEN);
	stack.comm = comm;
	/* What ctrace itself put on the kernel stack is nobody's. */
	while (first < r->nr_kernel && embedded_names_is_bpf(b->names, s->frames[first]))
		first++;
	for (uint32_t i = first; i < r->nr_kernel; i++)
		locations[nr++] = kernel_location(b, s->frames[i], i > first);
	for (uint32_t i = 0; i < r->nr_user; i++)
		locations[nr++] = user_location(b, process, r, s->frames[r->nr_kernel + i]);
	stack.nr_locations = nr;
	return capture_add_stack(b->capture, &stack);
}

static void add_processes(struct builder *b)
{
	size_t nr;

	for (const struct process *p = process_set_first(b->processes, &nr); p;
	     p = p->next_sibling) {
		struct capture_process process = {
			.pid = (uint32_t)p->pid,
			.parent = (uint32_t)p->parent,
			.start_ns = p->start_ns,
			.comm = p->comm,
		};

		capture_add_process(b->capture, &process);
	}
}

int capture_build(struct capture *capture, const struct stack_store *stacks,
		  const struct process_set *processes)
{
	struct builder b = {
		.capture = capture,
		.processes = processes,
		.names = embedded_names_new(),
		.jit_names = jit_names_new(processes),
		.deleted = deleted_names_new(),
	};
	int err;

	add_processes(&b);
	err = stack_store_each(stacks, add_stack, &b);
	if (err == 0) {
		embedded_names_store(b.names, capture);
		deleted_names_store(b.deleted, capture);
	}
	free_builder(&b);
	return err;
}
