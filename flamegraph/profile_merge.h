/* SPDX-License-Identifier: MIT */
/* Two profiles as one: added up, or compared. */
#ifndef CTRACE_FLAMEGRAPH_PROFILE_MERGE_H
#define CTRACE_FLAMEGRAPH_PROFILE_MERGE_H

#include <stdbool.h>

struct profile;

/*
 * Adds the stacks of the finished profile @from to @into, which is not: frames with all they tell,
 * and the build-ids of their modules; neither times nor a comparison's other side.  -EOVERFLOW.
 */
int profile_add_all(struct profile *into, const struct profile *from);

/*
 * A new, finished profile with the values of @after, and those of @before as profile_before().
 * Frames are one when folded stacks spell them alike: modules move and lines shift between builds,
 * and a capture, a picture and the folded stacks of one recording do not differ.  @strip_hex also
 * takes "0x12ab" in names for "0x...".  The info block is that of @after.  -EOVERFLOW.
 */
int profile_compare(const struct profile *before, const struct profile *after, bool strip_hex,
		    struct profile **ret_profile);

#endif
