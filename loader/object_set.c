/* SPDX-License-Identifier: MIT */
#include "loader/object_set.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/hash_table.h"
#include "common/log.h"
#include "loader/object_file.h"
#include "loader/root_set.h"
#include "loader/runtime_facts.h"
#include "loader/time.h"
#include "unwind/table.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is built faster than this is not worth a file in the cache. */
#define CACHE_MIN_BUILD_NS 4000000
#define CACHE_MIN_FILE	   (2u << 20)
/* Whoever waits as long is told: code without CFI (chromium) takes 2 s to follow, once. */
#define SLOW_TABLE_NS 700000000u
/* Nothing real takes as long, even on a machine that has other things to do. */
#define MAX_TABLE_NS ((uint64_t)60 * 1000000000)

/* The path too: inode numbers are given again when a file is deleted. */
struct identity {
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	char path[]; /* without NUL */
};

struct object_entry {
	struct object object;
	struct unwind_table *pending; /* built before there was a store */
	struct identity *key;
	UT_hash_handle hh;
};

struct object_set {
	struct object_entry *entries;
	struct table_store *store;
	int objects_fd;
	struct object_stats stats;
	struct root_set *roots;
	rlim_t nr_fds, max_fds; /* of files kept open */
	uint32_t nr;
};

struct object_set *object_set_new(void)
{
	struct object_set *set = xcalloc(1, sizeof(*set));
	struct rlimit limit;

	set->roots = root_set_new();
	/* The rest is for probes, rings and maps. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		set->max_fds = limit.rlim_cur / 2;
	return set;
}

static void free_entry(struct object_entry *e)
{
	unwind_table_free(e->pending);
	free(e->object.path);
	if (e->object.fd >= 0)
		close(e->object.fd);
	free(e->object.segments);
	free(e->object.slices);
	free(e->object.vdso_image);
	free(e->object.jit);
	free(e->key);
	free(e);
}

void object_set_free(struct object_set *set)
{
	struct object_entry *e, *next;

	if (!set)
		return;
	HASH_ITER (hh, set->entries, e, next) {
		HASH_DEL(set->entries, e);
		free_entry(e);
	}
	root_set_free(set->roots);
	free(set);
}

static struct identity *make_key(const struct object_mapping *m, size_t *ret_size)
{
	size_t len = strlen(m->path);
	struct identity *key = xcalloc(1, sizeof(*key) + len);

	key->dev_major = m->dev_major;
	key->dev_minor = m->dev_minor;
	key->inode = m->inode;
	memcpy(key->path, m->path, len);
	*ret_size = sizeof(*key) + len;
	return key;
}

struct object *object_set_find(struct object_set *set, const struct object_mapping *m)
{
	struct object_entry *e;
	size_t size;
	_cleanup_free_ struct identity *key = make_key(m, &size);

	HASH_FIND(hh, set->entries, key, size, e);
	return e ? &e->object : NULL;
}

static void add_range(struct object_ranges *ranges, const struct object_segment *seg,
		      const struct table_slice *slice)
{
	/* A segment's first and last page are mapped whole. */
	uint64_t begin = seg->vaddr - (seg->off & 4095), end = seg->vaddr + seg->file_size;
	struct object_range *r = &ranges->range[ranges->nr];

	end = (end + 4095) & ~(uint64_t)4095;
	if (begin < slice->vaddr_begin)
		begin = slice->vaddr_begin;
	if (end > slice->vaddr_end)
		end = slice->vaddr_end;
	if (!seg->exec || begin >= end)
		return;
	*r = (struct object_range){
		.off_begin = begin - seg->vaddr + seg->off,
		.off_end = end - seg->vaddr + seg->off,
		.delta = seg->vaddr - seg->off,
		.blob = slice->blob,
		.index_base = slice->index_base,
	};
	ranges->nr++;
}

/* Lets the walk find the table by file before a process's own mappings are known. */
static void publish_ranges(const struct object_set *set, const struct object *o)
{
	struct object_key key = {.inode = o->inode, .dev = o->dev_major << 20 | o->dev_minor};
	struct object_ranges ranges = {};

	if (set->objects_fd < 0 || !o->inode)
		return;
	for (size_t i = 0; i < o->nr_segments; i++)
		for (size_t j = 0; j < o->nr_slices; j++) {
			if (ranges.nr == CTRACE_MAX_OBJECT_RANGES)
				return;
			add_range(&ranges, &o->segments[i], &o->slices[j]);
		}
	if (bpf_map_update_elem(set->objects_fd, &key, &ranges, BPF_ANY) < 0)
		log_debug("'%s' cannot be found by file: %s", o->path, strerror(errno));
}

