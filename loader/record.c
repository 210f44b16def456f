/* SPDX-License-Identifier: MIT */
#include "loader/record.h"

#include "common/alloc.h"
#include "common/log.h"
#include "common/number.h"
#include "flamegraph/capture.h"
#include "loader/capture_builder.h"
#include "loader/follower_set.h"
#include "loader/inherited_fds.h"
#include "loader/interrupts.h"
#include "loader/jit_hints.h"
#include "loader/launch.h"
#include "loader/launch_path.h"
#include "loader/limits.h"
#include "loader/object_set.h"
#include "loader/process_set.h"
#include "loader/programs.h"
#include "loader/quiet_thread.h"
#include "loader/recording.h"
#include "loader/stack_store.h"
#include "loader/table_store.h"
#include "loader/task_events.h"
#include "loader/time.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Exit statuses of cli.md. */
#define EXIT_CTRACE_FAILED 125
#define EXIT_CANNOT_RUN	   126
#define EXIT_NOT_FOUND	   127

/* Loading the BPF programs takes as long as ld.so and the tables: side by side. */
struct program_loading {
	pthread_t thread;
	bool running;
	struct programs *programs;
	char *error;
	int err;
};

static void *load_programs(void *arg)
{
	struct program_loading *l = arg;

	l->err = programs_load(l->programs, &l->error);
	return NULL;
}

static int open_programs(struct recording *r)
{
	const struct record_options *o = r->options;
	const struct program_config config = {
		.max_frames = o->max_frames ? o->max_frames : CTRACE_MAX_FRAMES,
		.want_kernel = !o->no_kernel,
		.want_user = !o->no_user,
		.per_thread = o->per_thread,
		.follow_children = !o->no_children,
	};
	_cleanup_free_ char *error = NULL;
	bool wanted[NR_PROBE_PROGRAMS] = {};
	int err;

	for (size_t i = 0; i < r->nr_probes; i++)
		wanted[probe_program(r->probes[i])] = true;
	err = programs_open(&config, wanted, &r->programs, &error);
	if (err < 0)
		log_error("%s", error);
	return err;
}

static void begin_loading(const struct recording *r, struct program_loading *l)
{
	l->programs = r->programs;
	l->running = quiet_thread_create(&l->thread, load_programs, l) == 0;
	if (!l->running)
		load_programs(l);
}

/* Reports a failure of loading: this is the one who knows that it matters. */
static int end_loading(struct program_loading *l)
{
	if (l->running)
		pthread_join(l->thread, NULL);
	l->running = false;
	if (l->err < 0) {
		log_error("%s", l->error ? l->error : strerror(-l->err));
		free(l->error);
		l->error = NULL;
	}
	return l->err;
}

static void discard_loading(struct program_loading *l)
{
	if (l->running)
		pthread_join(l->thread, NULL);
	free(l->error);
}

/* A /proc of another pid namespace knows the program under another number, or not at all. */
static int check_proc(void)
{
	char text[16] = {};
	uint64_t pid = 0;
	ssize_t len = readlink("/proc/self", text, sizeof(text) - 1);

	if (len < 0)
		return log_errno(-errno, "/proc is not mounted");
	if (parse_uint(text, 1, INT32_MAX, &pid) == 0 && pid == (uint64_t)getpid())
		return 0;
	return log_errno(-ESRCH, "/proc is that of another pid namespace (mount -t proc proc /proc "
				 "mounts this one's)");
}

static int parse_probes(struct recording *r)
{
	const struct record_options *o = r->options;

	r->probes = xcalloc(o->nr_probes ? o->nr_probes : 1, sizeof(struct probe *));
	for (size_t i = 0; i < o->nr_probes; i++) {
		_cleanup_free_ char *error = NULL;
		int err = probe_parse(o->probes[i], (unsigned int)i, &r->probes[i], &error);

		if (err < 0) {
			log_error("%s", error ? error : strerror(-err));
			return err;
		}
		r->nr_probes++;
	}
	return 0;
}

static void hint_at_path(const char *program)
{
	_cleanup_free_ char *path = launch_path_of_user(program);

	if (path)
		log_hint("'%s' is not in root's PATH; try $(which %s), that is %s", program,
			 program, path);
}

static int start_program(struct recording *r, int *ret_exit)
{
	const char *program = r->options->argv[0];
	struct launch_options options = {
		.argv = r->options->argv,
		.user = r->options->user,
		.mask = interrupts_former_mask(r->options->interrupts),
		.fds = r->inherited_fds,
		.files = &r->files,
	};
	_cleanup_free_ char *error = NULL;
	int err = launch_start(&options, &r->launch, &error);

	if (err < 0) {
		log_error("%s", error ? error : strerror(-err));
		if (err == -ENOENT) {
			*ret_exit = EXIT_NOT_FOUND;
			hint_at_path(program);
		} else if (err == -EACCES || err == -ENOEXEC || err == -EPERM ||
			   err == -EAFNOSUPPORT) {
			*ret_exit = EXIT_CANNOT_RUN;
		}
		return err;
	}
	interrupts_set_program(r->options->interrupts, launch_pid(r->launch),
			       launch_pidfd(r->launch));
	err = launch_to_start(r->launch);
	/* A missing library, say: it is for its own words and exit status to tell. */
	if (err == -ESRCH)
		return 0;
	if (err < 0)
		return log_errno(err, "cannot stop '%s' where its code begins", program);
	r->has_target = true;
	err = process_set_add(r->processes, launch_pid(r->launch));
	if (err < 0)
		return log_errno(err, "cannot read the mappings of '%s'", program);
	return 0;
}

