/* SPDX-License-Identifier: MIT */
#include "cli/live_line.h"

#include "cli/terminal_lines.h"
#include "common/alloc.h"
#include "common/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define QUIET_UPDATES  2 /* so many pass first: what writes at all mostly does so early */
#define NR_STANDARD    3 /* descriptors a program has its terminal on */
#define ERASE_ABOVE    "\033[A\r\033[K"
#define MAX_STATISTICS 1024

struct live_line {
	int fd;
	dev_t terminal;
	pid_t pids[LIVE_LINE_MAX_PIDS], holders[LIVE_LINE_MAX_PIDS]; /* those with the terminal */
	size_t nr_pids, nr_holders, nr_started;
	unsigned int nr_updates;
	bool shown;
	bool given_up;		  /* somebody wrote: where the cursor is nobody knows any more */
	unsigned int nr_messages; /* of ctrace's own when it was shown */
};

struct live_line *live_line_new(int fd)
{
	struct live_line *line;
	struct stat st;

	if (!isatty(fd) || fstat(fd, &st) < 0)
		return NULL;
	line = xcalloc(1, sizeof(*line));
	line->fd = fd;
	line->terminal = st.st_rdev;
	return line;
}

static bool has_terminal(pid_t pid, dev_t terminal)
{
	for (int fd = 0; fd < NR_STANDARD; fd++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		if (stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == terminal)
			return true;
	}
	return false;
}

/* Has the process never called write()?  Of the dead only that is left, until they are reaped. */
static bool has_been_silent(pid_t pid)
{
	char path[64], text[MAX_STATISTICS];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	return strstr(text, "syscw: 0\n") != NULL;
}

static bool is_among(pid_t pid, const pid_t *pids, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static bool have_been_silent(const pid_t *pids, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!has_been_silent(pids[i]))
			return false;
	return true;
}

/* Is nobody known to have written, and has nobody come and gone unseen? */
static bool is_silent(struct live_line *line, const pid_t *pids, size_t nr, size_t nr_started)
{
	pid_t holders[LIVE_LINE_MAX_PIDS];
	size_t nr_holders = 0, nr_new = 0;
	bool silent = have_been_silent(line->holders, line->nr_holders);

	if (nr > LIVE_LINE_MAX_PIDS)
		return false;
	for (size_t i = 0; i < nr; i++) {
		if (!is_among(pids[i], line->pids, line->nr_pids))
			nr_new++;
		if (has_terminal(pids[i], line->terminal))
			holders[nr_holders++] = pids[i];
	}
	silent = silent && nr_started - line->nr_started == nr_new &&
		 have_been_silent(holders, nr_holders);
	memcpy(line->holders, holders, nr_holders * sizeof(*holders));
	memcpy(line->pids, pids, nr * sizeof(*pids));
	line->nr_holders = nr_holders;
	line->nr_pids = nr;
	line->nr_started = nr_started;
	return silent;
}

static bool is_in_line_mode(int fd)
{
	struct termios settings;

	return tcgetattr(fd, &settings) == 0 && (settings.c_lflag & ICANON);
}

/* In the background it is somebody else's terminal. */
static bool is_in_foreground(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group < 0 || group == getpgrp();
}

static void write_text(const struct live_line *line, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t written = write(line->fd, text, len);

		if (written < 0 && errno != EINTR)
			return;
		text += written > 0 ? written : 0;
		len -= written > 0 ? (size_t)written : 0;
	}
}

/* Is the line the last one on the terminal, as far as ctrace's own messages go? */
static bool is_last(const struct live_line *line)
{
	return line->shown && line->nr_messages == log_nr_lines();
}

static void erase(struct live_line *line)
{
	if (is_last(line))
		write_text(line, ERASE_ABOVE);
	line->shown = false;
}

/* It ends with a newline: whoever writes next begins on a line of their own. */
static void show(struct live_line *line, const char *text)
{
	_cleanup_free_ char *shown = NULL;
	size_t size;
	FILE *out = open_memstream(&shown, &size);

	if (!out)
		die_oom();
	if (is_last(line))
		fputs(ERASE_ABOVE, out);
	terminal_lines_put(text, terminal_lines_width(stderr), out);
	fputc('\n', out);
	if (fclose(out))
		die_oom();
	write_text(line, shown);
	line->shown = true;
	line->nr_messages = log_nr_lines();
}

void live_line_update(struct live_line *line, const char *text, const pid_t *pids, size_t nr_pids,
		      size_t nr_started)
{
	if (line->given_up)
		return;
	if (!is_silent(line, pids, nr_pids, nr_started)) {
		line->given_up = true;
		return;
	}
	if (!is_in_line_mode(line->fd) || !is_in_foreground(line->fd))
		erase(line);
	else if (line->nr_updates++ >= QUIET_UPDATES)
		show(line, text);
}

void live_line_free(struct live_line *line)
{
	if (!line)
		return;
	if (!line->given_up && have_been_silent(line->holders, line->nr_holders))
		erase(line);
	free(line);
}
