/* SPDX-License-Identifier: MIT */
/*
 * Probes: one table of kinds (parse, check, resolve, attach, describe) behind `ctrace PROBE`,
 * `ctrace list`, --help and doctor.  Knows what a probe is and how the kernel takes it; the BPF
 * programs that run on it are given by number.  Does not print.
 */
#ifndef CTRACE_LOADER_PROBE_H
#define CTRACE_LOADER_PROBE_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct probe;

/* Which BPF program a probe wants to run: the loader keeps one of each. */
enum probe_program {
	PROBE_PROGRAM_PERF_EVENT,
	PROBE_PROGRAM_UPROBE,
	PROBE_PROGRAM_URETPROBE,
	PROBE_PROGRAM_KPROBE,
	PROBE_PROGRAM_TRACEPOINT,
	PROBE_PROGRAM_FENTRY,
	NR_PROBE_PROGRAMS
};

/*
 * What attaching needs.  Pids as the calling process sees them.
 * prog_fd(FENTRY, "vfs_read") loads a program for that kernel function and gives its descriptor.
 */
struct probe_environment {
	pid_t pid; /* launched target, stopped at its entry; -1 = every process */
	bool follow_children;
	const int *cpus; /* CPUs to sample on; NULL = all that are online */
	size_t nr_cpus;
	/* Descriptor of the program, owned by the callee; negative errno.  @function: FENTRY only.
	 */
	int (*prog_fd)(void *arg, enum probe_program program, const char *function);
	void *arg;
};

/*
 * Reads one probe of the command line (cli.md "Probes").  @index is its bpf_cookie: BPF programs
 * get it by bpf_get_attach_cookie().  -EINVAL, -ERANGE with a sentence in @ret_error (to be
 * freed): what is wrong, what is allowed.
 */
int probe_parse(const char *text, unsigned int index, struct probe **ret_probe, char **ret_error);
void probe_free(struct probe *probe); /* detaches too */
DEFINE_CLEANUP(struct probe *, probe_free);

/* Does @text look like a probe (has a known kind and a ':')?  For choosing the command. */
bool probe_is_spec(const char *text);

/* Is it one that samples time (profile, interval) instead of counting events? */
bool probe_spec_is_clock(const char *text);

const char *probe_text(const struct probe *probe);
/* Nanoseconds between two samples of a clock probe (profile, interval); 0 for others. */
uint64_t probe_period_ns(const struct probe *probe);
/* Settled by probe_parse(): kprobe is FENTRY where the kernel has no kprobes. */
enum probe_program probe_program(const struct probe *probe);

/*
 * Finds what the probe names: functions in objects, events in tracefs, kernel functions (and
 * whether kprobes or fentry serve them).  @ret_error: sentence with the cure.  @ret_note: a
 * sentence worth saying once ("kprobes are not in this kernel, using fentry"), or NULL.
 * -ENOENT: nothing of that name, -ENODEV: this machine has no such event, -EOPNOTSUPP, -EACCES.
 */
int probe_resolve(struct probe *probe, const struct probe_environment *env, char **ret_error,
		  char **ret_note);
size_t probe_nr_points(const struct probe *probe); /* attach points found */

/*
 * Attaches, disabled where the kernel can do that; -errno with a sentence.  Programs of uprobes,
 * tracepoints, kprobes and fentry may run from here on: the kernel does not ask their perf event.
 * Every hit of every thread of the target reaches the program; hits of others may too (all but
 * uprobes), so the program filters by process.  A perf event program must return 0.
 * The cookie: the kernel does not hand it on to inherited events, which serve COUNT > 1 of software
 * and hardware events of a launched target; a program finds it in event->parent there.
 */
int probe_attach(struct probe *probe, const struct probe_environment *env, char **ret_error);

/*
 * Attached to a target, a probe may live of events that its threads and children inherit.  What
 * follows is for those the kernel's inheritance fails (loader/follower_set.h); all of it is
 * nothing and 0 for the other kinds.  @owner, never 0, is a number to detach by.
 *
 * Opens for thread @tid, running, what probe_attach() opened for the target, for all that it
 * starts from now on.  -ESRCH: it has ended.  Other errors as the kernel gave them.
 */
int probe_attach_also(struct probe *probe, const struct probe_environment *env, pid_t tid,
		      uint32_t owner);
/* Has it events that are inherited? */
bool probe_is_inherited(const struct probe *probe);
/* Does this kernel mix up inherited events of parents and children, so that each must be kept? */
bool probe_needs_keepers(const struct probe *probe);
/*
 * Keeps the breakpoints in the memory of @tid's process for as long as that thread lives.
 * @intact: they are all there yet, which spares the kernel a look.  Errors as above.
 */
int probe_keep(struct probe *probe, pid_t tid, uint32_t owner, bool intact);
void probe_detach_owner(struct probe *probe, uint32_t owner);

/* Starts and stops the events (perf ioctls); cheap. */
int probe_enable(struct probe *probe);
void probe_disable(struct probe *probe);
/* Throttled and lost events the kernel reported for this probe so far. */
uint64_t probe_throttled(const struct probe *probe);

/* What a recording knows of the file a silent uprobe is in. */
struct probe_silence {
	bool was_mapped;     /* by any of the processes that were followed */
	const char *another; /* object that was mapped and exports the function too; or NULL */
};

/*
 * Why a uprobe that was attached saw nothing, as far as that can be known: a sentence, to be freed.
 * NULL: nothing to say, as of all other kinds.  May read debug information.
 */
char *probe_explain_silence(const struct probe *probe, const struct probe_silence *silence);
/* The inode of the file a uprobe is in; 0 for other kinds, and before it is resolved. */
uint64_t probe_object_inode(const struct probe *probe);
/* The name of the one function a uprobe is on, as typed; NULL for globs, addresses and others. */
const char *probe_function(const struct probe *probe);

/* Kinds, their spellings and one example each, for --help. */
void probe_print_help(FILE *out);

/*
 * Calls @fn with the text of every probe that exists and matches @pattern: a probe whose names may
 * be globs ("uprobe:libc:mem*", "tracepoint:sched:*"), or a kind alone ("software").  A positive
 * return ends the listing.  -EINVAL: no such kind; -ENOENT: no such object; with a sentence.
 */
typedef int probe_list_fn(const char *probe, void *arg);
int probe_list(const char *pattern, probe_list_fn *fn, void *arg, char **ret_error);

#endif
