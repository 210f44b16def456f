/* SPDX-License-Identifier: MIT */
#include "loader/uprobe_event.h"

#include "common/alloc.h"
#include "common/log.h"
#include "common/number.h"
#include "loader/time.h"
#include "loader/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define GROUP	      "ctrace"
#define MAX_NAME      64   /* MAX_EVENT_NAME_LEN of the kernel */
#define MAX_BATCH     3840 /* WRITE_BUFSIZE of the kernel is 4096, and it cuts at lines */
#define MAX_LEFTOVERS 65536

struct uprobe_event {
	char name[MAX_NAME];
	int tracefs_fd;
	uint64_t id;
};

static int open_definitions(int tracefs_fd, int flags)
{
	int fd = openat(tracefs_fd, "uprobe_events", flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t written = write(fd, text, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		len -= (size_t)written;
	}
	return 0;
}

static int remove_definition(int definitions_fd, const char *name)
{
	char line[MAX_NAME + sizeof("-:" GROUP "/\n")];
	int ret;

	snprintf(line, sizeof(line), "-:%s/%s\n", GROUP, name);
	ret = write_all(definitions_fd, line);
	if (ret == 0 || ret == -ENOENT)
		return 0;
	log_debug("cannot remove the uprobe event %s: %s", name, strerror(-ret));
	return ret;
}

/* "p:ctrace/c123_..." or "r:...": the number of the process that made it, else 0. */
static pid_t owner_of(const char *line, const char **ret_name)
{
	static const char prefix[] = ":" GROUP "/c";
	char digits[16];
	uint64_t pid;
	size_t len;

	if ((line[0] != 'p' && line[0] != 'r') || strncmp(line + 1, prefix, strlen(prefix)))
		return 0;
	*ret_name = line + strlen(prefix);
	len = strspn(*ret_name + 1, "0123456789");
	if (len >= sizeof(digits) || (*ret_name)[1 + len] != '_')
		return 0;
	memcpy(digits, *ret_name + 1, len);
	digits[len] = '\0';
	return parse_uint(digits, 1, INT32_MAX, &pid) < 0 ? 0 : (pid_t)pid;
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/*
 * Removes the events of @owner; 0: of everybody who is gone.  Returns how many could not be.  One
 * in use by a ctrace whose number we cannot see (a container's) stays: it is busy.
 */
static int clear(int tracefs_fd, pid_t owner)
{
	_cleanup_close_ int writing = open_definitions(tracefs_fd, O_WRONLY | O_APPEND);
	int reading = open_definitions(tracefs_fd, O_RDONLY);
	_cleanup_fclose_ FILE *file = reading < 0 ? NULL : fdopen(reading, "r");
	_cleanup_free_ char *line = NULL;
	char last[MAX_NAME] = "";
	const char *name;
	size_t cap = 0;
	int nr_left = 0;

	for (size_t i = 0; writing >= 0 && file && i < MAX_LEFTOVERS; i++) {
		pid_t pid;

		if (getline(&line, &cap, file) < 0)
			break;
		pid = owner_of(line, &name);
		if (!pid || (owner ? pid != owner : !is_gone(pid)))
			continue;
		line[name - line + (ptrdiff_t)strcspn(name, " ")] = '\0';
		if (strlen(name) >= sizeof(last) || !strcmp(name, last))
			continue; /* one line for each place, one removal for all */
		strcpy(last, name);
		nr_left += remove_definition(writing, name) < 0;
	}
	return nr_left;
}

int uprobe_event_clear(pid_t pid)
{
	_cleanup_close_ int tracefs_fd = tracefs_open();

	return tracefs_fd < 0 ? 0 : clear(tracefs_fd, pid);
}

/* The kernel looks up the file by a path that may hold no space: a descriptor's has none. */
static int define(const struct uprobe_event *event, int file_fd, const uint64_t *offs, size_t nr,
		  char type)
{
	_cleanup_close_ int fd = open_definitions(event->tracefs_fd, O_WRONLY | O_APPEND);
	char batch[MAX_BATCH + 1];
	size_t len = 0;
	int ret = 0;

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < nr; i++) {
		char line[256];
		int size = snprintf(line, sizeof(line), "%c:%s/%s /proc/self/fd/%d:0x%" PRIx64 "\n",
				    type, GROUP, event->name, file_fd, offs[i]);

		if (len + (size_t)size > MAX_BATCH) {
			ret = write_all(fd, batch);
			if (ret < 0)
				return ret;
			len = 0;
		}
		memcpy(batch + len, line, (size_t)size + 1);
		len += (size_t)size;
	}
	return len ? write_all(fd, batch) : 0;
}

int uprobe_event_new(int file_fd, const uint64_t *offs, size_t nr, bool returns,
		     struct uprobe_event **ret_event)
{
	_cleanup_(uprobe_event_freep) struct uprobe_event *event = xcalloc(1, sizeof(*event));
	int ret;

	event->tracefs_fd = tracefs_open();
	if (event->tracefs_fd < 0)
		return event->tracefs_fd;
	clear(event->tracefs_fd, 0);
	/* the time tells apart the probes of a run and of runs with one number */
	snprintf(event->name, sizeof(event->name), "c%d_%" PRIx64, getpid(), time_now_ns());
	ret = define(event, file_fd, offs, nr, returns ? 'r' : 'p');
	if (ret == 0)
		ret = tracefs_event_id(event->tracefs_fd, GROUP, event->name, &event->id);
	if (ret < 0)
		return ret;
	*ret_event = TAKE_PTR(event);
	return 0;
}

void uprobe_event_free(struct uprobe_event *event)
{
	if (!event)
		return;
	if (event->name[0]) {
		_cleanup_close_ int fd = open_definitions(event->tracefs_fd, O_WRONLY | O_APPEND);

		if (fd >= 0)
			remove_definition(fd, event->name);
	}
	cleanup_closep(&event->tracefs_fd);
	free(event);
}

uint64_t uprobe_event_id(const struct uprobe_event *event)
{
	return event->id;
}
