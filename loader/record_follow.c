/* SPDX-License-Identifier: MIT */
/* Who belongs to the recording: news of processes, and what is done where the kernel tells none. */
#include "common/cleanup.h"
#include "common/log.h"
#include "loader/follower_set.h"
#include "loader/launch.h"
#include "loader/process_set.h"
#include "loader/programs.h"
#include "loader/recording.h"
#include "loader/task_events.h"
#include "loader/time.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

static void apply_event(const struct task_event *event, void *arg)
{
	struct recording *r = arg;
	const struct process *before = process_set_alive(r->processes, event->pid), *after;

	if (r->options->no_children && event->type == TASK_EVENT_FORK &&
	    event->pid != event->parent)
		return;
	process_set_apply(r->processes, event, r->launch != NULL);
	after = process_set_alive(r->processes, event->pid);
	if (!r->followers)
		return;
	if (before && before != after)
		follower_set_ended(r->followers, event->pid, event->time_ns);
	if (after && before != after)
		follower_set_born(r->followers, event->pid, event->parent, event->time_ns);
	if (after && event->type == TASK_EVENT_EXIT && event->tid == event->pid)
		follower_set_first_thread_ended(r->followers, event->pid);
	if (after && event->type == TASK_EVENT_EXEC)
		follower_set_called_exec(r->followers, event->pid);
}

static void read_events(struct recording *r)
{
	/* While somebody is held the kernel is still telling about its new image. */
	process_set_heard(r->processes, time_now_ns());
	do {
		task_events_read(r->events, apply_event, r);
	} while (process_set_is_holding(r->processes) &&
		 task_events_read(r->events, apply_event, r) > 0);
}

/* The BPF side misses nobody: whoever it knows and we do not was born unheard. */
static void adopt_members(struct recording *r)
{
	int fd = programs_map_fd(r->programs, PROGRAMS_MAP_PROCESSES);
	uint32_t tgid, previous;
	struct process_entry entry;
	int ret = bpf_map_get_next_key(fd, NULL, &tgid);

	for (int i = 0; ret == 0 && i < CTRACE_MAX_PROCESSES; i++) {
		if (!process_set_alive(r->processes, (pid_t)tgid) &&
		    bpf_map_lookup_elem(fd, &tgid, &entry) == 0 &&
		    process_set_adopt(r->processes, (pid_t)tgid, entry.execs) == 0 && r->followers)
			follower_set_born(r->followers, (pid_t)tgid, 0, time_now_ns());
		previous = tgid;
		ret = bpf_map_get_next_key(fd, &previous, &tgid);
	}
}

void record_follow(struct recording *r)
{
	if (!r->events)
		return;
	read_events(r);
	if (task_events_lost(r->events) != r->lost_events) {
		r->lost_events = task_events_lost(r->events);
		log_verbose("task events were lost: reading every process's mappings again");
		adopt_members(r);
		process_set_repair_all(r->processes);
	}
	process_set_publish(r->processes);
}

void record_unknown(uint32_t tgid, void *arg)
{
	struct recording *r = arg;

	/* Nothing is learned twice: what happened and is reported comes first. */
	record_follow(r);
	process_set_repair(r->processes, (pid_t)tgid);
	process_set_publish(r->processes);
}

/*
 * Has it, held, not executed an instruction yet?  Then the last that brought it into the kernel
 * was exec.
 */
static bool is_at_its_beginning(pid_t pid)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[64];
	long number = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	file = fopen(path, "re");
	return file && fscanf(file, "%ld", &number) == 1 &&
	       (number == SYS_execve || number == SYS_execveat);
}

/* @dropped_ns: when it lost its events; @held_ns: since when it has not been running; 0 = it is. */
static void take_back(struct recording *r, pid_t pid, uint64_t dropped_ns, uint64_t held_ns)
{
	bool began = !held_ns || !is_at_its_beginning(pid);
	bool late = follower_set_dropped(r->followers, pid, dropped_ns) && began;
	uint64_t ran = (held_ns ? held_ns : time_now_ns()) - dropped_ns;

	if (late) {
		r->nr_late++;
		if (r->latest_ns < ran)
			r->latest_ns = ran;
	}
	log_debug("process %d lost its events and %s %.2f ms later", (int)pid,
		  began ? "was held or given new ones" : "was held in exec", (double)ran / 1e6);
	process_set_repair(r->processes, pid);
}

void record_dropped(uint32_t tgid, uint64_t time_ns, void *arg)
{
	struct recording *r = arg;
	volatile struct program_state *state = programs_state(r->programs);
	uint64_t held_ns = 0;
	int err;

	if (!state->enabled || !r->followers)
		return;
	read_events(r);
	if (process_set_hold(r->processes, (pid_t)tgid))
		held_ns = time_now_ns();
	err = task_events_widen(r->events);
	if (err < 0) {
		log_warning("cannot follow process %u, a program with other rights: %s", tgid,
			    strerror(-err));
		state->tell_dropped = 0;
		return;
	}
	read_events(r);
	adopt_members(r);
	if (!held_ns && process_set_hold(r->processes, (pid_t)tgid))
		held_ns = time_now_ns();
	if (process_set_alive(r->processes, (pid_t)tgid))
		take_back(r, (pid_t)tgid, time_ns, held_ns);
	/* What they map is heard of now: only events of their own can still be lost. */
	state->tell_dropped = follower_set_is_needed(r->followers);
	process_set_publish(r->processes);
}

void record_say_doubts(const struct recording *r)
{
	struct follower_doubts doubts = {};

	if (r->followers)
		doubts = follower_set_doubts(r->followers);
	if (r->nr_late)
		log_warning("the kernel took the probes of %u processes (of setuid or unreadable "
			    "programs) away for up to %.1f ms; hits in that time, if any, are not "
			    "counted",
			    r->nr_late, (double)r->latest_ns / 1e6);
	if (doubts.young)
		log_warning("%u processes outlived a parent that ended at once: this kernel may "
			    "have taken their probes for a moment, and hits then are not counted "
			    "(6.13 and later do not)",
			    doubts.young);
	if (doubts.refused)
		log_warning("%u events of processes could not be opened, whose hits may be "
			    "missing: %s%s",
			    doubts.refused, strerror(-doubts.err),
			    doubts.err == -EMFILE ? " (ulimit -n)" : "");
}
