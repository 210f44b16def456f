/* SPDX-License-Identifier: MIT */
/*
 * From stacks in memory, as a recording leaves them, to a picture: stacks_to_svg FOLDED SVG.
 * Reads the stacks first, then prints as JSON what the rest took, and the most memory of all.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/folded_line.h"
#include "flamegraph/format.h"
#include "flamegraph/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <uthash.h>

struct name {
	char *text;
	uint32_t id;
	UT_hash_handle hh;
};

struct stacks {
	struct name *index;
	char **names; /* by id */
	size_t nr_names, cap_names;
	uint32_t *ids; /* of all stacks, root first, side by side */
	size_t nr_ids, cap_ids;
	size_t *ends; /* of each stack in ids */
	uint64_t *counts;
	size_t nr, cap_ends, cap_counts;
};

static uint32_t name_id(struct stacks *stacks, const char *text)
{
	struct name *name;

	HASH_FIND_STR(stacks->index, text, name);
	if (name)
		return name->id;
	name = xcalloc(1, sizeof(*name));
	name->text = xstrdup(text);
	name->id = (uint32_t)stacks->nr_names;
	HASH_ADD_KEYPTR(hh, stacks->index, name->text, strlen(name->text), name);
	GROW_ARRAY(stacks->names, stacks->nr_names, stacks->cap_names);
	stacks->names[stacks->nr_names++] = name->text;
	return name->id;
}

static void add_stack(struct stacks *stacks, char *text, uint64_t count)
{
	char *rest = NULL;

	for (char *name = strtok_r(text, ";", &rest); name; name = strtok_r(NULL, ";", &rest)) {
		uint32_t id = name_id(stacks, name);

		GROW_ARRAY(stacks->ids, stacks->nr_ids, stacks->cap_ids);
		stacks->ids[stacks->nr_ids++] = id;
	}
	GROW_ARRAY(stacks->ends, stacks->nr, stacks->cap_ends);
	GROW_ARRAY(stacks->counts, stacks->nr, stacks->cap_counts);
	stacks->ends[stacks->nr] = stacks->nr_ids;
	stacks->counts[stacks->nr++] = count;
}

static void read_stacks(struct stacks *stacks, const char *path)
{
	_cleanup_fclose_ FILE *in = fopen(path, "re");
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!in) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	while ((len = getline(&text, &cap, in)) > 0) {
		struct folded_line line;

		len -= text[len - 1] == '\n';
		if (!folded_line_split(text, (size_t)len, false, &line))
			continue;
		text[line.start + line.len] = '\0';
		add_stack(stacks, text + line.start, line.count);
	}
}

static struct profile *build(const struct stacks *stacks)
{
	_cleanup_free_ uint32_t *frames = xcalloc(stacks->nr_names + 1, sizeof(*frames));
	_cleanup_free_ uint32_t *stack = xcalloc(stacks->nr_ids + 1, sizeof(*stack));
	struct profile *profile = profile_new();
	size_t start = 0;

	for (size_t i = 0; i < stacks->nr_names; i++) {
		struct frame frame = folded_frame(stacks->names[i], false);

		frames[i] = profile_frame(profile, &frame);
	}
	for (size_t i = 0; i < stacks->nr; i++) {
		size_t nr = 0;

		for (; start < stacks->ends[i]; start++)
			stack[nr++] = frames[stacks->ids[start]];
		if (profile_add_ids(profile, stack, nr, stacks->counts[i]) < 0)
			abort();
	}
	profile_finish(profile);
	return profile;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	const struct format_options options = {0};
	struct stacks stacks = {0};
	struct profile *profile;
	struct rusage usage;
	double start, built, written;
	FILE *out;

	if (argc != 3) {
		fputs("usage: stacks_to_svg FOLDED SVG\n", stderr);
		return 2;
	}
	read_stacks(&stacks, argv[1]);
	out = fopen(argv[2], "we");
	if (!out) {
		perror(argv[2]);
		return 1;
	}
	start = now();
	profile = build(&stacks);
	built = now();
	if (format_by_name("svg")->write(profile, &options, out) < 0 || fclose(out))
		return 1;
	written = now();
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"stacks\": %zu, \"tree_s\": %.4f, \"svg_s\": %.4f, \"s\": %.4f, \"mb\": %.1f}\n",
	       stacks.nr, built - start, written - built, written - start,
	       (double)usage.ru_maxrss / 1000);
	return 0;
}
