/* SPDX-License-Identifier: MIT */
#include "common/alloc.h"
#include "common/log.h"
#include "loader/interrupts.h"
#include "loader/launch.h"
#include "loader/process_set.h"
#include "loader/programs.h"
#include "loader/recording.h"
#include "loader/stack_store.h"
#include "loader/task_events.h"
#include "loader/time.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* The ring is read at least this often; it wakes us earlier when it fills. */
#define TICK_NS 100000000u
/* Progress is told at this rate. */
#define PROGRESS_TICKS 5

struct loop {
	struct recording *r;
	int epoll_fd, tick_fd;
	size_t nr_events;     /* descriptors of task events watched */
	uint64_t deadline_ns; /* 0 = none */
	unsigned int ticks;
	bool program_ended; /* the launched one; others may go on */
	bool ended;
	/* As ctrace was started: what it does afterwards is done like that. */
	int policy, nice;
	struct sched_param parameters;
};

#define COUNTER_WORDS (sizeof(struct walk_counters) / sizeof(uint64_t))

static void add_counters(uint64_t sum[COUNTER_WORDS], const struct walk_counters *c)
{
	uint64_t one[COUNTER_WORDS];

	memcpy(one, c, sizeof(one));
	for (size_t i = 0; i < COUNTER_WORDS; i++)
		sum[i] += one[i];
}

int record_counters(const struct recording *r, struct walk_counters *ret_counters)
{
	int nr = libbpf_num_possible_cpus();
	int fd = programs_map_fd(r->programs, PROGRAMS_MAP_COUNTERS);
	_cleanup_free_ struct walk_counters *per_cpu = NULL;
	uint64_t sum[COUNTER_WORDS] = {};

	if (nr < 0)
		return nr;
	per_cpu = xcalloc((size_t)nr, sizeof(*per_cpu));
	for (uint32_t slot = 0; slot < NR_SCRATCH; slot++) {
		if (bpf_map_lookup_elem(fd, &slot, per_cpu) < 0)
			return -errno;
		for (int cpu = 0; cpu < nr; cpu++)
			add_counters(sum, &per_cpu[cpu]);
	}
	memcpy(ret_counters, sum, sizeof(sum));
	return 0;
}

static int add_fd(struct loop *l, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* There may be more of them than last time. */
static int watch_events(struct loop *l)
{
	size_t nr;
	const int *fds = task_events_fds(l->r->events, &nr);
	int err = 0;

	while (err == 0 && l->nr_events < nr)
		err = add_fd(l, fds[l->nr_events++]);
	return err;
}

static int open_loop(struct loop *l)
{
	struct itimerspec tick = {
		.it_value.tv_nsec = TICK_NS,
		.it_interval.tv_nsec = TICK_NS,
	};
	int err;

	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->epoll_fd < 0 || l->tick_fd < 0)
		return -errno;
	if (timerfd_settime(l->tick_fd, 0, &tick, NULL) < 0)
		return -errno;
	err = watch_events(l);
	if (err == 0)
		err = add_fd(l, l->tick_fd);
	if (err == 0)
		err = add_fd(l, interrupts_fd(l->r->options->interrupts));
	if (err == 0)
		err = add_fd(l, stack_store_epoll_fd(l->r->stacks));
	if (err == 0)
		err = add_fd(l, launch_pidfd(l->r->launch));
	return err;
}

static void close_loop(struct loop *l)
{
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	if (l->tick_fd >= 0)
		close(l->tick_fd);
}

static size_t running_pids(const struct recording *r, pid_t *pids, size_t max, size_t *ret_started)
{
	size_t nr = 0;

	for (const struct process *p = process_set_first(r->processes, ret_started); p && nr < max;
	     p = p->next_sibling) {
		if (!p->end_ns)
			pids[nr++] = p->pid;
	}
	return nr;
}

static void tell_progress(const struct recording *r)
{
	struct record_progress progress = {.stacks = stack_store_count(r->stacks)};
	pid_t pids[RECORD_PROGRESS_PIDS];
	struct walk_counters c;

	if (record_counters(r, &c) < 0)
		return;
	progress.samples = c.samples;
#define X(name, json, whole, text) progress.complete += (whole) ? c.stops[STOP_##name] : 0;
	CTRACE_STOPS(X)
#undef X
	for (int i = 0; i < NR_SAMPLE_LOSSES; i++)
		progress.lost += c.losses[i];
	progress.pids = pids;
	progress.nr_pids = running_pids(r, pids, RECORD_PROGRESS_PIDS, &progress.nr_started);
	r->options->on_progress(&progress, r->options->progress_arg);
}

