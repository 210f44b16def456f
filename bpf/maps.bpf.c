/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Defines the maps, knobs and switches maps.bpf.h declares. */
#include "maps.bpf.h"

const volatile struct program_config config = {};
struct program_state state = {};

struct blobs_map blobs SEC(".maps");
struct rules_map rules SEC(".maps");
struct objects_map objects SEC(".maps");
struct slots_map slots SEC(".maps");
struct processes_map processes SEC(".maps");
struct assignments_map assignments SEC(".maps");
struct recents_map recents SEC(".maps");
struct counts_map counts SEC(".maps");
struct ring_map ring SEC(".maps");
struct counters_map counters SEC(".maps");
struct scratch_map scratch SEC(".maps");
struct claims_map claims SEC(".maps");
struct caches_map caches SEC(".maps");
