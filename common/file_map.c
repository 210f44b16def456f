/* SPDX-License-Identifier: MIT */
#include "common/file_map.h"

#include "common/alloc.h"
#include "common/cleanup.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE_BYTES ((size_t)4096) /* on x86-64 */

/*
 * Never freed but used again: the handler may be reading the list on another thread.  @start is 0
 * in one that is free, and is written last and taken away first.
 */
struct file_map {
	struct file_map *next; /* set before it is in the list */
	_Atomic uintptr_t start;
	_Atomic size_t size; /* of the file's part, in whole pages */
	atomic_bool torn;
};

static struct {
	_Atomic(struct file_map *) first;
	pthread_mutex_t lock; /* between those who add and take away */
} maps = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct file_map *find_map(uintptr_t addr)
{
	struct file_map *map = atomic_load(&maps.first);

	for (; map; map = map->next) {
		uintptr_t start = atomic_load(&map->start);

		if (start && addr >= start && addr - start < atomic_load(&map->size))
			return map;
	}
	return NULL;
}

/*
 * A file that was cut off lacks all that follows, which is replaced at once: a page at a time, the
 * rest of a large one would take seconds.
 */
static bool fill_with_zeros(struct file_map *map, uintptr_t addr)
{
	uintptr_t page = addr & ~(PAGE_BYTES - 1);
	uintptr_t end = atomic_load(&map->start) + atomic_load(&map->size);

	atomic_store(&map->torn, true);
	return mmap((void *)page, end - page, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	struct file_map *map = find_map((uintptr_t)info->si_addr);

	(void)context;
	/* Sent by somebody, or no business of ours: the instruction faults again, and that ends us.
	 */
	if (info->si_code <= 0 || !map || !fill_with_zeros(map, (uintptr_t)info->si_addr))
		signal(number, SIG_DFL);
	errno = saved;
}

/* Every time: whoever set another one meanwhile did not know of us. */
static void install_handler(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(SIGBUS, &action, NULL);
}

/* A free one, or a new one in the list. */
static struct file_map *take_entry(void)
{
	struct file_map *map = atomic_load(&maps.first);

	while (map && atomic_load(&map->start))
		map = map->next;
	if (map)
		return map;
	map = xcalloc(1, sizeof(*map));
	map->next = atomic_load(&maps.first);
	atomic_store(&maps.first, map);
	return map;
}

/*
 * The page behind stays empty: whoever finds the end of a string and has it overwritten meanwhile
 * gets there at the worst.
 */
static void *map_file(int fd, size_t size)
{
	void *room = mmap(NULL, size + PAGE_BYTES, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return NULL;
	if (mmap(room, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
		int saved = errno;

		munmap(room, size + PAGE_BYTES);
		errno = saved;
		return NULL;
	}
	return room;
}

int file_map_new(int fd, size_t size, struct file_map **ret_map)
{
	struct file_map *map;
	size_t whole;
	void *data;

	if (size == 0 || __builtin_add_overflow(size, PAGE_BYTES - 1, &whole))
		return -EINVAL;
	whole &= ~(PAGE_BYTES - 1);
	data = map_file(fd, whole);
	if (!data)
		return -errno;
	install_handler();
	pthread_mutex_lock(&maps.lock);
	map = take_entry();
	atomic_store(&map->size, whole);
	atomic_store(&map->torn, false);
	atomic_store(&map->start, (uintptr_t)data);
	pthread_mutex_unlock(&maps.lock);
	*ret_map = map;
	return 0;
}

void file_map_free(struct file_map *map)
{
	uintptr_t start;
	size_t size;

	if (!map)
		return;
	pthread_mutex_lock(&maps.lock);
	start = atomic_load(&map->start);
	size = atomic_load(&map->size);
	/* Before the addresses may become somebody else's. */
	atomic_store(&map->start, 0);
	munmap((void *)start, size + PAGE_BYTES);
	pthread_mutex_unlock(&maps.lock);
}

const void *file_map_data(const struct file_map *map)
{
	return (const void *)atomic_load(&map->start);
}

bool file_map_is_torn(const struct file_map *map)
{
	return atomic_load(&map->torn);
}
