/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_zero_sizes_give_pointers(void **state)
{
	void *a = xmalloc(0), *b = xcalloc(0, 8), *c = xreallocarray(NULL, 0, 8);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	free(a);
	free(b);
	free(c);
}

static void test_strndup_stops_at_nul_and_at_length(void **state)
{
	char *whole = xstrndup("abc", 10), *part = xstrndup("abcdef", 2);

	(void)state;
	assert_string_equal(whole, "abc");
	assert_string_equal(part, "ab");
	free(whole);
	free(part);
}

static void test_grow_array_keeps_contents(void **state)
{
	size_t nr = 0, cap = 0;
	int *values = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		GROW_ARRAY(values, nr, cap);
		values[nr++] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(values[i], i);
	assert_true(cap >= 1000);
	free(values);
}

/* Not for the sanitizers' allocator, which ends the program its own way on such sizes. */
static void test_overflow_dies_with_125_and_one_message(void **state)
{
	char text[256] = "";
	int fds[2], status;
	ssize_t got;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		volatile size_t huge = (size_t)1 << 40;
		void *volatile ptr;

		dup2(fds[1], STDERR_FILENO);
		ptr = xreallocarray(NULL, huge, huge);
		_exit(ptr != NULL);
	}
	close(fds[1]);
	got = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
#ifndef __SANITIZE_ADDRESS__
	assert_int_equal(WEXITSTATUS(status), 125);
	assert_int_equal(got, strlen("ctrace: out of memory\n"));
	assert_string_equal(text, "ctrace: out of memory\n");
#else
	assert_true(got > 0);
#endif
}

static void test_asprintf_formats(void **state)
{
	char *text = xasprintf("%d-%s", 7, "x");

	(void)state;
	assert_string_equal(text, "7-x");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zero_sizes_give_pointers),
		cmocka_unit_test(test_strndup_stops_at_nul_and_at_length),
		cmocka_unit_test(test_grow_array_keeps_contents),
		cmocka_unit_test(test_overflow_dies_with_125_and_one_message),
		cmocka_unit_test(test_asprintf_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
