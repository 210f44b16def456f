/* SPDX-License-Identifier: MIT */
#include "flamegraph/firefox_samples.h"

#include "common/alloc.h"
#include "flamegraph/capture.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_roots.h"
#include "flamegraph/time_slices.h"

#include <stdlib.h>

#define NS_PER_MS 1e6

struct sample_list {
	struct firefox_sample *samples;
	size_t nr, cap;
};

double firefox_slice(const struct profile *profile)
{
	const struct capture_info *info = profile_info(profile);

	return info && profile_slices(profile)->nr ? (double)info->slice_ns / NS_PER_MS : 0;
}

static void add(struct sample_list *list, uint32_t node, double time, uint64_t value)
{
	GROW_ARRAY(list->samples, list->nr, list->cap);
	list->samples[list->nr++] = (struct firefox_sample){
		.node = node, .time = time, .value = value};
}

/* What no slice holds was counted at an unknown time: at the start. */
static void add_slices(struct sample_list *list, const struct profile *profile, uint32_t node,
		       uint64_t self)
{
	double length = firefox_slice(profile);
	size_t nr;
	const struct time_slice *slices = time_slices_of(profile_slices(profile), node, &nr);

	for (size_t i = 0; i < nr && self; i++) {
		uint64_t value = slices[i].value < self ? slices[i].value : self;

		add(list, node, (double)slices[i].slice * length, value);
		self -= value;
	}
	if (self)
		add(list, node, 0, self);
}

static int compare_samples(const void *a, const void *b)
{
	const struct firefox_sample *left = a;
	const struct firefox_sample *right = b;

	if (left->time < right->time || left->time > right->time)
		return left->time < right->time ? -1 : 1;
	return (left->node > right->node) - (left->node < right->node);
}

/* Samples of one slice share it evenly. */
static void spread(struct sample_list *list, double length)
{
	for (size_t first = 0, end; first < list->nr; first = end) {
		double begin = list->samples[first].time;

		for (end = first; end < list->nr && list->samples[end].time <= begin; end++)
			;
		for (size_t i = first; i < end; i++)
			list->samples[i].time += length * (double)(i - first) /
						 (double)(end - first);
	}
}

struct firefox_sample *firefox_samples(const struct profile *profile,
				       const struct profile_root *root, double interval,
				       size_t *ret_nr)
{
	double length = firefox_slice(profile), time = 0;
	size_t nr;
	const struct profile_node *nodes = profile_nodes(profile, &nr);
	struct sample_list list = {0};

	for (uint32_t node = root->node ? root->node : 1; node < root->end; node++) {
		uint64_t self = nodes[node].self;

		if (self && length > 0)
			add_slices(&list, profile, node, self);
		else if (self)
			add(&list, node, time, self);
		time += (double)self * interval;
	}
	if (list.nr && length > 0) {
		qsort(list.samples, list.nr, sizeof(*list.samples), compare_samples);
		spread(&list, length);
	}
	*ret_nr = list.nr;
	return list.samples;
}
