/* SPDX-License-Identifier: MIT */
#include "loader/map_pool.h"

#include "common/alloc.h"
#include "loader/quiet_thread.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_BATCH 16

struct map_pool {
	struct map_pool_options options;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void **values;	/* mapped, by key */
	uint32_t ready; /* made */
	uint32_t taken; /* handed out; the next one is values[taken] */
	int err;	/* why the thread gave up */
	bool started, stopping;
};

static int make_map(const struct map_pool *p, int *ret_fd, void **ret_value)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	_cleanup_close_ int fd = -1;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *value;

	if (p->options.outer_fd >= 0) {
		fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, p->options.name, sizeof(uint32_t),
				    (uint32_t)p->options.value_size, 1, &opts);
		if (fd < 0)
			return -errno;
		flags = MAP_SHARED | MAP_POPULATE;
	}
	value = mmap(NULL, p->options.value_size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (value == MAP_FAILED)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	*ret_value = value;
	return 0;
}

/* Makes @nr maps and puts them in their places with one grace period for all. */
static int make_batch(const struct map_pool *p, uint32_t first, uint32_t nr)
{
	uint32_t keys[MAX_BATCH], done = nr;
	int fds[MAX_BATCH], err = 0;
	uint32_t made = 0;

	while (made < nr && err == 0) {
		keys[made] = first + made;
		err = make_map(p, &fds[made], &p->values[first + made]);
		made += err == 0;
	}
	if (err == 0 && p->options.outer_fd >= 0 &&
	    bpf_map_update_batch(p->options.outer_fd, keys, fds, &done, NULL) < 0)
		err = -errno;
	for (uint32_t i = 0; i < made; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		if (err < 0)
			munmap(p->values[first + i], p->options.value_size);
	}
	return err;
}

static uint32_t missing(const struct map_pool *p)
{
	uint32_t want = p->taken + p->options.spares;

	if (want > p->options.capacity)
		want = p->options.capacity;
	if (want <= p->ready)
		return 0;
	want -= p->ready;
	return want < MAX_BATCH ? want : MAX_BATCH;
}

static void *keep_ready(void *arg)
{
	struct map_pool *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->stopping && !p->err) {
		uint32_t nr = missing(p), first = p->ready;
		int err;

		if (!nr) {
			pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		err = make_batch(p, first, nr);
		pthread_mutex_lock(&p->lock);
		if (err == 0)
			p->ready += nr;
		p->err = err;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int map_pool_new(const struct map_pool_options *options, struct map_pool **ret_pool)
{
	struct map_pool *p = xcalloc(1, sizeof(*p));

	p->options = *options;
	p->values = xcalloc(options->capacity, sizeof(*p->values));
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	p->started = quiet_thread_create(&p->thread, keep_ready, p) == 0;
	if (!p->started) {
		map_pool_free(p);
		return -EAGAIN;
	}
	*ret_pool = p;
	return 0;
}

void map_pool_free(struct map_pool *p)
{
	if (!p)
		return;
	if (p->started) {
		pthread_mutex_lock(&p->lock);
		p->stopping = true;
		pthread_cond_broadcast(&p->changed);
		pthread_mutex_unlock(&p->lock);
		pthread_join(p->thread, NULL);
	}
	for (uint32_t i = 0; i < p->ready; i++)
		munmap(p->values[i], p->options.value_size);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->changed);
	free(p->values);
	free(p);
}

int map_pool_take(struct map_pool *p, uint32_t *ret_key, void **ret_value)
{
	int err = 0;

	pthread_mutex_lock(&p->lock);
	while (p->taken == p->ready && !p->err && p->taken < p->options.capacity)
		pthread_cond_wait(&p->changed, &p->lock);
	if (p->taken < p->ready) {
		*ret_key = p->taken;
		*ret_value = p->values[p->taken++];
	} else {
		err = p->err ? p->err : -ENOSPC;
	}
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return err;
}

uint64_t map_pool_bytes(struct map_pool *p)
{
	uint64_t bytes;

	pthread_mutex_lock(&p->lock);
	bytes = (uint64_t)p->ready * p->options.value_size;
	pthread_mutex_unlock(&p->lock);
	return bytes;
}
