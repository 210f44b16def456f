/* SPDX-License-Identifier: MIT */
/*
 * The BPF side as an object: opened, configured, loaded and its programs handed out by kind.
 * Knows libbpf and the skeleton; nothing else in the loader includes either but through here.
 */
#ifndef CTRACE_LOADER_PROGRAMS_H
#define CTRACE_LOADER_PROGRAMS_H

#include "bpf/abi.h"
#include "common/cleanup.h"
#include "loader/probe.h"

#include <stddef.h>
#include <stdint.h>

struct programs;
struct ring_buffer;

/* The maps user space works with. */
enum programs_map {
	PROGRAMS_MAP_BLOBS,
	PROGRAMS_MAP_RULES,
	PROGRAMS_MAP_OBJECTS,
	PROGRAMS_MAP_SLOTS,
	PROGRAMS_MAP_PROCESSES,
	PROGRAMS_MAP_ASSIGNMENTS,
	PROGRAMS_MAP_COUNTS,
	PROGRAMS_MAP_COUNTERS,
	PROGRAMS_MAP_RING,
	NR_PROGRAMS_MAPS
};

/*
 * Opens the object and makes the maps that tables, slots, counts and the ring live in, so that
 * they can be filled while programs_load() is still at work.  @wanted says which sampling programs
 * will be asked for (fentry ones are loaded when they are asked for).  Negative errno; @ret_error
 * gets a sentence (no BTF, no rights, ...) to be freed.
 */
int programs_open(const struct program_config *config, const bool wanted[NR_PROBE_PROGRAMS],
		  struct programs **ret_programs, char **ret_error);
/* Loads and verifies the programs.  May run in a thread of its own. */
int programs_load(struct programs *programs, char **ret_error);
void programs_free(struct programs *programs);
DEFINE_CLEANUP(struct programs *, programs_free);

/* Attaches the fork, exec, exit and page fault hooks. */
int programs_attach_hooks(struct programs *programs);

/* As probe_environment.prog_fd wants it; @arg is the struct programs. */
int programs_fd(void *arg, enum probe_program program, const char *function);

/* Before programs_load(): BLOBS, RULES, OBJECTS, SLOTS, COUNTS and RING only. */
int programs_map_fd(const struct programs *programs, enum programs_map map);

/* The running state, shared with the kernel. */
volatile struct program_state *programs_state(struct programs *programs);

/* Summed over every loaded sampling program. */
struct programs_usage {
	uint64_t runs, ns;	   /* run-time statistics; 0 unless they are on */
	uint64_t recursion_misses; /* hits the kernel dropped inside another program */
};
int programs_usage(const struct programs *programs, struct programs_usage *ret_usage);

/* Switches the kernel's run-time statistics on until the descriptor is closed. */
int programs_enable_statistics(void);

/* Are they on (by us or by sysctl kernel.bpf_stats_enabled)? */
bool programs_statistics_enabled(void);

/* Bytes of kernel memory all maps take, as /proc/self/fdinfo says. */
uint64_t programs_kernel_bytes(const struct programs *programs);

#endif
