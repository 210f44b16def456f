/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The BPF maps the programs share, and the knobs the loader sets before loading. */
#ifndef CTRACE_BPF_MAPS_H
#define CTRACE_BPF_MAPS_H

#include "walk.h"

#include <bpf/bpf_helpers.h>

/* ---- knobs, set between open and load ---- */

extern const volatile struct program_config config;

/* ---- switches, written while running ---- */

extern struct program_state state;

/* ---- unwind tables ---- */

struct blob_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct unwind_blob));
};

struct blobs_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CTRACE_MAX_BLOBS);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint32_t));
	__array(values, struct blob_map);
};
extern struct blobs_map blobs SEC(".maps");

struct rules_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, uint32_t);
	__type(value, struct unwind_rules);
};
extern struct rules_map rules SEC(".maps");

struct objects_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CTRACE_MAX_OBJECTS);
	__type(key, struct object_key);
	__type(value, struct object_ranges);
};
extern struct objects_map objects SEC(".maps");

/* ---- processes ---- */

struct slot_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct mapping_table));
};

struct slots_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CTRACE_MAX_SLOTS);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint32_t));
	__array(values, struct slot_map);
};
extern struct slots_map slots SEC(".maps");

struct processes_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CTRACE_MAX_PROCESSES);
	__type(key, uint32_t);
	__type(value, struct process_entry);
};
extern struct processes_map processes SEC(".maps");

struct assignments_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CTRACE_MAX_PROCESSES);
	__type(key, uint32_t);
	__type(value, struct slot_assignment);
};
extern struct assignments_map assignments SEC(".maps");

struct recents_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CTRACE_RECENT_ENTRIES);
	__type(key, uint32_t);
	__type(value, struct recent_mappings);
};
extern struct recents_map recents SEC(".maps");

/* ---- results ---- */

struct count_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CTRACE_COUNT_ENTRIES);
	__type(key, struct stack_key);
	__type(value, uint64_t);
};

/* User space turns program_state.count_map to the other one and drains the first at leisure. */
struct counts_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CTRACE_COUNT_MAPS);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint32_t));
	__array(values, struct count_map);
};
extern struct counts_map counts SEC(".maps");

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CTRACE_RING_BYTES);
};
extern struct ring_map ring SEC(".maps");

struct counters_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_SCRATCH);
	__type(key, uint32_t);
	__type(value, struct walk_counters);
};
extern struct counters_map counters SEC(".maps");

/* ---- scratch ---- */

struct scratch_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_SCRATCH);
	__type(key, uint32_t);
	__type(value, struct walk);
};
extern struct scratch_map scratch SEC(".maps");

struct claims_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_SCRATCH);
	__type(key, uint32_t);
	__type(value, uint32_t);
};
extern struct claims_map claims SEC(".maps");

struct caches_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_SCRATCH);
	__type(key, uint32_t);
	__type(value, struct walk_cache);
};
extern struct caches_map caches SEC(".maps");

#endif
