/* SPDX-License-Identifier: MIT */
/*
 * Named stacks counted in a call tree: what every output format is made from.  A real tree (equal
 * siblings are one node), so that no box is split.  Knows no addresses.
 */
#ifndef CTRACE_FLAMEGRAPH_PROFILE_H
#define CTRACE_FLAMEGRAPH_PROFILE_H

#include "common/cleanup.h"
#include "common/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;
struct capture_info;
struct time_slices;

struct profile_node {
	const struct frame *frame; /* NULL at the root */
	uint32_t parent;	   /* index; the root is 0 */
	uint32_t first_child;	   /* 0 = none */
	uint32_t next_sibling;	   /* 0 = none; siblings in byte order of name, then kind */
	uint64_t self;
	uint64_t total;
};

/* The same node in the recording that this one is compared with. */
struct profile_before {
	uint64_t self;
	uint64_t total;
};

struct profile *profile_new(void);
void profile_free(struct profile *profile);
DEFINE_CLEANUP(struct profile *, profile_free);

/*
 * Keeps the order of adding (a flame chart): a stack joins only the one added just before it, and
 * siblings are not sorted.  Before the first profile_add().
 */
void profile_keep_order(struct profile *profile);
bool profile_keeps_order(const struct profile *profile);

/* What the numbers are and where they come from; borrowed, may be NULL (folded input). */
void profile_set_info(struct profile *profile, const struct capture_info *info);
const struct capture_info *profile_info(const struct profile *profile);

/* Which file a module was; formats that can, tell it.  A later call for the same module wins. */
void profile_set_build_id(struct profile *profile, const char *module, const struct build_id *id);
/* NULL: unknown. */
const struct build_id *profile_build_id(const struct profile *profile, const char *module);

/* A copy of @text for the profile's life; equal strings are one pointer. */
const char *profile_string(struct profile *profile, const char *text);

/*
 * Adds one stack, root first, leaf last, with @value.  Frames that are equal in name, kind, module
 * and (when set) file and line are one.  Strings are copied.  -EOVERFLOW: a total beyond 2^63-1.
 */
int profile_add(struct profile *profile, const struct frame *frames, size_t nr, uint64_t value);

/*
 * The same in two steps, for callers that meet a frame many times: its id, which holds until
 * profile_finish(), then stacks of ids.
 */
uint32_t profile_frame(struct profile *profile, const struct frame *frame);
int profile_add_ids(struct profile *profile, const uint32_t *ids, size_t nr, uint64_t value);

/* Stacks, too, may be named once and counted often; a stack's number holds as frames' ids do. */
int profile_stack(struct profile *profile, const uint32_t *ids, size_t nr, uint32_t *ret_stack);
int profile_count(struct profile *profile, uint32_t stack, uint64_t value);
/* The same for the recording this one is compared with. */
int profile_count_before(struct profile *profile, uint32_t stack, uint64_t value);

/*
 * The same as profile_count(), in a slice of the time of a recording that keeps time; see
 * capture_info.slice_ns.
 */
int profile_count_at(struct profile *profile, uint32_t stack, uint32_t slice, uint64_t value);
/* After profile_finish(), the slices of node @row's own value: empty without profile_count_at(). */
const struct time_slices *profile_slices(const struct profile *profile);

/* Sorts siblings and adds up totals; call once after the last profile_add(). */
void profile_finish(struct profile *profile);

/* Nodes in preorder after profile_finish(); node 0 is the root. */
const struct profile_node *profile_nodes(const struct profile *profile, size_t *ret_nr);
/* By node, or NULL when profile_count_before() was never called. */
const struct profile_before *profile_before(const struct profile *profile);
uint64_t profile_total(const struct profile *profile);

/*
 * After profile_finish(): all frames, in the order of siblings.  The place of a node's frame in
 * this array: node->frame - frames.
 */
const struct frame *profile_frames(const struct profile *profile, size_t *ret_nr);

#endif
