/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "loader/features.h"

#include <string.h>

static const struct feature *find(const struct feature *features, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(features[i].name, name))
			return &features[i];
	}
	fail_msg("no feature '%s'", name);
	return NULL;
}

static void test_every_missing_feature_says_why_and_what_to_do(void **state)
{
	size_t nr;
	struct feature *features = features_check(&nr);

	(void)state;
	assert_true(nr > 10);
	for (size_t i = 0; i < nr; i++) {
		assert_non_null(features[i].name);
		assert_non_null(features[i].purpose);
		if (features[i].available) {
			assert_null(features[i].cure);
			continue;
		}
		assert_non_null(features[i].why);
		assert_non_null(features[i].cure);
	}
	features_free(features, nr);
}

static void test_what_programs_on_events_need_is_there_with_them(void **state)
{
	size_t nr;
	struct feature *features = features_check(&nr);

	(void)state;
	if (find(features, nr, "programs on perf events")->available) {
		assert_true(find(features, nr, "perf events")->available);
		assert_true(find(features, nr, "BPF programs")->available);
	}
	features_free(features, nr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_missing_feature_says_why_and_what_to_do),
		cmocka_unit_test(test_what_programs_on_events_need_is_there_with_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