static int on_tick(struct loop *l)
{
	struct recording *r = l->r;
	uint64_t expired;
	int err;

	if (read(l->tick_fd, &expired, sizeof(expired)) < 0 && errno != EAGAIN)
		return -errno;
	err = stack_store_drain(r->stacks);
	if (err < 0)
		return err;
	if (l->deadline_ns && time_now_ns() >= l->deadline_ns)
		l->ended = true;
	if (r->options->max_samples && !programs_state(r->programs)->enabled)
		l->ended = true;
	if (r->options->on_progress && ++l->ticks % PROGRESS_TICKS == 0)
		tell_progress(r);
	return 0;
}

/* Its descriptor is readable from now on, which is no news. */
static int on_program_end(struct loop *l)
{
	l->program_ended = true;
	return epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, launch_pidfd(l->r->launch), NULL) < 0 ? -errno
											   : 0;
}

static int dispatch(struct loop *l, int fd)
{
	if (fd == l->tick_fd)
		return on_tick(l);
	if (fd == interrupts_fd(l->r->options->interrupts)) {
		l->r->interrupted = true;
		l->ended = true;
		return 0;
	}
	if (fd == launch_pidfd(l->r->launch))
		return on_program_end(l);
	if (fd == stack_store_epoll_fd(l->r->stacks))
		return stack_store_drain(l->r->stacks);
	/* A task event: record_follow() reads them all. */
	return 0;
}

static int arm_deadline(struct loop *l, uint64_t duration_ns)
{
	struct itimerspec once = {
		.it_value.tv_sec = (time_t)(duration_ns / 1000000000u),
		.it_value.tv_nsec = (long)(duration_ns % 1000000000u),
		.it_interval.tv_nsec = TICK_NS,
	};

	l->deadline_ns = time_now_ns() + duration_ns;
	/* A deadline within the first tick comes on time; later ones at the next tick. */
	if (duration_ns && duration_ns < TICK_NS && timerfd_settime(l->tick_fd, 0, &once, NULL) < 0)
		return -errno;
	return 0;
}

/* The followed processes that run, as the kernel side knows them. */
static size_t count_followed(const struct recording *r, size_t max)
{
	int fd = programs_map_fd(r->programs, PROGRAMS_MAP_PROCESSES);
	uint32_t key, next;
	size_t nr = 0;

	while (nr < max && bpf_map_get_next_key(fd, nr ? &key : NULL, &next) == 0) {
		key = next;
		nr++;
	}
	return nr;
}

/* Is there somebody to record, and shall they be, after the launched program? */
static bool is_recording_others(const struct recording *r)
{
	const struct record_options *o = r->options;

	return (o->wait_all || o->duration_ns) && count_followed(r, 1);
}

static int wait_once(struct loop *l)
{
	struct epoll_event events[16];
	int nr = epoll_wait(l->epoll_fd, events, 16, -1);

	if (nr < 0)
		return errno == EINTR ? 0 : -errno;
	record_follow(l->r);
	for (int i = 0; i < nr; i++) {
		int err = dispatch(l, events[i].data.fd);

		if (err < 0)
			return err;
	}
	if (l->program_ended && !is_recording_others(l->r))
		l->ended = true;
	return watch_events(l);
}

/*
 * What a walk cannot see is what we have not heard of yet: on a busy machine the wait for a CPU is
 * most of that time.  The program was started before and does not inherit this.
 */
static void hurry(struct loop *l)
{
	const struct sched_param first = {.sched_priority = 1};

	l->policy = sched_getscheduler(0);
	sched_getparam(0, &l->parameters);
	l->nice = getpriority(PRIO_PROCESS, 0);
	if (sched_setscheduler(0, SCHED_RR, &first) < 0 && setpriority(PRIO_PROCESS, 0, -20) < 0)
		log_debug("no higher priority: %s", strerror(errno));
}

static void calm_down(const struct loop *l)
{
	if (l->policy >= 0)
		sched_setscheduler(0, l->policy, &l->parameters);
	setpriority(PRIO_PROCESS, 0, l->nice);
}

int record_loop(struct recording *r)
{
	struct loop l = {.r = r, .epoll_fd = -1, .tick_fd = -1};
	int err = open_loop(&l);

	/* Before the target runs: it may exec an object nobody knows in its first millisecond. */
	hurry(&l);
	if (err == 0)
		err = record_let_go(r);
	if (err == 0 && r->options->duration_ns)
		err = arm_deadline(&l, r->options->duration_ns);
	while (err == 0 && !l.ended)
		err = wait_once(&l);
	calm_down(&l);
	if (r->options->on_progress)
		r->options->on_progress(NULL, r->options->progress_arg);
	close_loop(&l);
	r->nr_left = count_followed(r, CTRACE_MAX_PROCESSES);
	if (r->nr_left && !l.program_ended)
		r->nr_left--;
	return err < 0 ? log_errno(err, "recording failed") : 0;
}