/* The maps user space fills, before anything is known that goes into them. */
static int open_stores(struct recording *r)
{
	const struct stack_store_options stacks = {
		.ring_fd = programs_map_fd(r->programs, PROGRAMS_MAP_RING),
		.counts_fd = programs_map_fd(r->programs, PROGRAMS_MAP_COUNTS),
		.slice_ns = r->options->slice_ns,
		.on_unknown = record_unknown,
		.on_dropped = record_dropped,
		.arg = r,
	};
	int err = table_store_new(programs_map_fd(r->programs, PROGRAMS_MAP_BLOBS),
				  programs_map_fd(r->programs, PROGRAMS_MAP_RULES), &r->tables);

	if (err < 0)
		return log_errno(err, "cannot map the unwind tables");
	err = stack_store_new(&stacks, &r->stacks);
	if (err < 0)
		return log_errno(err, "cannot set up the ring buffer");
	r->objects = object_set_new();
	r->processes = process_set_new(r->objects);
	err = process_set_open_slots(r->processes,
				     programs_map_fd(r->programs, PROGRAMS_MAP_SLOTS));
	if (err < 0)
		return log_errno(err, "cannot set up the mapping tables");
	return 0;
}

/* The stopped program becomes the one process the BPF side knows. */
static int publish_program(struct recording *r)
{
	struct process_entry entry = {};
	uint32_t tgid = (uint32_t)launch_pid(r->launch);
	int err;

	if (bpf_map_update_elem(programs_map_fd(r->programs, PROGRAMS_MAP_PROCESSES), &tgid, &entry,
				BPF_ANY) < 0)
		return log_errno(errno, "cannot register process %u", tgid);
	err = programs_attach_hooks(r->programs);
	if (err < 0)
		return log_errno(err, "cannot follow forks and execs");
	err = task_events_open(launch_pid(r->launch), !r->options->no_children, &r->events);
	if (err < 0)
		return log_errno(err, "cannot follow the mappings of process %u", tgid);
	err = stack_store_wait_ready(r->stacks, &programs_state(r->programs)->count_map);
	if (err < 0)
		return log_errno(err, "cannot set up the count map");
	process_set_connect(r->processes, programs_map_fd(r->programs, PROGRAMS_MAP_ASSIGNMENTS),
			    programs_map_fd(r->programs, PROGRAMS_MAP_PROCESSES));
	process_set_publish(r->processes);
	return 0;
}

static int attach_probe(struct recording *r, struct probe *probe)
{
	_cleanup_free_ char *error = NULL, *note = NULL;
	int err = probe_resolve(probe, &r->environment, &error, &note);

	if (err == 0) {
		if (note)
			log_info("%s", note);
		err = probe_attach(probe, &r->environment, &error);
	}
	if (err < 0)
		log_error("%s", error ? error : strerror(-err));
	return err;
}

static int attach(struct recording *r)
{
	int err;

	r->environment = (struct probe_environment){
		.pid = r->launch ? launch_pid(r->launch) : -1,
		.follow_children = !r->options->no_children,
		.cpus = r->options->cpus,
		.nr_cpus = r->options->nr_cpus,
		.prog_fd = programs_fd,
		.arg = r->programs,
	};
	for (size_t i = 0; i < r->nr_probes; i++) {
		err = attach_probe(r, r->probes[i]);
		if (err < 0)
			return err;
	}
	r->followers = follower_set_new(r->probes, r->nr_probes, &r->environment);
	if (r->options->bpf_stats) {
		r->statistics_fd = programs_enable_statistics();
		if (r->statistics_fd < 0)
			log_warning("cannot switch the BPF run-time statistics on: %s",
				    strerror(-r->statistics_fd));
	}
	return 0;
}

int record_let_go(struct recording *r)
{
	volatile struct program_state *state = programs_state(r->programs);
	struct timespec now;
	int err;

	clock_gettime(CLOCK_REALTIME, &now);
	r->start_unix_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	r->began_ns = time_now_ns();
	stack_store_begin(r->stacks);
	state->tell_dropped = 1;
	state->enabled = 1;
	err = launch_detach(r->launch);
	/* Killed while it was stopped: its end is the end of the recording. */
	return err < 0 && err != -ESRCH ? log_errno(err, "cannot let '%s' run", r->options->argv[0])
					: 0;
}

