/* SPDX-License-Identifier: MIT */
/*
 * What ctrace says on stderr.  One message is one write, so lines of threads never mix.  Controls
 * in it, as of an escape sequence in a name, are written as '?'.  Libraries use log_debug() only;
 * the first caller in loader/ or cli/ that knows the noun reports, once.
 */
#ifndef CTRACE_COMMON_LOG_H
#define CTRACE_COMMON_LOG_H

enum log_level {
	LOG_QUIET, /* -q: errors only */
	LOG_NORMAL,
	LOG_VERBOSE, /* -v */
	LOG_DEBUG,   /* -vv */
};

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* Messages printed so far, for who shows something else on the same terminal. */
unsigned int log_nr_lines(void);

/* "ctrace: <message>".  log_error always prints; the others from the level that names them. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "hint: <message>", the cure after an error. */
void log_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * "ctrace: <message>: <text of errno err>"; @err may be negative or positive.  Returns the
 * negative errno, so that a function can end with "return log_errno(err, ...)".
 */
int log_errno(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
