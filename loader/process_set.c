/* SPDX-License-Identifier: MIT */
#include "loader/process_set.h"

#include "common/alloc.h"
#include "common/hash_table.h"
#include "common/log.h"
#include "common/maps.h"
#include "loader/code_images.h"
#include "loader/launch_hold.h"
#include "loader/object_set.h"
#include "loader/process_jit.h"
#include "loader/process_mappings.h"
#include "loader/process_maps.h"
#include "loader/process_publish.h"
#include "loader/process_set_internal.h"
#include "loader/task_events.h"
#include "loader/time.h"
#include "symbolize/jitdump.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Processes that make code of their own are looked at this often. */
#define LOOK_NS 100000000u

struct process_set *process_set_new(struct object_set *objects)
{
	struct process_set *s = xcalloc(1, sizeof(*s));

	s->objects = objects;
	s->publisher = process_publisher_new();
	return s;
}

static void free_process(struct process_set *s, struct process *p)
{
	while (p) {
		struct process *older = p->older;

		if (p->hold)
			launch_unhold(p->hold);
		process_jit_free(p->jit);
		code_images_free(p->images);
		process_publisher_drop(s->publisher, p);
		free(p->mappings);
		free(p->live);
		free(p);
		p = older;
	}
}

void process_set_free(struct process_set *s)
{
	struct pid_entry *e, *next;

	if (!s)
		return;
	HASH_ITER (hh, s->by_pid, e, next) {
		HASH_DEL(s->by_pid, e);
		free_process(s, e->process);
		free(e);
	}
	process_publisher_free(s->publisher);
	free(s);
}

int process_set_open_slots(struct process_set *s, int slots_fd)
{
	return process_publisher_open_slots(s->publisher, slots_fd);
}

void process_set_connect(struct process_set *s, int assignments_fd, int processes_fd)
{
	process_publisher_connect(s->publisher, assignments_fd, processes_fd);
}

static struct process *find_alive(const struct process_set *s, pid_t pid)
{
	struct pid_entry *e;

	HASH_FIND_INT(s->by_pid, &pid, e);
	return e && !e->process->end_ns ? e->process : NULL;
}

const struct process *process_set_find(const struct process_set *s, pid_t pid, uint64_t time_ns)
{
	const struct process *p;
	struct pid_entry *e;

	HASH_FIND_INT(s->by_pid, &pid, e);
	if (!e)
		return NULL;
	for (p = e->process; p->older; p = p->older)
		if (p->start_ns <= time_ns)
			break;
	return p;
}

const struct process *process_set_parent(const struct process_set *s, const struct process *p,
					 uint32_t execs)
{
	if (!p->parent || execs != p->first_execs)
		return NULL;
	return process_set_find(s, p->parent, p->start_ns);
}

static struct process *new_process(struct process_set *s, pid_t pid, uint64_t start_ns)
{
	struct process *p = xcalloc(1, sizeof(*p));
	struct pid_entry *e;

	p->pid = pid;
	p->start_ns = start_ns;
	p->index = s->nr_processes++;
	p->slot = PROCESS_NO_SLOT;
	p->nr_threads = 1;
	HASH_FIND_INT(s->by_pid, &pid, e);
	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->pid = pid;
		HASH_ADD_INT(s->by_pid, pid, e);
	}
	p->older = e->process;
	e->process = p;
	if (s->last)
		s->last->next_sibling = p;
	else
		s->first = p;
	s->last = p;
	return p;
}

/* ---- mappings ---- */

static uint32_t next_generation(const struct process_set *s)
{
	return process_publisher_generation(s->publisher) + 1;
}

static void punch(const struct process_set *s, struct process *p, uint64_t start, uint64_t end)
{
	process_mappings_punch(p, start, end, next_generation(s), s->now_ns);
}

/*
 * Is it anonymous memory over an object's text: of a program that moved itself onto huge pages?
 * Not where a library has been unloaded, of which nobody tells us.
 */
