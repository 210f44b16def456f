/* SPDX-License-Identifier: MIT */
#include "flamegraph/terminal.h"

#include "common/frame.h"
#include "flamegraph/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_knows_colours(void)
{
	const char *forbidden = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return !(forbidden && *forbidden) && terminal && strcmp(terminal, "dumb") != 0;
}

bool terminal_has_colours(FILE *out)
{
	int fd = fileno(out);

	return fd >= 0 && isatty(fd) && terminal_knows_colours();
}

const char *terminal_kind_colour(bool colours, unsigned int kind)
{
	if (!colours)
		return "";
	switch (kind) {
	case FRAME_KIND_KERNEL:
		return "\033[33m";
	case FRAME_KIND_INLINED:
		return "\033[36m";
	case FRAME_KIND_JIT:
		return "\033[32m";
	case FRAME_KIND_MODULE:
	case FRAME_KIND_UNKNOWN:
		return "\033[90m";
	case FRAME_KIND_MARK:
		return "\033[1m";
	default:
		return "";
	}
}

/* perf's steps: from 5 % hot, from 0.5 % warm. */
const char *terminal_share_colour(bool colours, double percent)
{
	if (!colours)
		return "";
	return percent >= 5 ? "\033[31m" : percent >= 0.5 ? "\033[32m" : "\033[90m";
}

const char *terminal_change_colour(bool colours, double change)
{
	if (!colours)
		return "";
	return change > 0 ? "\033[31m" : "\033[34m";
}

const char *terminal_plain(bool colours)
{
	return colours ? "\033[0m" : "";
}

void terminal_put_name(FILE *out, const char *name)
{
	size_t len = strlen(name);

	while (len) {
		uint32_t character;
		size_t nr = utf8_decode(name, len, &character);
		char bytes[UTF8_MAX];

		if (utf8_is_control(character))
			character = '?';
		fwrite(bytes, 1, utf8_encode(character, bytes), out);
		name += nr;
		len -= nr;
	}
}
