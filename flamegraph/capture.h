/* SPDX-License-Identifier: MIT */
/*
 * A recording as data: counted stacks of (object, address), the objects' identities, processes,
 * and the ledger of what was lost.  In memory, and as a .ctrace file (versioned, zstd).  Holds no
 * names but those nobody can look up later (kernel, JIT, vdso), which are embedded.
 * Knows no ELF, no BPF, no running process; reading one needs no rights.
 */
#ifndef CTRACE_FLAMEGRAPH_CAPTURE_H
#define CTRACE_FLAMEGRAPH_CAPTURE_H

#include "common/cleanup.h"
#include "common/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CAPTURE_VERSION	      2 /* 1 has no slices of time, and is still written without them */
#define CAPTURE_MAX_STACKS    ((uint64_t)1 << 28)
#define CAPTURE_MAX_FRAMES    1024 /* of one stack, user and kernel together */
#define CAPTURE_MAX_LOCATIONS ((uint64_t)1 << 28)
#define CAPTURE_MAX_OBJECTS   ((uint64_t)1 << 24)
#define CAPTURE_MAX_PROCESSES ((uint64_t)1 << 24)
#define CAPTURE_MAX_SYMBOLS   ((uint64_t)1 << 26) /* of one object */
#define CAPTURE_MAX_STRING    ((uint64_t)1 << 20) /* bytes of one; mangled names run long */
#define CAPTURE_MAX_LIST      ((uint64_t)1 << 22) /* arguments, probes, counters */

enum capture_object_kind {
	CAPTURE_OBJECT_ELF,    /* a file: path and build-id; addresses are ELF vaddrs */
	CAPTURE_OBJECT_KERNEL, /* addresses are runtime; names embedded */
	CAPTURE_OBJECT_JIT,  /* anonymous code of one process; runtime addresses; names embedded */
	CAPTURE_OBJECT_VDSO, /* ELF vaddrs; names embedded */
	CAPTURE_OBJECT_NONE, /* no mapping known: runtime addresses */
};

struct capture_symbol {
	uint64_t start;
	uint64_t size; /* 0 = up to the next one */
	const char *name;
	const char *module; /* kernel module, or NULL */
};

struct capture_object {
	enum capture_object_kind kind;
	const char *path; /* "" if none; as seen by the target */
	const char *root; /* the target's root if it is not "/"; or NULL */
	struct build_id build_id;
	uint64_t file_size;		/* identity of a file without build-id; 0 = unknown */
	struct capture_symbol *symbols; /* sorted by start */
	size_t nr_symbols;
};

struct capture_process {
	uint32_t pid;
	uint32_t parent; /* pid, 0 = unknown */
	uint64_t start_ns;
	const char *comm;
};

/* A place in code.  Equal locations have equal indices. */
struct capture_location {
	uint32_t object;
	bool is_return; /* a return address, to be looked up one byte earlier */
	bool guessed;
	bool kernel;
	uint64_t vaddr;
};

struct capture_stack {
	const char *comm;
	uint32_t process;	   /* index */
	uint32_t tid;		   /* 0 unless threads are told apart */
	uint32_t probe;		   /* index in capture_info.probes */
	uint32_t stop;		   /* index in capture_info.stops */
	uint32_t slice;		   /* of time, from the start on; 0 where none were kept */
	uint64_t count;		   /* hits */
	uint64_t weight;	   /* what the outputs add up; equals count unless weighted */
	const uint32_t *locations; /* leaf first: kernel frames, then user frames */
	uint32_t nr_locations;
};

struct capture_counter {
	const char *name;
	uint64_t value;
	bool complete; /* stops only: stacks that ended so are whole */
};

struct capture_info {
	const char *ctrace_version;
	const char **argv; /* the traced program's */
	size_t nr_argv;
	const char **probes; /* as typed */
	size_t nr_probes;
	const char *unit; /* "samples", "bytes", "us" ... */
	const char *host, *kernel_release, *machine;
	uint64_t start_unix_ns;
	uint64_t duration_ns;
	uint64_t period_ns; /* of one sample, when the probe is a clock; else 0 */
	uint64_t slice_ns;  /* length of a stack's slice of time; 0: none were kept */
	uint32_t nr_cpus;
	uint64_t samples, lost, guessed_frames, frames;
	struct capture_counter *stops;
	size_t nr_stops;
	struct capture_counter *losses;
	size_t nr_losses;
};

struct capture;

struct capture *capture_new(void);
void capture_free(struct capture *capture);
DEFINE_CLEANUP(struct capture *, capture_free);

/*
 * The info block, to be filled in place.  Strings from capture_string(), arrays from
 * capture_array(), or from anywhere else that outlives the capture: nothing in it is freed.
 */
struct capture_info *capture_get_info(struct capture *capture);
const struct capture_info *capture_info(const struct capture *capture);
/* Zeroed memory that lives as long as the capture. */
void *capture_array(struct capture *capture, size_t nr, size_t size);
/* A copy of @text that lives as long as the capture; equal strings are one pointer. */
const char *capture_string(struct capture *capture, const char *text);

/*
 * Adds and returns an index.  Strings and symbols are copied.  Equal locations are merged.
 * Indices given to these functions must be those they returned.
 */
uint32_t capture_add_object(struct capture *capture, const struct capture_object *object);
uint32_t capture_add_process(struct capture *capture, const struct capture_process *process);
uint32_t capture_add_location(struct capture *capture, const struct capture_location *location);
/*
 * Stacks equal in everything but count and weight are merged.  -E2BIG over the limits; -EINVAL for
 * a process or location that was not added.
 */
int capture_add_stack(struct capture *capture, const struct capture_stack *stack);
/* Replaces the embedded symbols of an object (they are known only at the end). */
void capture_set_symbols(struct capture *capture, uint32_t object,
			 const struct capture_symbol *symbols, size_t nr);

const struct capture_object *capture_objects(const struct capture *capture, size_t *ret_nr);
const struct capture_process *capture_processes(const struct capture *capture, size_t *ret_nr);
const struct capture_location *capture_locations(const struct capture *capture, size_t *ret_nr);
const struct capture_stack *capture_stacks(const struct capture *capture, size_t *ret_nr);

/*
 * The same capture always gives the same bytes, whatever the order of adding; objects and
 * processes that nothing tells apart become one.  -EIO, -ENOSPC ... as the stream failed; -EINVAL
 * when a stack's probe or stop is not in the info block; -E2BIG over the limits.
 */
int capture_write(const struct capture *capture, FILE *out);
/*
 * -ENOEXEC: not a capture; -EPROTONOSUPPORT: a newer version; -EBADMSG: damaged; -E2BIG: over the
 * limits; -EIO: the stream fails.  Memory is bounded by the size of the input, bombs included.
 */
int capture_read(FILE *in, struct capture **ret_capture);
int capture_read_memory(const void *data, size_t size, struct capture **ret_capture);

#endif