static bool is_moved_text(const struct process *p, const struct object_mapping *m)
{
	const struct process_mapping *old = process_mappings_find(p, m->start, m->end);

	if (!old || old->object->kind != OBJECT_ELF || m->start < old->start || m->end > old->end)
		return false;
	return process_maps_file(p->pid, old->object);
}

/* Takes down where the names of code that is in no file will be. */
static void note_jit(struct process *p, const struct object *object, const struct object_mapping *m)
{
	if (object->kind == OBJECT_OPAQUE && jitdump_is_path(m->path))
		process_jit_note_dump(&p->jit, m, p->execs);
	else if (object->kind == OBJECT_JIT || object->kind == OBJECT_OPAQUE)
		process_jit_note_code(&p->jit, p->pid, p->execs);
}

/* News older than what /proc has said since: for the names of stacks of that time only. */
static void note_past(struct process *p, struct process_mapping *m)
{
	m->gen_begin = UINT32_MAX;
	m->gen_end = UINT32_MAX;
	p->past_ns = m->begin_ns;
	process_mappings_add(p, m);
}

/* @is_event: the kernel told of it when it came; otherwise /proc shows it and nobody knows when. */
static void add_mapping(struct process_set *s, struct process *p, const struct object_mapping *m,
			bool is_event)
{
	const struct object *object = object_set_get(s->objects, m);
	struct process_mapping new = {
		.start = m->start,
		.end = m->end,
		.off = m->off,
		.object = object,
		.execs = p->execs,
		.gen_begin = next_generation(s),
		.begin_ns = s->now_ns,
		.begin_unknown = !is_event,
	};
	struct process_mapping *old = process_mappings_find(p, m->start, m->end);

	note_jit(p, object, m);
	if (object->kind == OBJECT_VDSO)
		new.off = 0;
	new.bias = object_bias(object, m->start, new.off);
	if (old && old->start == new.start && old->end == new.end && old->object == object &&
	    old->bias == new.bias) {
		if (old->begin_unknown && is_event) {
			old->begin_ns = new.begin_ns;
			old->begin_unknown = false;
		} else if (is_event && old->begin_ns < p->past_ns) {
			/* Another one was there in between, which /proc never showed. */
			note_past(p, &new);
		}
		return;
	}
	if (new.begin_ns < p->maps_ns) {
		note_past(p, &new);
		return;
	}
	if (object->kind == OBJECT_JIT && is_moved_text(p, m))
		return;
	punch(s, p, m->start, m->end);
	process_mappings_add(p, &new);
	p->dirty = true;
}

/* ---- /proc ---- */

struct maps_reader {
	struct process_set *set;
	struct process *process;
	uint64_t gone_from; /* end of the last executable mapping seen */
};

static int take_maps_entry(const struct maps_entry *entry, void *arg)
{
	struct maps_reader *r = arg;
	struct object_mapping m = {
		.pid = r->process->pid,
		.start = entry->start,
		.end = entry->end,
		.off = entry->off,
		.dev_major = entry->dev_major,
		.dev_minor = entry->dev_minor,
		.inode = entry->inode,
		.path = entry->path,
	};

	if (!entry->exec || strcmp(entry->path, "[vsyscall]") == 0)
		return 0;
	punch(r->set, r->process, r->gone_from, entry->start);
	add_mapping(r->set, r->process, &m, false);
	r->gone_from = entry->end;
	return 0;
}

static int read_maps(struct process_set *s, struct process *p)
{
	struct maps_reader reader = {s, p, 0};
	_cleanup_fclose_ FILE *f = NULL;
	char path[64];
	int err;

	s->now_ns = time_now_ns();
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)p->pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	p->maps_ns = s->now_ns;
	err = maps_parse(f, take_maps_entry, &reader);
	if (err < 0)
		return err;
	/* A process that is exiting has no mappings left: keep what was known. */
	if (reader.gone_from)
		punch(s, p, reader.gone_from, UINT64_MAX);
	return 0;
}

