/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The programs probes run: one per kind of event, all the same sample.  Filters by process, takes
 * the stacks, counts them, and publishes the frames of a stack the first time it is seen.
 */
#include "maps.bpf.h"

#include "learn.bpf.h"
#include "pid_numbers.bpf.h"
#include "walk.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define STACK_BYTES (CTRACE_MAX_KERNEL_FRAMES * sizeof(uint64_t))

/* Rare, and not always in a slot of one's own. */
static void count_loss(uint32_t loss)
{
	uint32_t zero = 0;
	struct walk_counters *c = bpf_map_lookup_elem(&counters, &zero);

	if (c && loss < NR_SAMPLE_LOSSES)
		__sync_fetch_and_add(&c->losses[loss], 1);
}

/* Tells user space of a pc no mapping covers, so that it reads the process's maps again. */
static __attribute__((always_inline)) inline void report_unknown(struct process_entry *p,
								 const struct walk *w)
{
	uint64_t now = w->record.time_ns;
	struct unknown_record r = {
		.type = RECORD_UNKNOWN,
		.tgid = w->record.tgid,
		.pc = w->pc,
	};

	if (now - p->unknown_ns < UNKNOWN_INTERVAL_NS)
		return;
	p->unknown_ns = now;
	bpf_ringbuf_output(&ring, &r, sizeof(r), BPF_RB_FORCE_WAKEUP);
}

static __attribute__((always_inline)) inline void hash_word(struct walk *w, uint64_t value)
{
	uint64_t h0 = (w->record.key.hash[0] ^ value) * 0xff51afd7ed558ccdull;
	uint64_t h1 = (w->record.key.hash[1] + value) * 0xc4ceb9fe1a85ec53ull;

	w->record.key.hash[0] = h0 ^ h0 >> 33;
	w->record.key.hash[1] = h1 ^ h1 >> 31;
}

/*
 * An address may have other code later, and where runtimes tell when (jitdump), stacks through it
 * are counted apart for each stretch of time: 16 ms at first, longer as their number grows.
 */
static __attribute__((always_inline)) inline uint64_t jit_stretch(const struct walk *w)
{
	uint64_t age = w->record.time_ns - w->jit_timed_ns;

	if (!w->met_jit || !w->jit_timed_ns)
		return 0;
	if (!(age >> 33))
		return w->record.time_ns >> 24;
	if (!(age >> 36))
		return w->record.time_ns >> 27;
	return w->record.time_ns >> (age >> 39 ? 33 : 30);
}

/* Everything that tells two stacks apart besides their user frames, which walk_push() hashed. */
static __attribute__((always_inline)) inline void hash_header(struct walk *w)
{
	const uint64_t *comm = (const uint64_t *)w->record.comm;

	hash_word(w, (uint64_t)w->record.tgid << 32 | w->record.tid);
	hash_word(w, (uint64_t)w->record.generation << 32 | w->record.stop);
	hash_word(w, (uint64_t)w->record.probe << 32 | w->record.execs);
	hash_word(w, w->record.lesson);
	hash_word(w, jit_stretch(w));
	hash_word(w, comm[0]);
	hash_word(w, comm[1]);
}

#define HASH_RUN 16

/* Two short loops, as in the walk: one of 127 rounds costs 2,000 verified instructions more. */
__attribute__((noinline)) int hash_kernel_run(struct walk *w, uint32_t from)
{
	if (!w)
		return 0;
	for (uint32_t i = 0; i < HASH_RUN; i++) {
		if (from + i >= w->record.nr_kernel)
			break;
		hash_word(w, w->frame[(from + i) & (WALK_FRAME_SLOTS - 1)]);
	}
	return 0;
}

static __attribute__((always_inline)) inline void hash_kernel_frames(struct walk *w)
{
	for (uint32_t i = 0; i < CTRACE_MAX_KERNEL_FRAMES; i += HASH_RUN) {
		if (i >= w->record.nr_kernel)
			break;
		hash_kernel_run(w, i);
	}
}

/* User space looks at the ring every tick; waking it earlier pays only when the ring fills. */
static uint64_t wakeup_flags(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > CTRACE_RING_BYTES / 4
		       ? BPF_RB_FORCE_WAKEUP
		       : BPF_RB_NO_WAKEUP;
}

