/* SPDX-License-Identifier: MIT */
#include "flamegraph/profile_merge.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static char *without_addresses(const char *name)
{
	char *text = xmalloc(strlen(name) * 2 + 1);
	char *to = text;

	while (*name) {
		size_t digits = 0;

		if (name[0] == '0' && name[1] == 'x')
			while (isxdigit((unsigned char)name[2 + digits]))
				digits++;
		if (digits) {
			to = stpcpy(to, "0x...");
			name += 2 + digits;
		} else {
			*to++ = *name++;
		}
	}
	*to = '\0';
	return text;
}

/* The frames of @from in @into, as they are. */
static uint32_t *copied_ids(struct profile *into, const struct profile *from)
{
	size_t nr;
	const struct frame *frames = profile_frames(from, &nr);
	uint32_t *ids = xcalloc(nr + 1, sizeof(*ids));

	for (size_t i = 0; i < nr; i++) {
		const char *module = frames[i].module;
		const struct build_id *id = module ? profile_build_id(from, module) : NULL;

		ids[i] = profile_frame(into, &frames[i]);
		if (id)
			profile_set_build_id(into, module, id);
	}
	return ids;
}

/* The same, told apart by name and kind alone. */
static uint32_t *comparable_ids(struct profile *into, const struct profile *from, bool strip_hex)
{
	size_t nr;
	const struct frame *frames = profile_frames(from, &nr);
	uint32_t *ids = xcalloc(nr + 1, sizeof(*ids));

	for (size_t i = 0; i < nr; i++) {
		_cleanup_free_ char *stripped = strip_hex ? without_addresses(frames[i].name)
							  : NULL;
		const struct frame frame = {
			.name = stripped ? stripped : frames[i].name,
			.full_name = frames[i].full_name,
			.kind = frames[i].kind,
		};

		ids[i] = profile_frame(into, &frame);
	}
	return ids;
}

static int add_stacks(struct profile *into, const struct profile *from, const uint32_t *ids,
		      int (*count)(struct profile *profile, uint32_t stack, uint64_t value))
{
	_cleanup_free_ uint32_t *stack = NULL;
	const struct frame *frames = profile_frames(from, &(size_t){0});
	struct profile_walk walk;
	size_t cap = 0;
	int ret = 0;

	profile_walk_init(&walk, from);
	while (!ret && profile_walk_next(&walk)) {
		const struct profile_node *node = &walk.nodes[profile_walk_node(&walk)];
		uint32_t row;

		if (walk.depth > cap) {
			cap = walk.depth * 2;
			stack = xreallocarray(stack, cap, sizeof(*stack));
		}
		stack[walk.depth - 1] = ids[node->frame - frames];
		if (!node->self)
			continue;
		ret = profile_stack(into, stack, walk.depth, &row);
		if (!ret)
			ret = count(into, row, node->self);
	}
	profile_walk_release(&walk);
	return ret;
}

int profile_add_all(struct profile *into, const struct profile *from)
{
	_cleanup_free_ uint32_t *ids = copied_ids(into, from);

	return add_stacks(into, from, ids, profile_count);
}

int profile_compare(const struct profile *before, const struct profile *after, bool strip_hex,
		    struct profile **ret_profile)
{
	_cleanup_(profile_freep) struct profile *both = profile_new();
	_cleanup_free_ uint32_t *ids_after = comparable_ids(both, after, strip_hex);
	_cleanup_free_ uint32_t *ids_before = comparable_ids(both, before, strip_hex);
	int ret;

	profile_set_info(both, profile_info(after));
	ret = add_stacks(both, after, ids_after, profile_count);
	if (!ret)
		ret = add_stacks(both, before, ids_before, profile_count_before);
	if (ret < 0)
		return ret;
	profile_finish(both);
	*ret_profile = TAKE_PTR(both);
	return 0;
}
