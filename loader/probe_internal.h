/* SPDX-License-Identifier: MIT */
/*
 * What a probe is made of, shared by probe*.c: the kinds and their operations, what a probe names,
 * what was found, what is attached.  Everybody else sees loader/probe.h.
 */
#ifndef CTRACE_LOADER_PROBE_INTERNAL_H
#define CTRACE_LOADER_PROBE_INTERNAL_H

#include "loader/probe.h"

#include <linux/perf_event.h>

#define PROBE_MAX_TEXT	 4096  /* a path and a demangled name */
#define PROBE_MAX_POINTS 10000 /* a glob beyond that is a mistake */

struct event_name;
/* The kernel's ENOTSUPP, which user space has no name for: here, a bad instruction to probe. */
#define ENOTSUPP_KERNEL 524

struct probe_ring;
struct uprobe_event;

/* One kind of probe.  Operations return negative errno with a sentence in @ret_error. */
struct probe_kind {
	const char *name;
	const char *short_name;
	const char *spelling; /* what follows "name:" */
	const char *example;
	const char *summary;
	/* @spec is what follows the kind's ':'. */
	int (*parse)(struct probe *probe, const char *spec, char **ret_error);
	int (*resolve)(struct probe *probe, const struct probe_environment *env, char **ret_error,
		       char **ret_note);
	int (*attach)(struct probe *probe, const struct probe_environment *env, char **ret_error);
	/* probe_attach_also(), events disabled; NULL: nothing is inherited. */
	int (*attach_also)(struct probe *probe, const struct probe_environment *env, pid_t tid);
	/* Probes of this kind that exist and match @spec, a glob where the kind has names. */
	int (*list)(const char *spec, probe_list_fn *fn, void *arg, char **ret_error);
};

/* One place a probe was found at. */
struct probe_point {
	char *name;	/* function or tracepoint; NULL for an address */
	uint64_t value; /* offset in the object's file; number of the tracepoint */
};

/* One perf event or link of an attached probe; -1 and NULL where there is none. */
struct probe_event {
	uint32_t owner; /* 0: the probe itself */
	int perf_fd;
	int link_fd;
	struct probe_ring *ring;
};

struct probe {
	const struct probe_kind *kind;
	char *text;
	unsigned int index;
	enum probe_program program;

	/* as parsed */
	char *object;			/* uprobe: object; tracepoint: category; or NULL */
	char *name;			/* function or tracepoint, may be a glob; or NULL */
	uint64_t off;			/* after the function's begin; the address if no name */
	uint64_t period;		/* nanoseconds of a clock, events of a counter */
	const struct event_name *event; /* software, hardware */

	/* as resolved */
	int object_fd;
	char *object_path; /* where that was found; or NULL */
	char *rival;	   /* sentence: another object is asked for the function first; or NULL */
	struct probe_point *points;
	size_t nr_points, cap_points;

	/* as attached */
	struct probe_event *events;
	size_t nr_events, cap_events;
	uint64_t past_throttled;	 /* of events that are closed */
	struct uprobe_event *definition; /* to go after the events that use it */
	bool swaps; /* the kernel swaps what was inherited between tasks (probe_uprobe_attach.c) */
};

/* The table; NULL for an unknown kind.  @len characters of @name, the long or short form. */
const struct probe_kind *probe_kind_find(const char *name, size_t len);
/* The @index-th kind, NULL after the last. */
const struct probe_kind *probe_kind_at(size_t index);

/* Takes over @name.  -E2BIG over PROBE_MAX_POINTS. */
int probe_add_point(struct probe *probe, char *name, uint64_t value);

/* Makes sure that @nr more descriptors fit.  -EMFILE with a sentence. */
int probe_reserve_descriptors(const struct probe *probe, size_t nr, char **ret_error);

/*
 * Opens the event and runs the probe's program on it, with its cookie.  @with_ring: keep a ring
 * for what the kernel tells about throttling.
 */
int probe_add_perf_event(struct probe *probe, const struct probe_environment *env,
			 const struct perf_event_attr *attr, pid_t pid, int cpu, bool with_ring);
/* The same over an open event, taken over; @run: false for an event without program. */
int probe_adopt_event(struct probe *probe, const struct probe_environment *env, int perf_fd,
		      bool run);

/* An open event without program, taken over. */
void probe_adopt_keeper(struct probe *probe, int perf_fd, uint32_t owner);

/* An open link that needs no perf event, taken over. */
int probe_adopt_link(struct probe *probe, int link_fd);

/* "FN+OFF": cuts a valid offset off @name.  -ERANGE: an offset beyond any function. */
int probe_split_offset(char *name, uint64_t *ret_off);
bool probe_is_glob(const char *text);

/* Kinds, one file each or two. */
int probe_clock_parse(struct probe *probe, const char *spec, char **ret_error);
int probe_profile_attach(struct probe *probe, const struct probe_environment *env,
			 char **ret_error);
int probe_interval_attach(struct probe *probe, const struct probe_environment *env,
			  char **ret_error);
int probe_software_parse(struct probe *probe, const char *spec, char **ret_error);
int probe_hardware_parse(struct probe *probe, const char *spec, char **ret_error);
int probe_counter_attach(struct probe *probe, const struct probe_environment *env,
			 char **ret_error);
int probe_counter_attach_also(struct probe *probe, const struct probe_environment *env, pid_t tid);
int probe_software_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error);
int probe_hardware_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error);
int probe_uprobe_parse(struct probe *probe, const char *spec, char **ret_error);
int probe_uprobe_resolve(struct probe *probe, const struct probe_environment *env, char **ret_error,
			 char **ret_note);
int probe_uprobe_attach(struct probe *probe, const struct probe_environment *env, char **ret_error);
int probe_uprobe_attach_also(struct probe *probe, const struct probe_environment *env, pid_t tid);
int probe_uprobe_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error);
int probe_uretprobe_parse(struct probe *probe, const char *spec, char **ret_error);
int probe_uretprobe_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error);
int probe_kprobe_parse(struct probe *probe, const char *spec, char **ret_error);
int probe_fentry_parse(struct probe *probe, const char *spec, char **ret_error);
int probe_kernel_resolve(struct probe *probe, const struct probe_environment *env, char **ret_error,
			 char **ret_note);
int probe_kernel_attach(struct probe *probe, const struct probe_environment *env, char **ret_error);
int probe_kprobe_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error);
int probe_fentry_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error);
int probe_tracepoint_parse(struct probe *probe, const char *spec, char **ret_error);
int probe_tracepoint_resolve(struct probe *probe, const struct probe_environment *env,
			     char **ret_error, char **ret_note);
int probe_tracepoint_attach(struct probe *probe, const struct probe_environment *env,
			    char **ret_error);
int probe_tracepoint_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error);

#endif