static int publish(struct walk *w, uint32_t type, uint32_t nr_frames)
{
	uint32_t size;

	w->record.type = type;
	if (nr_frames > CTRACE_MAX_FRAMES + CTRACE_MAX_KERNEL_FRAMES)
		nr_frames = CTRACE_MAX_FRAMES + CTRACE_MAX_KERNEL_FRAMES;
	size = sizeof(struct stack_record) + nr_frames * sizeof(uint64_t);
	return (int)bpf_ringbuf_output(&ring, &w->record, size, wakeup_flags());
}

/*
 * Frames first, count second: a stack that cannot be published is not counted, so that no count
 * is ever without frames; a race publishes twice, which user space takes as one.
 */
int count_stack(struct walk *w)
{
	uint32_t in_use = state.count_map;
	uint64_t weight, *total;
	struct stack_key key;
	void *map;

	if (!w)
		return -1;
	/* On the stack: a key inside the memory a global function was given is refused by 6.1. */
	key = w->record.key;
	map = bpf_map_lookup_elem(&counts, &in_use);
	if (!map)
		return -1;
	weight = w->record.weight;
	total = bpf_map_lookup_elem(map, &key);
	if (total) {
		__sync_fetch_and_add(total, weight);
		return 0;
	}
	w->record.weight = 0;
	if (publish(w, RECORD_STACK, w->record.nr_kernel + w->record.nr_user) < 0) {
		count_loss(LOSS_RING_FULL);
		return -1;
	}
	if (bpf_map_update_elem(map, &key, &weight, BPF_NOEXIST) == 0)
		return 0;
	total = bpf_map_lookup_elem(map, &key);
	if (total) {
		__sync_fetch_and_add(total, weight);
		return 0;
	}
	w->record.weight = weight;
	if (publish(w, RECORD_WEIGHT, 0) == 0)
		return 0;
	count_loss(LOSS_MAP_FULL);
	return -1;
}

/* A scratch slot out of [first, first + nr) nobody on this CPU is using.  NULL: all are. */
static __attribute__((always_inline)) inline struct walk *claim_scratch(uint32_t first, uint32_t nr,
									uint32_t **ret_claim)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t slot = first + i;
		uint32_t *claim = bpf_map_lookup_elem(&claims, &slot);

		if (claim && __sync_val_compare_and_swap(claim, 0, 1) == 0) {
			struct walk *w = bpf_map_lookup_elem(&scratch, &slot);

			if (w)
				w->scratch = slot;
			*ret_claim = claim;
			return w;
		}
	}
	return NULL;
}

/* The tables of the process's present image. */
static __attribute__((always_inline)) inline uint32_t assigned_slot(uint32_t tgid,
								    const struct process_entry *p)
{
	const struct slot_assignment *a = bpf_map_lookup_elem(&assignments, &tgid);

	return a && a->execs == p->execs ? a->slot : PROCESS_NO_SLOT;
}

static __attribute__((always_inline)) inline void fill_header(struct walk *w, uint32_t tgid,
							      uint32_t tid, uint32_t probe,
							      const struct process_entry *p)
{
	w->record.probe = probe;
	w->record.key.hash[0] = 0;
	w->record.key.hash[1] = 0;
	w->record.weight = 1;
	w->record.time_ns = bpf_ktime_get_ns();
	w->record.tgid = tgid;
	w->record.tid = config.per_thread ? tid : 0;
	w->record.generation = 0;
	w->record.slot = assigned_slot(tgid, p);
	w->record.nr_user = 0;
	w->record.nr_kernel = 0;
	w->record.execs = p->execs;
	w->record.lesson = 0;
	bpf_get_current_comm(w->record.comm, sizeof(w->record.comm));
	w->slot = w->record.slot;
	w->nr_guessed = 0;
	w->met_jit = 0;
	w->jit_timed_ns = 0;
	w->jit_registers = 0;
	w->returned = 0;
	w->doubt_ns = p->doubt_ns;
	w->in_doubt = 0;
}

static __attribute__((always_inline)) inline void count_sample(const struct walk *w, uint32_t stop)
{
	uint32_t slot = w->scratch;
	struct walk_counters *c = bpf_map_lookup_elem(&counters, &slot);

	if (!c || stop >= NR_UNWIND_STOPS)
		return;
	c->samples++;
	c->frames += w->record.nr_user;
	c->guessed_frames += w->nr_guessed;
	c->stops[stop]++;
}

/* Is there room under --events N?  Exact: every hit takes a number. */
static __attribute__((always_inline)) inline bool under_limit(void)
{
	if (!state.max_samples)
		return true;
	if (__sync_fetch_and_add(&state.nr_samples, 1) < state.max_samples)
		return true;
	state.enabled = 0;
	return false;
}