static void read_comm(struct process *p)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)p->pid);
	f = fopen(path, "re");
	if (f && fgets(p->comm, sizeof(p->comm), f))
		p->comm[strcspn(p->comm, "\n")] = '\0';
}

static uint32_t count_threads(pid_t pid)
{
	_cleanup_closedir_ DIR *d = NULL;
	const struct dirent *e;
	char path[64];
	uint32_t nr = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		nr += e->d_name[0] != '.';
	return nr ? nr : 1;
}

int process_set_add(struct process_set *s, pid_t pid)
{
	struct process *p = find_alive(s, pid);

	if (!p)
		p = new_process(s, pid, time_now_ns());
	read_comm(p);
	p->nr_threads = count_threads(pid);
	p->dirty = true;
	return read_maps(s, p);
}

const struct process *process_set_alive(const struct process_set *s, pid_t pid)
{
	return find_alive(s, pid);
}

int process_set_adopt(struct process_set *s, pid_t pid, uint32_t execs)
{
	struct process *p = find_alive(s, pid);

	if (p)
		return 0;
	p = new_process(s, pid, time_now_ns());
	p->execs = execs;
	p->first_execs = execs;
	return process_set_add(s, pid);
}

void process_set_repair(struct process_set *s, pid_t pid)
{
	struct process *p = find_alive(s, pid);
	int err;

	if (!p)
		return;
	/* The BPF side knows more than the table: so do we, having heard of it by now. */
	if (process_publisher_is_doubted(s->publisher, p)) {
		p->dirty = true;
		return;
	}
	/* Or it met code that was registered a moment ago. */
	if (p->jit && code_images_look(&p->images, p, s->objects, true)) {
		p->dirty = true;
		return;
	}
	err = read_maps(s, p);
	if (err < 0)
		log_debug("cannot repair the mappings of process %d: %s", (int)pid, strerror(-err));
}

void process_set_repair_all(struct process_set *s)
{
	for (struct process *p = s->first; p; p = p->next_sibling)
		if (!p->end_ns)
			process_set_repair(s, p->pid);
}

/* ---- events ---- */

static void release_hold(struct process_set *s, struct process *p)
{
	launch_unhold(TAKE_PTR(p->hold));
	s->nr_held--;
}

static void end_process(struct process_set *s, struct process *p, uint64_t time_ns)
{
	if (p->hold)
		release_hold(s, p);
	p->end_ns = time_ns;
	process_jit_hold(p->jit);
	process_publisher_drop(s->publisher, p);
}

static void apply_fork(struct process_set *s, const struct task_event *e)
{
	struct process *parent = find_alive(s, e->parent), *child;

	if (e->pid == e->parent) {
		if (parent)
			parent->nr_threads++;
		return;
	}
	child = find_alive(s, e->pid);
	/* Adopted before its birth was told. */
	if (child && child->start_ns >= e->time_ns)
		return;
	if (child)
		end_process(s, child, e->time_ns);
	if (!parent)
		return;
	child = new_process(s, e->pid, e->time_ns);
	child->parent = e->parent;
	child->execs = parent->execs;
	child->first_execs = parent->execs;
	if (parent->jit)
		process_jit_note_code(&child->jit, child->pid, child->execs);
	memcpy(child->comm, parent->comm, sizeof(child->comm));
	for (size_t i = 0; i < parent->nr_mappings; i++)
		if (parent->mappings[i].execs == parent->execs)
			process_mappings_add(child, &parent->mappings[i]);
	child->dirty = parent->dirty;
	process_publisher_share(s->publisher, child, parent);
}

static void hold_process(struct process_set *s, struct process *p)
{
	int err;

	if (p->hold)
		return;
	err = launch_hold(p->pid, &p->hold);
	if (err < 0) {
		log_debug("process %d not held: %s", (int)p->pid, strerror(-err));
		return;
	}
	s->nr_held++;
}

