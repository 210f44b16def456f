/* SPDX-License-Identifier: MIT */
#include "loader/code_images.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "loader/jit_image.h"
#include "loader/object_set.h"
#include "loader/process_set.h"
#include "loader/runtime_facts.h"
#include "symbolize/symtab.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 4    /* of one process: libraries may each have their own */
#define MAX_IMAGES	4096 /* ever registered by one process */
#define MAX_LIVE	512  /* of them at once: each takes a range or two of the mapping table */
#define MAX_IMAGE_BYTES (16u << 20)
#define MAX_ALL_BYTES	((uint64_t)256 << 20)
#define MAX_ALL_TEXT	((uint64_t)2 << 30) /* a table has 4 bytes a KiB of it */
#define DIGEST_BYTES	65536

/* As debuggers read them (GDB's manual, "JIT Interface"). */
struct jit_descriptor {
	uint32_t version;
	uint32_t action;
	uint64_t relevant;
	uint64_t first;
};

struct jit_entry {
	uint64_t next, previous;
	uint64_t file, size;
};

struct code_image {
	uint32_t execs;
	bool is_live;
	bool is_seen; /* in the look that is under way */
	struct jit_entry entry;
	uint64_t digest; /* of the file, or its end, where the addresses of its sections are */
	struct jit_image image;
	struct symtab *symtab;
	const struct object *object;
};

struct code_images {
	uint32_t execs; /* the image descriptors are of */
	uint64_t descriptors[MAX_DESCRIPTORS];
	struct jit_descriptor last[MAX_DESCRIPTORS]; /* what they said */
	size_t nr_descriptors;
	size_t nr_mappings; /* of the process when descriptors were looked for */
	struct code_image *images;
	size_t nr, cap;
	uint64_t bytes, text_bytes;
	bool is_full;
};

struct look {
	struct code_images *images;
	const struct process *process;
	struct object_set *objects;
	int mem;
	bool surely;
	bool changed;
};

static bool read_memory(int mem, uint64_t addr, void *to, size_t size)
{
	return addr <= INT64_MAX && pread(mem, to, size, (off_t)addr) == (ssize_t)size;
}

/* Libraries come and go: looked for again when the process maps more. */
static void find_descriptors(struct code_images *c, const struct process *p)
{
	if (c->execs == p->execs && c->nr_mappings == p->nr_mappings)
		return;
	c->execs = p->execs;
	c->nr_mappings = p->nr_mappings;
	c->nr_descriptors = 0;
	memset(c->last, 0, sizeof(c->last));
	for (size_t i = 0; i < p->nr_mappings; i++) {
		const struct process_mapping *m = &p->mappings[i];
		uint64_t addr;
		size_t j = 0;

		if (m->execs != p->execs || m->gen_end || m->object->kind != OBJECT_ELF ||
		    !jit_facts_of(m->object)->descriptor)
			continue;
		addr = jit_facts_of(m->object)->descriptor + m->bias;
		while (j < c->nr_descriptors && c->descriptors[j] != addr)
			j++;
		if (j == c->nr_descriptors && j < MAX_DESCRIPTORS)
			c->descriptors[c->nr_descriptors++] = addr;
	}
}

static uint64_t digest_end(int mem, const struct jit_entry *entry)
{
	_cleanup_free_ uint8_t *bytes = xcalloc(1, DIGEST_BYTES);
	size_t size = entry->size < DIGEST_BYTES ? (size_t)entry->size : DIGEST_BYTES;
	uint64_t digest = 0xcbf29ce484222325u;

	read_memory(mem, entry->file + entry->size - size, bytes, size);
	for (size_t i = 0; i < size; i++)
		digest = (digest ^ bytes[i]) * 0x100000001b3u;
	return digest;
}

static struct code_image *find_known(const struct look *look, const struct jit_entry *entry,
				     uint64_t digest)
{
	for (size_t i = 0; i < look->images->nr; i++) {
		struct code_image *image = &look->images->images[i];

		if (image->execs == look->process->execs && image->entry.file == entry->file &&
		    image->entry.size == entry->size && image->digest == digest)
			return image;
	}
	return NULL;
}

static void say_full(struct code_images *c, const struct process *p)
{
	if (!c->is_full)
		log_warning("process %d (%s) registers more code than is read (%u images, %llu MB):"
			    " its stacks are cut in what came last",
			    (int)p->pid, p->comm, MAX_IMAGES,
			    (unsigned long long)(MAX_ALL_BYTES >> 20));
	c->is_full = true;
}

static void add_image(struct look *look, const struct jit_entry *entry, uint64_t digest)
{
	struct code_images *c = look->images;
	struct code_image new = {
		.execs = look->process->execs,
		.is_live = true,
		.is_seen = true,
		.entry = *entry,
		.digest = digest,
	};
	_cleanup_free_ uint8_t *bytes = NULL;
	int err;

	if (entry->size > MAX_IMAGE_BYTES || c->nr == MAX_IMAGES ||
	    c->bytes + entry->size > MAX_ALL_BYTES) {
		say_full(c, look->process);
		return;
	}
	bytes = xmalloc((size_t)entry->size + 1);
	if (!read_memory(look->mem, entry->file, bytes, (size_t)entry->size))
		return;
	err = jit_image_make(bytes, (size_t)entry->size, &new.image);
	if (err == 0)
		c->text_bytes += new.image.text_end - new.image.text_begin;
	if (c->text_bytes > MAX_ALL_TEXT) {
		say_full(c, look->process);
	} else if (err == 0) {
		symtab_new(new.image.elf, NULL, &new.symtab);
		new.object = object_set_add_code(look->objects, new.image.elf);
	} else {
		log_debug("image registered at %llx of process %d is none: %s",
			  (unsigned long long)entry->file, (int)look->process->pid, strerror(-err));
	}
	c->bytes += entry->size;
	GROW_ARRAY(c->images, c->nr, c->cap);
	c->images[c->nr++] = new;
	look->changed = look->changed || new.object;
}

