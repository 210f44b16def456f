/* SPDX-License-Identifier: MIT */
/*
 * The object files mapped by the processes we follow, each once: opened through the process that
 * maps it (so deleted files, memfds and containers work), identified, and with its unwind table
 * in the kernel.  Knows files and tables; which process maps what is process_set's.
 */
#ifndef CTRACE_LOADER_OBJECT_SET_H
#define CTRACE_LOADER_OBJECT_SET_H

#include "common/cleanup.h"
#include "common/frame.h"
#include "loader/table_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum object_kind {
	OBJECT_ELF,
	OBJECT_VDSO,
	OBJECT_JIT,	/* executable memory that is no ELF file */
	OBJECT_UPROBES, /* the kernel's trampoline page */
	OBJECT_OPAQUE,	/* a file that could not be read as an ELF object */
};

struct elf_image;
struct jit_facts;

struct object_segment {
	uint64_t off, file_size, vaddr;
	bool exec;
};

struct object {
	enum object_kind kind;
	char *path;	  /* as the process sees it */
	const char *root; /* its root directory when that is not ours; or NULL */
	int root_fd;	  /* the same, open; or -1.  Borrowed */
	int fd;		  /* the file itself, for those who come to read it later; or -1 */
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	uint64_t file_size;
	struct build_id build_id;
	struct object_segment *segments;
	size_t nr_segments;
	struct table_slice *slices;
	size_t nr_slices;
	uint64_t text_begin, text_end; /* vaddrs of executable segments */
	void *vdso_image;	       /* OBJECT_VDSO: a copy of its memory */
	size_t vdso_size;
	struct jit_facts *jit; /* jit_facts_of() fills them in when asked */
	uint32_t id;	       /* 0, 1, 2 ... in order of first sight */
};

/* Where an object is seen: one executable mapping. */
struct object_mapping {
	pid_t pid;
	uint64_t start, end, off;
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	const char *path; /* "" and names in [] as /proc/PID/maps has them */
};

struct object_stats {
	uint64_t objects; /* with a table */
	uint64_t cfi_rows, rows, bytes, unsupported_rows;
	uint64_t build_ns, publish_ns, cached;
};

struct object_set;

struct object_set *object_set_new(void);
void object_set_free(struct object_set *set);
DEFINE_CLEANUP(struct object_set *, object_set_free);

/*
 * Objects seen from now on, and those seen so far, get their tables published to @store, and can
 * be found by their file through the map @objects_fd (borrowed; -1: none).
 */
void object_set_publish_to(struct object_set *set, struct table_store *store, int objects_fd);

/* The object behind @mapping if it was seen before, or NULL.  Reads nothing. */
struct object *object_set_find(struct object_set *set, const struct object_mapping *mapping);
/*
 * The object behind @mapping, opened and its table built at first sight.  Never NULL: a file that
 * cannot be used is an OBJECT_OPAQUE, said once under -v.
 */
struct object *object_set_get(struct object_set *set, const struct object_mapping *mapping);

/*
 * Code that is in no file: an object with the table of @image's CFI alone, found only by whoever
 * keeps it.  @image may be closed afterwards; NULL if it has no CFI.
 */
const struct object *object_set_add_code(struct object_set *set, struct elf_image *image);

/* The object of that path, root (or NULL) and build-id, or NULL. */
const struct object *object_set_match(const struct object_set *set, const char *path,
				      const char *root, const struct build_id *id);

/* Calls @fn for every object; a positive return ends it, and is returned. */
int object_set_each(const struct object_set *set, int (*fn)(const struct object *object, void *arg),
		    void *arg);

/* Runtime address minus vaddr for a mapping of @object that begins at @start, file offset @off. */
uint64_t object_bias(const struct object *object, uint64_t start, uint64_t off);

void object_set_stats(const struct object_set *set, struct object_stats *ret_stats);

#endif