bool process_set_hold(struct process_set *s, pid_t pid)
{
	struct process *p = find_alive(s, pid);

	if (p)
		hold_process(s, p);
	return p && p->hold;
}

static void apply_exec(struct process_set *s, const struct task_event *e)
{
	struct process *p = find_alive(s, e->pid);

	if (!p)
		return;
	process_jit_note_exec(&p->jit, p->pid, p->comm, p->execs + 1, e->time_ns);
	snprintf(p->comm, sizeof(p->comm), "%s", e->comm);
	p->execs++;
	process_mappings_forget(p);
	p->nr_threads = 1;
	p->dirty = true;
}

static void apply_mmap(struct process_set *s, const struct task_event *e, bool hold)
{
	struct process *p = find_alive(s, e->pid);
	struct object_mapping m = {
		.pid = e->pid,
		.start = e->start,
		.end = e->end,
		.off = e->off,
		.dev_major = e->dev_major,
		.dev_minor = e->dev_minor,
		.inode = e->inode,
		.path = strcmp(e->path, "//anon") == 0 ? "" : e->path,
	};

	if (!p || strcmp(m.path, "[vsyscall]") == 0)
		return;
	/*
	 * An object never seen is worth a pause until its table is there: most are met in ld.so,
	 * a millisecond before their code runs.  Several threads cannot be held by stopping one.
	 */
	if (hold && p->nr_threads == 1 && m.inode && !object_set_find(s->objects, &m))
		hold_process(s, p);
	add_mapping(s, p, &m, true);
}

void process_set_apply(struct process_set *s, const struct task_event *e, bool hold)
{
	struct process *p;

	s->now_ns = e->time_ns;
	switch (e->type) {
	case TASK_EVENT_FORK:
		apply_fork(s, e);
		break;
	case TASK_EVENT_EXIT:
		p = find_alive(s, e->pid);
		if (p && --p->nr_threads == 0)
			end_process(s, p, e->time_ns);
		break;
	case TASK_EVENT_COMM:
		p = find_alive(s, e->pid);
		if (p && e->tid == e->pid)
			snprintf(p->comm, sizeof(p->comm), "%s", e->comm);
		break;
	case TASK_EVENT_EXEC:
		apply_exec(s, e);
		break;
	case TASK_EVENT_MMAP:
		apply_mmap(s, e, hold);
		break;
	}
}

void process_set_heard(struct process_set *s, uint64_t time_ns)
{
	s->heard_ns = time_ns;
}

/* Code is registered, and users change, without a word: who has made code is asked now and then. */
static void look_at_code(const struct process_set *s, struct process *p)
{
	if (!p->jit || (!p->dirty && s->heard_ns - p->looked_ns < LOOK_NS))
		return;
	p->looked_ns = s->heard_ns;
	process_jit_refresh(p->jit);
	if (code_images_look(&p->images, p, s->objects, false))
		p->dirty = true;
}

int process_set_publish(struct process_set *s)
{
	int nr = 0;

	for (struct process *p = s->first; p; p = p->next_sibling) {
		if (p->end_ns)
			continue;
		look_at_code(s, p);
		if (p->dirty) {
			process_publisher_publish(s->publisher, p,
						  s->heard_ns > p->maps_ns ? s->heard_ns
									   : p->maps_ns);
			nr++;
		}
		if (p->hold)
			release_hold(s, p);
	}
	return nr;
}

bool process_set_is_holding(const struct process_set *s)
{
	return s->nr_held != 0;
}

const struct process *process_set_first(const struct process_set *s, size_t *ret_nr)
{
	*ret_nr = s->nr_processes;
	return s->first;
}

uint64_t process_set_kernel_bytes(const struct process_set *s)
{
	return process_publisher_kernel_bytes(s->publisher);
}

const struct mapping_table *process_set_table(const struct process_set *s, const struct process *p)
{
	return process_publisher_table(s->publisher, p);
}
