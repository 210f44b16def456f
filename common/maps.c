/* SPDX-License-Identifier: MIT */
#include "common/maps.h"

#include "common/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

static const char deleted_suffix[] = " (deleted)";

/* Reads digits of @base at *p, which it moves behind them and behind the character @end. */
static bool scan_number(char **p, unsigned int base, char end, uint64_t *ret_value)
{
	uint64_t value = 0;
	char *s = *p;

	for (;; s++) {
		unsigned int digit;

		if (*s >= '0' && *s <= '9')
			digit = (unsigned int)(*s - '0');
		else if (base == 16 && *s >= 'a' && *s <= 'f')
			digit = (unsigned int)(*s - 'a') + 10;
		else
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	if (s == *p || *s != end)
		return false;
	*p = s + (end != '\0');
	*ret_value = value;
	return true;
}

static bool scan_permissions(char **p, struct maps_entry *entry)
{
	const char *s = *p;

	if (strnlen(s, 5) < 5 || s[4] != ' ')
		return false;
	entry->read = s[0] == 'r';
	entry->write = s[1] == 'w';
	entry->exec = s[2] == 'x';
	entry->shared = s[3] == 's';
	*p += 5;
	return true;
}

/* The kernel escapes newlines only (seq_file_path(m, file, "\n")); other backslashes are real. */
static void unescape_newlines(char *path)
{
	char *out = path;

	for (const char *in = path; *in; out++) {
		if (strncmp(in, "\\012", 4) == 0) {
			*out = '\n';
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

static bool parse_line(char *line, struct maps_entry *entry)
{
	uint64_t major, minor;
	char *p = line;
	size_t len;

	memset(entry, 0, sizeof(*entry));
	if (!scan_number(&p, 16, '-', &entry->start) || !scan_number(&p, 16, ' ', &entry->end) ||
	    !scan_permissions(&p, entry) || !scan_number(&p, 16, ' ', &entry->off) ||
	    !scan_number(&p, 16, ':', &major) || !scan_number(&p, 16, ' ', &minor))
		return false;
	/* A mapping without a path ends in a space, or right after the inode. */
	if (!scan_number(&p, 10, ' ', &entry->inode) && !scan_number(&p, 10, '\0', &entry->inode))
		return false;
	if (entry->start > entry->end || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	entry->dev_major = (uint32_t)major;
	entry->dev_minor = (uint32_t)minor;

	p += strspn(p, " ");
	len = strlen(p);
	if (*p == '/' && len > sizeof(deleted_suffix) - 1 &&
	    strcmp(p + len - (sizeof(deleted_suffix) - 1), deleted_suffix) == 0) {
		entry->deleted = true;
		p[len - (sizeof(deleted_suffix) - 1)] = '\0';
	}
	unescape_newlines(p);
	entry->path = p;
	return true;
}

int maps_parse(FILE *file, int (*fn)(const struct maps_entry *entry, void *arg), void *arg)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0, nr = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, file)) > 0) {
		struct maps_entry entry;
		int ret;

		if (++nr > MAPS_MAX_LINES)
			return -E2BIG;
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (strlen(line) != (size_t)len || !parse_line(line, &entry))
			return -EBADMSG;
		ret = fn(&entry, arg);
		if (ret)
			return ret;
	}
	return ferror(file) ? -EIO : 0;
}
