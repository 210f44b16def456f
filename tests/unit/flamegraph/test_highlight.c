/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/cleanup.h"
#include "common/frame.h"
#include "flamegraph/highlight.h"
#include "flamegraph/profile.h"

#include <stdlib.h>
#include <string.h>

static struct profile *sample(void)
{
	static const struct frame frames[] = {
		{.name = "thread-1", .kind = FRAME_KIND_MARK},
		{.name = "main", .module = "/opt/mine/server"},
		{.name = "mine::run", .module = "/usr/lib/libother.so"},
		{.name = "malloc", .module = "/usr/lib/libc.so.6"},
		{.name = "[unknown]", .kind = FRAME_KIND_UNKNOWN},
	};
	struct profile *profile = profile_new();

	assert_int_equal(profile_add(profile, frames, sizeof(frames) / sizeof(frames[0]), 1), 0);
	profile_finish(profile);
	return profile;
}

static void test_names_and_modules_are_found_and_marks_are_nobodys(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = sample();
	_cleanup_free_ bool *others = highlight_others(profile, "^mine|/(server|x)$");
	size_t nr;
	const struct frame *frames = profile_frames(profile, &nr);

	(void)state;
	assert_int_equal(nr, 5);
	for (size_t i = 0; i < nr; i++) {
		bool other = !strcmp(frames[i].name, "malloc") ||
			     !strcmp(frames[i].name, "[unknown]");

		assert_int_equal(others[i], other);
	}
}

static void test_what_is_no_regular_expression_is_refused(void **state)
{
	_cleanup_(profile_freep) struct profile *profile = sample();

	(void)state;
	assert_false(highlight_is_valid("("));
	assert_null(highlight_others(profile, "("));
	assert_true(highlight_is_valid("[[:alpha:]]+"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_modules_are_found_and_marks_are_nobodys),
		cmocka_unit_test(test_what_is_no_regular_expression_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