/* The entries on the list of a descriptor that says @d. */
static void read_list(struct look *look, const struct jit_descriptor *d)
{
	struct jit_entry entry;
	size_t nr = 0;

	for (uint64_t at = d->first; at && nr < MAX_LIVE; at = entry.next, nr++) {
		struct code_image *known;
		uint64_t digest;

		if (!read_memory(look->mem, at, &entry, sizeof(entry)))
			return;
		if (!entry.size || entry.file > INT64_MAX - entry.size)
			continue;
		digest = digest_end(look->mem, &entry);
		known = find_known(look, &entry, digest);
		if (!known) {
			add_image(look, &entry, digest);
			continue;
		}
		look->changed = look->changed || !known->is_live;
		known->is_live = true;
		known->is_seen = true;
	}
}

/* What is registered no longer lies there no longer. */
static void drop_unseen(struct look *look)
{
	for (size_t i = 0; i < look->images->nr; i++) {
		struct code_image *image = &look->images->images[i];

		look->changed = look->changed || (image->is_live && !image->is_seen);
		image->is_live = image->is_seen;
	}
}

/* Reads what the descriptors say.  Is it worth reading their lists? */
static bool read_descriptors(const struct look *look, struct jit_descriptor *d)
{
	struct code_images *c = look->images;
	size_t size = c->nr_descriptors * sizeof(*d);
	bool changed;

	for (size_t i = 0; i < c->nr_descriptors; i++)
		if (!read_memory(look->mem, c->descriptors[i], &d[i], sizeof(*d)) ||
		    d[i].version != 1)
			d[i].first = 0;
	changed = memcmp(d, c->last, size) != 0;
	memcpy(c->last, d, size);
	return changed || look->surely;
}

bool code_images_look(struct code_images **images, const struct process *p,
		      struct object_set *objects, bool surely)
{
	struct look look = {.process = p, .objects = objects, .surely = surely};
	struct jit_descriptor descriptors[MAX_DESCRIPTORS] = {};
	_cleanup_close_ int mem = -1;
	char path[64];

	if (!*images)
		*images = xcalloc(1, sizeof(**images));
	look.images = *images;
	find_descriptors(look.images, p);
	if (!look.images->nr_descriptors)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)p->pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	if (mem < 0)
		return false;
	look.mem = mem;
	if (!read_descriptors(&look, descriptors))
		return false;
	for (size_t i = 0; i < look.images->nr; i++)
		look.images->images[i].is_seen = false;
	for (size_t i = 0; i < look.images->nr_descriptors; i++)
		read_list(&look, &descriptors[i]);
	drop_unseen(&look);
	return look.changed;
}

void code_images_free(struct code_images *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nr; i++) {
		symtab_free(c->images[i].symtab);
		jit_image_release(&c->images[i].image);
	}
	free(c->images);
	free(c);
}

static int compare_images(const void *a, const void *b)
{
	const struct code_image *const *x = a, *const *y = b;

	if ((*x)->image.text_begin != (*y)->image.text_begin)
		return (*x)->image.text_begin < (*y)->image.text_begin ? -1 : 1;
	return 0;
}

void code_images_each(const struct code_images *c, uint32_t execs,
		      void (*fn)(uint64_t start, uint64_t end, const struct object *object,
				 void *arg),
		      void *arg)
{
	const struct code_image *live[MAX_LIVE];
	uint64_t at = 0;
	size_t nr = 0;

	for (size_t i = 0; c && i < c->nr && nr < MAX_LIVE; i++)
		if (c->images[i].execs == execs && c->images[i].is_live && c->images[i].object)
			live[nr++] = &c->images[i];
	if (nr)
		qsort(live, nr, sizeof(*live), compare_images);
	for (size_t i = 0; i < nr; i++) {
		const struct jit_image *image = &live[i]->image;

		if (image->text_begin < at)
			continue;
		fn(image->text_begin, image->text_end, live[i]->object, arg);
		at = image->text_end;
	}
}

bool code_images_exist(const struct code_images *c, uint32_t execs)
{
	return c && c->execs == execs && c->nr_descriptors;
}

const char *code_images_find(const struct code_images *c, uint32_t execs, uint64_t addr)
{
	for (size_t i = c ? c->nr : 0; i-- > 0;) {
		const struct code_image *image = &c->images[i];
		const struct symbol *symbol = NULL;

		if (image->execs == execs && image->symtab && addr >= image->image.text_begin &&
		    addr < image->image.text_end)
			symbol = symtab_find(image->symtab, addr);
		if (symbol)
			return symbol->name;
	}
	return NULL;
}
