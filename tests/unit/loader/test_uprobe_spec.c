/* SPDX-License-Identifier: MIT */
/* Which colon ends the object of a probe. */
#include "test.h"

#include "common/cleanup.h"
#include "loader/uprobe_spec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static void check(const char *spec, const char *object, const char *function)
{
	_cleanup_free_ char *found = NULL;
	const char *rest;

	uprobe_spec_split(spec, &found, &rest);
	assert_string_equal(rest, function);
	if (object)
		assert_string_equal(found, object);
	else
		assert_null(found);
}

static void test_first_single_colon_ends_the_object(void **state)
{
	(void)state;
	check("malloc", NULL, "malloc");
	check("libc:malloc", "libc", "malloc");
	check("ns::type::f(int)", NULL, "ns::type::f(int)");
	check("./none:ns::f", "./none", "ns::f");
	check("./none:operator+", "./none", "operator+");
	check(":f", "", "f");
}

static void test_escaped_colons_belong_to_the_object(void **state)
{
	_cleanup_free_ char *escaped = uprobe_spec_escape("a:b/c");

	(void)state;
	check("a\\:b/c:f", "a:b/c", "f");
	check("a\\:\\:b:ns::f", "a::b", "ns::f");
	assert_string_equal(escaped, "a\\:b/c");
}

static void test_paths_that_exist_need_no_escape(void **state)
{
	char directory[] = "/tmp/test_uprobe_spec_XXXXXX";
	char path[PATH_MAX], spec[PATH_MAX + 64], other[PATH_MAX];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/co:lo::n", directory);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	snprintf(spec, sizeof(spec), "%s:ns::f", path);
	check(spec, path, "ns::f");
	snprintf(other, sizeof(other), "%s/co", directory);
	snprintf(spec, sizeof(spec), "%s/co:none:f", directory);
	check(spec, other, "none:f");
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_single_colon_ends_the_object),
		cmocka_unit_test(test_escaped_colons_belong_to_the_object),
		cmocka_unit_test(test_paths_that_exist_need_no_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