static int run(struct recording *r)
{
	volatile struct program_state *state = programs_state(r->programs);
	int err;

	state->max_samples = r->options->max_samples;
	for (size_t i = 0; i < r->nr_probes; i++) {
		err = probe_enable(r->probes[i]);
		if (err < 0)
			return log_errno(err, "cannot start '%s'", probe_text(r->probes[i]));
	}
	err = record_loop(r);
	state->enabled = 0;
	for (size_t i = 0; i < r->nr_probes; i++)
		probe_disable(r->probes[i]);
	r->ended_ns = time_now_ns();
	return err;
}

static int drain(struct recording *r)
{
	int err;

	record_follow(r);
	err = stack_store_finish(r->stacks);
	if (err < 0)
		return log_errno(err, "cannot read the counts");
	record_follow(r);
	return 0;
}

static int finish(struct recording *r, struct record_result *result)
{
	int err = r->has_target ? drain(r) : 0;

	if (err < 0)
		return err;
	result->capture = capture_new();
	result->end_time_ns = r->ended_ns;
	result->interrupted = r->interrupted;
	result->launched = true;
	result->child = launch_pid(r->launch);
	result->nr_left = r->nr_left;
	result->child_running = launch_wait(r->launch, &result->wait_status) == -EAGAIN;
	record_say_doubts(r);
	err = capture_build(result->capture, r->stacks, r->processes);
	if (err < 0)
		return log_errno(err, "cannot build the capture");
	jit_hints_log(r->stacks, r->processes);
	return record_fill_info(r, result);
}

static void log_phase(const struct recording *r, const char *what)
{
	log_debug("%6.1f ms: %s", (double)(time_now_ns() - r->phase_ns) / 1e6, what);
}

/* The program is started and stopped, and its tables are built while the verifier works. */
static int prepare(struct recording *r, int *ret_exit)
{
	struct program_loading loading = {};
	int err = open_programs(r);

	if (err < 0)
		return err;
	begin_loading(r, &loading);
	err = open_stores(r);
	if (err == 0)
		err = start_program(r, ret_exit);
	log_phase(r, "program stopped where it begins, tables built");
	if (err == 0)
		object_set_publish_to(r->objects, r->tables,
				      programs_map_fd(r->programs, PROGRAMS_MAP_OBJECTS));
	log_phase(r, "tables published");
	if (err == 0)
		err = end_loading(&loading);
	log_phase(r, "BPF programs loaded");
	discard_loading(&loading);
	return err;
}

static int record_target(struct recording *r)
{
	int err = publish_program(r);

	if (err == 0)
		err = attach(r);
	log_phase(r, "probes attached");
	return err < 0 ? err : run(r);
}

static int record_phases(struct recording *r, struct record_result *result, int *ret_exit)
{
	int err = parse_probes(r);

	if (err == 0)
		err = check_proc();
	if (err < 0)
		return err;
	r->phase_ns = time_now_ns();
	err = prepare(r, ret_exit);
	if (err == 0 && r->has_target)
		err = record_target(r);
	else
		r->began_ns = r->ended_ns = time_now_ns();
	/* One that was not let go ends with its launch. */
	return err < 0 ? err : finish(r, result);
}

static void free_recording(struct recording *r)
{
	if (!r)
		return;
	follower_set_free(r->followers);
	for (size_t i = 0; i < r->nr_probes; i++)
		probe_free(r->probes[i]);
	free(r->probes);
	stack_store_free(r->stacks);
	task_events_free(r->events);
	process_set_free(r->processes);
	table_store_free(r->tables);
	object_set_free(r->objects);
	programs_free(r->programs);
	launch_free(r->launch);
	inherited_fds_free(r->inherited_fds);
	if (r->statistics_fd >= 0)
		close(r->statistics_fd);
	free(r);
}

void record_object_files(const struct record_result *result, const struct capture_object *object,
			 int *ret_file, int *ret_root)
{
	const struct object *o = object_set_match(result->recording->objects, object->path,
						  object->root, &object->build_id);

	*ret_file = o ? o->fd : -1;
	*ret_root = o ? o->root_fd : -1;
}

static void say_limit(int err)
{
	_cleanup_free_ char *limit = limits_explain(err);

	if (limit)
		log_hint("%s", limit);
}

int record_run(const struct record_options *options, struct record_result *ret_result,
	       int *ret_exit)
{
	struct recording *r = xcalloc(1, sizeof(*r));
	struct record_result result = {.recording = r};
	int exit_status = EXIT_CTRACE_FAILED;
	int err;

	r->options = options;
	r->statistics_fd = -1;
	r->inherited_fds = inherited_fds_find();
	limits_raise_files(&r->files);
	err = record_phases(r, &result, &exit_status);
	if (err < 0) {
		say_limit(err);
		free_recording(r);
		capture_free(result.capture);
		*ret_exit = exit_status;
		return err;
	}
	*ret_result = result;
	return 0;
}

void record_release(struct record_result *result)
{
	free_recording(TAKE_PTR(result->recording));
}