/* Mappings a walk may have to learn before it gets through: exe, libc, ld.so and one more. */
#define MAX_LESSONS 4

static __attribute__((always_inline)) inline uint32_t walk_and_learn(struct walk *w)
{
	uint32_t stop = STOP_INTERNAL;

	for (int i = 0; i <= MAX_LESSONS; i++) {
		stop = (uint32_t)walk_user(w);
		if (stop != STOP_NO_MAPPING && stop != STOP_NO_PROCESS)
			break;
		if (!learn_mapping(w->record.tgid, w->pc - !w->exact))
			break;
	}
	return stop;
}

/* What a probe's program wants of a sample. */
struct sample_wish {
	uint32_t first_scratch;
	uint32_t nr_scratch;
	bool kernel;	/* frames of the kernel */
	bool is_return; /* of a function: that one is the leaf */
};

/*
 * trace_uprobe.c leaves the function's address where its own output finds it, on all kernels;
 * bpf_get_func_ip() knows it since 6.7.
 */
static __attribute__((always_inline)) inline uint64_t returned_function(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct uprobe_dispatch_data *data = (void *)BPF_CORE_READ(task, utask, vaddr);

	return data ? BPF_CORE_READ(data, bp_addr) : 0;
}

static __attribute__((always_inline)) inline int take_sample(void *ctx,
							     const struct sample_wish wish)
{
	uint64_t id = current_pid_tgid();
	uint32_t tgid = (uint32_t)(id >> 32);
	struct process_entry *p;
	uint32_t *claim = NULL;
	struct walk *w;
	uint32_t stop = STOP_NO_USER;

	if (!state.enabled)
		return 0;
	p = bpf_map_lookup_elem(&processes, &tgid);
	if (!p || !under_limit())
		return 0;
	w = claim_scratch(wish.first_scratch, wish.nr_scratch, &claim);
	if (!w || !claim) {
		count_loss(LOSS_SCRATCH_BUSY);
		return 0;
	}
	fill_header(w, tgid, (uint32_t)id, (uint32_t)bpf_get_attach_cookie(ctx), p);
	w->in_kernel = wish.kernel;
	if (wish.is_return)
		w->returned = returned_function();
	if (wish.kernel && config.want_kernel) {
		long bytes = bpf_get_stack(ctx, w->frame, STACK_BYTES, 0);

		if (bytes > 0)
			w->record.nr_kernel = (uint16_t)(bytes / sizeof(uint64_t));
	}
	if (config.want_user)
		stop = walk_and_learn(w);
	hash_kernel_frames(w);
	w->record.stop = stop;
	if (stop == STOP_NO_MAPPING || w->in_doubt || (stop == STOP_JIT_FRAME && w->jit_registers))
		report_unknown(p, w);
	hash_header(w);
	if (count_stack(w) == 0)
		count_sample(w, stop);
	*claim = 0;
	return 0;
}

static const struct sample_wish of_kernel_probe = {SCRATCH_KERNEL_PROBE, 1, true, false};
static const struct sample_wish of_uprobe = {SCRATCH_UPROBE, NR_SCRATCH - SCRATCH_UPROBE, false,
					     false};
static const struct sample_wish of_uretprobe = {SCRATCH_UPROBE, NR_SCRATCH - SCRATCH_UPROBE, false,
						true};

SEC("perf_event")
int sample_perf_event(struct perf_event_context *ctx)
{
	struct sample_wish wish = {
		.first_scratch = SCRATCH_PERF_EVENT,
		.nr_scratch = 1,
		.kernel = (ctx->regs.cs & 3) == 0,
	};

	return take_sample(ctx, wish);
}

SEC("kprobe")
int sample_uprobe(void *ctx)
{
	return take_sample(ctx, of_uprobe);
}

SEC("kprobe")
int sample_uretprobe(void *ctx)
{
	return take_sample(ctx, of_uretprobe);
}

SEC("kprobe")
int sample_kprobe(void *ctx)
{
	return take_sample(ctx, of_kernel_probe);
}

SEC("tracepoint")
int sample_tracepoint(void *ctx)
{
	return take_sample(ctx, of_kernel_probe);
}

SEC("fentry")
int sample_fentry(void *ctx)
{
	return take_sample(ctx, of_kernel_probe);
}
