/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/alloc.h"
#include "flamegraph/profile.h"
#include "flamegraph/profile_walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Adds "a;b;c" with @value; a leading '^' of a frame makes it the kernel's. */
static int add(struct profile *profile, const char *stack, uint64_t value)
{
	_cleanup_free_ char *text = xstrdup(stack);
	struct frame frames[16];
	size_t nr = 0;

	for (char *save, *name = strtok_r(text, ";", &save); name;
	     name = strtok_r(NULL, ";", &save)) {
		bool kernel = *name == '^';

		frames[nr++] = (struct frame){
			.name = name + kernel,
			.kind = kernel ? FRAME_KIND_KERNEL : FRAME_KIND_USER,
		};
	}
	return profile_add(profile, frames, nr, value);
}

/* The tree as text: "name self/total" in preorder, depth as dots. */
static char *tree_text(const struct profile *profile)
{
	struct profile_walk walk;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	profile_walk_init(&walk, profile);
	while (profile_walk_next(&walk)) {
		const struct profile_node *node = &walk.nodes[profile_walk_node(&walk)];

		fprintf(out, "%.*s%s%s %lu/%lu\n", (int)walk.depth - 1, "........",
			node->frame->kind == FRAME_KIND_KERNEL ? "^" : "", node->frame->name,
			node->self, node->total);
	}
	profile_walk_release(&walk);
	fclose(out);
	return text;
}

static void test_names_that_extend_others_do_not_split_a_box(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(add(profile, "main;foo", 3), 0);
	assert_int_equal(add(profile, "main;foo.cold;baz", 2), 0);
	assert_int_equal(add(profile, "main;foo;bar", 5), 0);
	profile_finish(profile);
	text = tree_text(profile);
	assert_string_equal(text, "main 0/10\n"
				  ".foo 3/8\n"
				  "..bar 5/5\n"
				  ".foo.cold 0/2\n"
				  "..baz 2/2\n");
	assert_int_equal(profile_total(profile), 10);
}

static void test_siblings_are_in_byte_order_then_kind(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_free_ char *text = NULL;

	(void)state;
	add(profile, "m;b", 1);
	add(profile, "m;^a", 1);
	add(profile, "m;\xc3\xa4", 1);
	add(profile, "m;a", 1);
	add(profile, "m;B", 1);
	profile_finish(profile);
	text = tree_text(profile);
	assert_string_equal(text, "m 0/5\n.B 1/1\n.a 1/1\n.^a 1/1\n.b 1/1\n.\xc3\xa4 1/1\n");
}

static void test_links_agree_with_preorder(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	const struct profile_node *nodes;
	size_t nr;

	(void)state;
	add(profile, "a;b;c", 1);
	add(profile, "z", 4);
	add(profile, "a;d", 2);
	profile_finish(profile);
	nodes = profile_nodes(profile, &nr);
	assert_int_equal(nr, 6);
	assert_null(nodes[0].frame);
	assert_int_equal(nodes[0].total, 7);
	for (uint32_t i = 1; i < nr; i++) {
		uint32_t child = nodes[nodes[i].parent].first_child;

		assert_true(nodes[i].parent < i);
		while (child && child != i)
			child = nodes[child].next_sibling;
		assert_int_equal(child, i);
	}
	assert_int_equal(nodes[0].first_child, 1);
	assert_int_equal(nodes[1].next_sibling, 5);
}

static void test_file_and_line_tell_frames_apart_and_full_names_do_not(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	struct frame one = {.name = "f", .full_name = "f(long)", .file = "f.c", .line = 1};
	struct frame two = {.name = "f", .file = "f.c", .line = 2};
	struct frame other = {.name = "f", .full_name = "f(int)", .file = "f.c", .line = 1};
	size_t nr;

	(void)state;
	profile_add(profile, &one, 1, 1);
	profile_add(profile, &two, 1, 1);
	profile_add(profile, &other, 1, 1);
	profile_finish(profile);
	profile_nodes(profile, &nr);
	assert_int_equal(nr, 3);
	assert_string_equal(profile_frames(profile, &nr)[0].full_name, "f(int)");
	assert_int_equal(nr, 2);
}

static void test_totals_beyond_63_bits_are_eoverflow(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();

	(void)state;
	assert_int_equal(add(profile, "a", INT64_MAX), 0);
	assert_int_equal(add(profile, "b", 1), -EOVERFLOW);
	assert_int_equal(add(profile, "a", 0), 0);
	profile_finish(profile);
	assert_int_equal(profile_total(profile), INT64_MAX);
}

static void test_kept_order_joins_neighbours_only(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_free_ char *text = NULL;

	(void)state;
	profile_keep_order(profile);
	add(profile, "m;b;x", 1);
	add(profile, "m;b;y", 2);
	add(profile, "m;a", 1);
	add(profile, "m;b;x", 1);
	profile_finish(profile);
	text = tree_text(profile);
	assert_string_equal(text, "m 0/5\n.b 0/3\n..x 1/1\n..y 2/2\n.a 1/1\n.b 0/1\n..x 1/1\n");
}

static void test_an_empty_profile_has_a_root(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	size_t nr;

	(void)state;
	profile_finish(profile);
	assert_int_equal(profile_nodes(profile, &nr)->total, 0);
	assert_int_equal(nr, 1);
}

static void test_twenty_thousand_deep(void **state)
{
	enum { DEPTH = 20000 };
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_free_ struct frame *frames = xcalloc(DEPTH, sizeof(*frames));
	const struct profile_node *nodes;
	size_t nr;

	(void)state;
	for (size_t i = 0; i < DEPTH; i++)
		frames[i].name = i % 2 ? "ping" : "pong";
	assert_int_equal(profile_add(profile, frames, DEPTH, 7), 0);
	profile_finish(profile);
	nodes = profile_nodes(profile, &nr);
	assert_int_equal(nr, DEPTH + 1);
	assert_int_equal(nodes[DEPTH].total, 7);
	assert_int_equal(nodes[DEPTH].self, 7);
}

static void test_any_order_of_adding_gives_one_tree(void **state)
{
	static const char *const stacks[] = {"a;b;c", "a;b", "a;b.cold", "x;^y;z", "a;b;d;e", "x"};
	enum { NR = sizeof(stacks) / sizeof(stacks[0]) };
	_cleanup_free_ char *expected = NULL;

	(void)state;
	for (size_t turn = 0; turn < NR; turn++) {
		_cleanup_(profile_freep) struct profile *profile = profile_new();
		_cleanup_free_ char *text = NULL;

		for (size_t i = 0; i < NR; i++)
			add(profile, stacks[(turn * 5 + i) % NR], (turn * 5 + i) % NR + 1);
		profile_finish(profile);
		text = tree_text(profile);
		if (!expected)
			expected = TAKE_PTR(text);
		else
			assert_string_equal(text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_that_extend_others_do_not_split_a_box),
		cmocka_unit_test(test_siblings_are_in_byte_order_then_kind),
		cmocka_unit_test(test_links_agree_with_preorder),
		cmocka_unit_test(test_file_and_line_tell_frames_apart_and_full_names_do_not),
		cmocka_unit_test(test_totals_beyond_63_bits_are_eoverflow),
		cmocka_unit_test(test_kept_order_joins_neighbours_only),
		cmocka_unit_test(test_an_empty_profile_has_a_root),
		cmocka_unit_test(test_twenty_thousand_deep),
		cmocka_unit_test(test_any_order_of_adding_gives_one_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
