/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE_MAX 2048 /* longer messages are cut; below PIPE_BUF, so a line stays whole */

/* The state of the program that is not passed down: how loud it is, and how much it said. */
static _Atomic int current_level = LOG_NORMAL;
static _Atomic unsigned int nr_lines;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&current_level, memory_order_relaxed);
}

unsigned int log_nr_lines(void)
{
	return atomic_load_explicit(&nr_lines, memory_order_relaxed);
}

static bool is_loud(enum log_level level)
{
	return log_get_level() >= level;
}

/*
 * Names of files, threads and functions are anybody's: what steers a terminal does not get there.
 * Controls of Unicode's second block are two bytes in UTF-8.
 */
static void disarm(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];
		unsigned char next = i + 1 < len ? (unsigned char)text[i + 1] : 0;

		if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f)
			text[i] = '?';
		else if (byte == 0xc2 && next >= 0x80 && next < 0xa0)
			text[i] = text[i + 1] = '?';
	}
}

__attribute__((format(printf, 2, 0))) static void write_line(const char *prefix, const char *format,
							     va_list args, const char *suffix)
{
	char line[LOG_LINE_MAX];
	size_t len = strlen(prefix);
	size_t room = sizeof(line) - 1;
	int got;

	memcpy(line, prefix, len);
	got = vsnprintf(line + len, room - len, format, args);
	if (got > 0)
		len += (size_t)got < room - len ? (size_t)got : room - len - 1;
	if (suffix && room - len > sizeof(": ")) {
		got = snprintf(line + len, room - len, ": %s", suffix);
		if (got > 0)
			len += (size_t)got < room - len ? (size_t)got : room - len - 1;
	}
	disarm(line, len);
	line[len++] = '\n';
	atomic_fetch_add_explicit(&nr_lines, 1, memory_order_relaxed);
	/* stderr gone is no reason to stop profiling. */
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		;
}

#define DEFINE_LOG(name, condition, prefix)             \
	void name(const char *format, ...)              \
	{                                               \
		int saved_errno = errno;                \
		va_list args;                           \
                                                        \
		if (!(condition))                       \
			return;                         \
		va_start(args, format);                 \
		write_line(prefix, format, args, NULL); \
		va_end(args);                           \
		errno = saved_errno;                    \
	}

DEFINE_LOG(log_error, true, "ctrace: ")
DEFINE_LOG(log_warning, is_loud(LOG_NORMAL), "ctrace: ")
DEFINE_LOG(log_info, is_loud(LOG_NORMAL), "ctrace: ")
DEFINE_LOG(log_verbose, is_loud(LOG_VERBOSE), "ctrace: ")
DEFINE_LOG(log_debug, is_loud(LOG_DEBUG), "ctrace: ")
DEFINE_LOG(log_hint, true, "hint: ")

int log_errno(int err, const char *format, ...)
{
	const char *text;
	char buffer[128];
	va_list args;

	if (err < 0)
		err = -err;
	text = strerror_r(err, buffer, sizeof(buffer));
	va_start(args, format);
	write_line("ctrace: ", format, args, text);
	va_end(args);
	return -err;
}
