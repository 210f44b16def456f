/* SPDX-License-Identifier: MIT */
#include "cli/terminal_lines.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#define ELLIPSIS     "..."
#define COLOUR_RESET "\033[0m"

size_t terminal_lines_width(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return SIZE_MAX;
	return size.ws_col;
}

/* Bytes of an escape sequence "ESC [ ... letter" at @text, or 0. */
static size_t escape_size(const char *text, size_t len)
{
	size_t at = 2;

	if (len < 2 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (at < len && (text[at] < '@' || text[at] > '~'))
		at++;
	return at < len ? at + 1 : len;
}

static size_t character_size(const char *text, size_t len)
{
	size_t size = 1;

	while (size < len && ((unsigned char)text[size] & 0xc0) == 0x80)
		size++;
	return size;
}

/* How far the first @width columns reach; @ret_columns: how many the whole line has. */
static size_t measure(const char *line, size_t len, size_t width, size_t *ret_columns)
{
	size_t columns = 0, end = len;

	for (size_t at = 0; at < len;) {
		size_t escape = escape_size(line + at, len - at);

		if (!escape && columns++ == width)
			end = at;
		at += escape ? escape : character_size(line + at, len - at);
	}
	*ret_columns = columns;
	return end;
}

static void put_line(const char *line, size_t len, size_t width, FILE *out)
{
	const size_t dots = strlen(ELLIPSIS);
	size_t columns, end;

	measure(line, len, width, &columns);
	if (columns <= width || width <= dots) {
		fwrite(line, 1, len, out);
		return;
	}
	end = measure(line, len, width - dots, &columns);
	fwrite(line, 1, end, out);
	fputs(ELLIPSIS, out);
	if (memchr(line, '\033', end))
		fputs(COLOUR_RESET, out);
}

void terminal_lines_put(const char *text, size_t width, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		put_line(text, len, width, out);
		text += len;
		if (*text == '\n') {
			putc('\n', out);
			text++;
		}
	}
}