static void publish(struct object_set *set, struct object_entry *e, const struct unwind_table *t)
{
	uint64_t began = time_now_ns(), lost = 0;
	int err = table_store_add(set->store, t, &e->object.slices, &e->object.nr_slices, &lost);

	set->stats.publish_ns += time_now_ns() - began;
	if (err == 0)
		publish_ranges(set, &e->object);
	if (err < 0)
		log_warning("no room for the unwind table of '%s' (%s): its stacks will be cut",
			    e->object.path, strerror(-err));
	if (lost)
		log_warning("the space of %u unwind rules is full: %llu rules of '%s' are lost",
			    CTRACE_MAX_RULES, (unsigned long long)lost, e->object.path);
}

void object_set_publish_to(struct object_set *set, struct table_store *store, int objects_fd)
{
	struct object_entry *e, *next;

	set->store = store;
	set->objects_fd = objects_fd;
	HASH_ITER (hh, set->entries, e, next) {
		if (!e->pending)
			continue;
		publish(set, e, e->pending);
		unwind_table_free(e->pending);
		e->pending = NULL;
	}
}

static void count_table(struct object_set *set, const struct unwind_table *t)
{
	set->stats.objects++;
	set->stats.cfi_rows += t->stats.cfi_rows;
	set->stats.rows += t->stats.rows;
	set->stats.bytes += t->stats.bytes;
	for (int i = 0; i < NR_UNWIND_NONE; i++)
		if (i >= NONE_INEXPRESSIBLE)
			set->stats.unsupported_rows += t->stats.none[i];
}

/* Ctrl-C and the like, which the main loop blocks and reads later: a table is not worth the wait.
 */
static bool is_stop_wanted(const void *deadline)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t pending;

	if (time_now_ns() > *(const uint64_t *)deadline)
		return true;
	sigpending(&pending);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigismember(&pending, signals[i]))
			return true;
	return false;
}

/* From the cache when it is worth it and there, else built (and kept for the next run). */
static int get_table(struct object_set *set, const struct object *o, struct elf_image *image,
		     struct unwind_table **ret_table)
{
	const uint64_t deadline = time_now_ns() + MAX_TABLE_NS;
	struct unwind_options options = {
		.should_stop = is_stop_wanted,
		.stop_arg = &deadline,
		.no_ramps = set->store && !table_store_has_room(set->store, CTRACE_MAX_RULES / 16),
	};
	struct build_id key = {};
	int err;

	if (o->file_size >= CACHE_MIN_FILE && !options.no_ramps)
		key = unwind_cache_key(image);
	if (key.size && unwind_cache_load(&key, ret_table) == 0) {
		set->stats.cached++;
		return 0;
	}
	err = unwind_table_build(image, &options, ret_table);
	if (err == 0 && key.size && (*ret_table)->stats.build_ns >= CACHE_MIN_BUILD_NS &&
	    !elf_image_has_changed(image, o->fd)) {
		int stored = unwind_cache_store(&key, *ret_table);

		if (stored < 0)
			log_debug("table of '%s' not cached: %s", o->path, strerror(-stored));
	}
	return err;
}

static void build(struct object_set *set, struct object_entry *e, struct elf_image *image)
{
	_cleanup_(unwind_table_freep) struct unwind_table *table = NULL;
	uint64_t began = time_now_ns(), took;
	int err = get_table(set, &e->object, image, &table);

	took = time_now_ns() - began;
	set->stats.build_ns += took;
	if (!elf_image_is_whole(image))
		log_warning("'%s' is nearly all holes: only a part of it was read", e->object.path);
	if (elf_image_is_torn(image))
		log_warning("'%s' was cut off while it was read: its stacks may be cut, its names "
			    "missing",
			    e->object.path);
	if (err == -ECANCELED)
		log_warning("gave up reading '%s' after %.1f s: its stacks will be cut",
			    e->object.path, (double)took / 1e9);
	if (err < 0) {
		log_verbose("no unwind table for '%s': %s", e->object.path, strerror(-err));
		return;
	}
	log_verbose("unwind table of '%s': %llu CFI rows, %u rows, %llu bytes, %.1f ms",
		    e->object.path, (unsigned long long)table->stats.cfi_rows, table->nr_rows,
		    (unsigned long long)table->stats.bytes, (double)took / 1e6);
	if (took > SLOW_TABLE_NS)
		log_info("'%s' took %.1f s to read; the next recording has it from the cache",
			 e->object.path, (double)took / 1e9);
	count_table(set, table);
	if (set->store)
		publish(set, e, table);
	else
		e->pending = TAKE_PTR(table);
}

