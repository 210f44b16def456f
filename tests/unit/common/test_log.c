/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What @say writes to stderr. */
static void capture(void (*say)(void), char *text, size_t size)
{
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t got;

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	dup2(fds[1], STDERR_FILENO);
	say();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	got = read(fds[0], text, size - 1);
	close(fds[0]);
	text[got > 0 ? got : 0] = '\0';
}

static void say_everything(void)
{
	log_error("e%d", 1);
	log_warning("w");
	log_info("i");
	log_verbose("v");
	log_debug("d");
	log_hint("h");
}

static void say_escapes(void)
{
	log_error("a\033[31mb\007c\177d\tä\302\233e\nf");
}

static void test_names_do_not_steer_the_terminal(void **state)
{
	char text[256];

	(void)state;
	capture(say_escapes, text, sizeof(text));
	assert_string_equal(text, "ctrace: a?[31mb?c?d\tä??e\nf\n");
}

static void test_levels_silence_what_is_below_them(void **state)
{
	static const struct {
		enum log_level level;
		const char *text;
	} cases[] = {
		{LOG_QUIET, "ctrace: e1\nhint: h\n"},
		{LOG_NORMAL, "ctrace: e1\nctrace: w\nctrace: i\nhint: h\n"},
		{LOG_VERBOSE, "ctrace: e1\nctrace: w\nctrace: i\nctrace: v\nhint: h\n"},
		{LOG_DEBUG, "ctrace: e1\nctrace: w\nctrace: i\nctrace: v\nctrace: d\nhint: h\n"},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		log_set_level(cases[i].level);
		assert_int_equal(log_get_level(), cases[i].level);
		capture(say_everything, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
	log_set_level(LOG_NORMAL);
}

static void say_errno(void)
{
	assert_int_equal(log_errno(-ENOENT, "cannot read '%s'", "x"), -ENOENT);
	assert_int_equal(log_errno(ENOENT, "again"), -ENOENT);
}

static void test_errno_text_follows_the_message(void **state)
{
	char text[256];

	(void)state;
	capture(say_errno, text, sizeof(text));
	assert_string_equal(text, "ctrace: cannot read 'x': No such file or directory\n"
				  "ctrace: again: No such file or directory\n");
}

static void say_too_much(void)
{
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_errno(ENOENT, "%s", text);
}

static void test_a_long_message_is_cut_but_ends_its_line(void **state)
{
	char text[8192];
	size_t len;

	(void)state;
	capture(say_too_much, text, sizeof(text));
	len = strlen(text);
	assert_true(len > 1000 && len <= 2048);
	assert_true(strchr(text, '\n') == text + len - 1);
}

static void test_errno_survives_a_message(void **state)
{
	(void)state;
	errno = EAGAIN;
	log_debug("nothing");
	assert_int_equal(errno, EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_do_not_steer_the_terminal),
		cmocka_unit_test(test_levels_silence_what_is_below_them),
		cmocka_unit_test(test_errno_text_follows_the_message),
		cmocka_unit_test(test_a_long_message_is_cut_but_ends_its_line),
		cmocka_unit_test(test_errno_survives_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
