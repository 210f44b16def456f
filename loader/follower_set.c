/* SPDX-License-Identifier: MIT */
#include "loader/follower_set.h"

#include "common/alloc.h"
#include "common/hash_table.h"
#include "common/number.h"
#include "loader/probe.h"
#include "loader/time.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

/* A thread made while its process's threads are listed is found the next time round. */
#define MAX_ROUNDS 8

/* A process that lost its events, and what descends from it. */
struct family {
	uint32_t owner;
	uint32_t nr_living;
};

struct follower {
	pid_t pid, parent;
	struct family *family; /* or NULL: of the target's own */
	uint32_t keeper;       /* owner of the events that keep its breakpoints; 0 = none */
	uint64_t kept_ns;      /* since when; 0 = always */
	uint64_t attached_ns;  /* when its own events were opened last; 0 = they are inherited */
	bool young;	       /* born of one that was not kept */
	bool lost_first_thread;
	UT_hash_handle hh;
};

struct follower_set {
	struct probe *const *probes;
	size_t nr_probes;
	const struct probe_environment *env;
	struct follower *by_pid;
	bool needed; /* some of the probes have inherited events */
	bool keeps;  /* every process */
	uint32_t last_owner;
	struct follower_doubts doubts;
};

static struct follower *find(const struct follower_set *set, pid_t pid)
{
	struct follower *f;

	HASH_FIND_INT(set->by_pid, &pid, f);
	return f;
}

static struct follower *add(struct follower_set *set, pid_t pid)
{
	struct follower *f = xcalloc(1, sizeof(*f));

	f->pid = pid;
	HASH_ADD_INT(set->by_pid, pid, f);
	return f;
}

struct follower_set *follower_set_new(struct probe *const *probes, size_t nr,
				      const struct probe_environment *env)
{
	struct follower_set *set = xcalloc(1, sizeof(*set));

	set->probes = probes;
	set->nr_probes = nr;
	set->env = env;
	for (size_t i = 0; i < nr; i++) {
		set->needed = set->needed || probe_is_inherited(probes[i]);
		set->keeps = set->keeps || probe_needs_keepers(probes[i]);
	}
	if (set->keeps)
		add(set, env->pid);
	return set;
}

static void detach(struct follower_set *set, uint32_t owner)
{
	for (size_t i = 0; owner && i < set->nr_probes; i++)
		probe_detach_owner(set->probes[i], owner);
}

static void leave_family(struct follower_set *set, struct follower *f)
{
	struct family *family = f->family;

	f->family = NULL;
	if (!family || --family->nr_living)
		return;
	detach(set, family->owner);
	free(family);
}

void follower_set_free(struct follower_set *set)
{
	struct follower *f, *next;

	if (!set)
		return;
	HASH_ITER (hh, set->by_pid, f, next) {
		HASH_DEL(set->by_pid, f);
		detach(set, f->keeper);
		leave_family(set, f);
		free(f);
	}
	free(set);
}

static void note_refusal(struct follower_set *set, int err)
{
	/* A thread that has ended meanwhile needs nothing. */
	if (err == 0 || err == -ESRCH)
		return;
	if (!set->doubts.refused++)
		set->doubts.err = err;
}

/* @intact: its breakpoints are all there, as nobody can have taken its event. */
static void keep(struct follower_set *set, struct follower *f, pid_t tid, bool intact)
{
	uint32_t before = f->keeper;

	f->keeper = ++set->last_owner;
	for (size_t i = 0; i < set->nr_probes; i++)
		note_refusal(set, probe_keep(set->probes[i], tid, f->keeper, intact));
	f->kept_ns = time_now_ns();
	detach(set, before);
}

void follower_set_born(struct follower_set *set, pid_t pid, pid_t parent, uint64_t time_ns)
{
	const struct follower *p = find(set, parent);
	struct follower *f;

	if (!set->keeps && !(p && p->family))
		return;
	f = add(set, pid);
	f->parent = parent;
	f->family = p ? p->family : NULL;
	if (f->family)
		f->family->nr_living++;
	if (!set->keeps)
		return;
	f->young = !p || p->kept_ns > time_ns;
	keep(set, f, pid, !f->young);
}

void follower_set_ended(struct follower_set *set, pid_t pid, uint64_t time_ns)
{
	struct follower *f = find(set, pid), *child;

	if (!f)
		return;
	for (child = set->by_pid; child; child = child->hh.next)
		if (child->young && child->parent == pid && child->kept_ns > time_ns)
			set->doubts.young++;
	HASH_DEL(set->by_pid, f);
	detach(set, f->keeper);
	leave_family(set, f);
	free(f);
}

struct thread_list {
	pid_t *tids;
	size_t nr, cap;
};

static bool is_listed(const struct thread_list *list, pid_t tid)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->tids[i] == tid)
			return true;
	return false;
}

/* Adds the threads of @pid that are not listed yet.  Were there any? */
static bool list_threads(pid_t pid, struct thread_list *list)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	size_t before = list->nr;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		uint64_t tid;

		if (parse_uint(entry->d_name, 1, INT32_MAX, &tid) < 0 ||
		    is_listed(list, (pid_t)tid))
			continue;
		GROW_ARRAY(list->tids, list->nr, list->cap);
		list->tids[list->nr++] = (pid_t)tid;
	}
	return list->nr > before;
}

void follower_set_first_thread_ended(struct follower_set *set, pid_t pid)
{
	struct follower *f = set->keeps ? find(set, pid) : NULL;
	struct thread_list threads = {};

	if (!f)
		return;
	f->lost_first_thread = true;
	list_threads(pid, &threads);
	for (size_t i = 0; i < threads.nr; i++) {
		if (threads.tids[i] == pid)
			continue;
		keep(set, f, threads.tids[i], false);
		break;
	}
	free(threads.tids);
}

void follower_set_called_exec(struct follower_set *set, pid_t pid)
{
	struct follower *f = set->keeps ? find(set, pid) : NULL;

	/* A thread that calls exec becomes the first one. */
	if (!f || !f->lost_first_thread)
		return;
	f->lost_first_thread = false;
	keep(set, f, pid, false);
}

static void attach_thread(struct follower_set *set, pid_t tid, uint32_t owner)
{
	for (size_t i = 0; i < set->nr_probes; i++)
		note_refusal(set, probe_attach_also(set->probes[i], set->env, tid, owner));
}

bool follower_set_dropped(struct follower_set *set, pid_t pid, uint64_t time_ns)
{
	struct follower *f = find(set, pid);
	struct thread_list threads = {};
	bool was_kept;
	size_t done = 0;

	if (!set->needed || (f && f->attached_ns > time_ns))
		return false;
	if (!f)
		f = add(set, pid);
	was_kept = f->keeper && f->kept_ns < time_ns;
	leave_family(set, f);
	f->family = xcalloc(1, sizeof(*f->family));
	*f->family = (struct family){.owner = ++set->last_owner, .nr_living = 1};
	for (int i = 0; i < MAX_ROUNDS && list_threads(pid, &threads); i++)
		while (done < threads.nr)
			attach_thread(set, threads.tids[done++], f->family->owner);
	f->attached_ns = time_now_ns();
	if (set->keeps)
		keep(set, f, pid, false);
	free(threads.tids);
	return !was_kept;
}

bool follower_set_is_needed(const struct follower_set *set)
{
	return set->needed;
}

struct follower_doubts follower_set_doubts(const struct follower_set *set)
{
	return set->doubts;
}