/* Keeps the file for whoever names its functions at the end, when it may be deleted. */
static void keep_file(struct object_set *set, struct object *o)
{
	if (o->fd < 0)
		return;
	if (set->nr_fds++ < set->max_fds)
		return;
	close(o->fd);
	o->fd = -1;
}

struct object *object_set_get(struct object_set *set, const struct object_mapping *m)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	struct object *found = object_set_find(set, m);
	struct process_root root;
	struct object_entry *e;
	size_t size;
	int err;

	if (found)
		return found;
	e = xcalloc(1, sizeof(*e));
	e->key = make_key(m, &size);
	e->object.id = set->nr++;
	e->object.jit = xcalloc(1, sizeof(*e->object.jit));
	root = root_set_get(set->roots, m->pid);
	e->object.root = root.path;
	e->object.root_fd = root.fd;
	err = object_file_open(m, &e->object, &image);
	if (err < 0)
		log_verbose("cannot read '%s' of process %d: %s", m->path, (int)m->pid,
			    strerror(-err));
	keep_file(set, &e->object);
	if (image)
		build(set, e, image);
	HASH_ADD_KEYPTR(hh, set->entries, e->key, size, e);
	return &e->object;
}

const struct object *object_set_add_code(struct object_set *set, struct elf_image *image)
{
	_cleanup_(unwind_table_freep) struct unwind_table *table = NULL;
	const struct unwind_options options = {.cfi_only = true, .no_text = true};
	const struct object_mapping nowhere = {
		.inode = set->nr, .dev_major = UINT32_MAX, .path = ""};
	struct object_entry *e;
	size_t size;

	if (unwind_table_build(image, &options, &table) < 0)
		return NULL;
	e = xcalloc(1, sizeof(*e));
	e->key = make_key(&nowhere, &size);
	e->object.id = set->nr++;
	e->object.kind = OBJECT_JIT;
	e->object.path = xstrdup("");
	e->object.fd = -1;
	e->object.root_fd = -1;
	e->object.jit = xcalloc(1, sizeof(*e->object.jit));
	count_table(set, table);
	if (set->store)
		publish(set, e, table);
	else
		e->pending = TAKE_PTR(table);
	HASH_ADD_KEYPTR(hh, set->entries, e->key, size, e);
	return &e->object;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

const struct object *object_set_match(const struct object_set *set, const char *path,
				      const char *root, const struct build_id *id)
{
	const struct object_entry *e, *next;

	HASH_ITER (hh, set->entries, e, next)
		if (is_same_text(e->object.path, path) && is_same_text(e->object.root, root) &&
		    build_id_equal(&e->object.build_id, id))
			return &e->object;
	return NULL;
}

int object_set_each(const struct object_set *set, int (*fn)(const struct object *object, void *arg),
		    void *arg)
{
	const struct object_entry *e, *next;

	HASH_ITER (hh, set->entries, e, next) {
		int ret = fn(&e->object, arg);

		if (ret > 0)
			return ret;
	}
	return 0;
}

uint64_t object_bias(const struct object *o, uint64_t start, uint64_t off)
{
	const struct object_segment *best = NULL;

	/* Mappings begin on pages, segments anywhere in their first one. */
	for (size_t i = 0; i < o->nr_segments; i++) {
		const struct object_segment *s = &o->segments[i];

		if (off < (s->off & ~(uint64_t)4095) || off >= s->off + s->file_size)
			continue;
		if (!best || (s->exec && !best->exec))
			best = s;
	}
	return best ? start - (best->vaddr + off - best->off) : start - off;
}

void object_set_stats(const struct object_set *set, struct object_stats *ret_stats)
{
	*ret_stats = set->stats;
}
