/* SPDX-License-Identifier: MIT */
#include "flamegraph/perf_script.h"

#include <ctype.h>
#include <stdlib.h>

#define SNIFFED_LINES	200 /* --header prints some before the first sample */
#define MIN_ADDRESS	4   /* digits, where nothing else tells that it is one */
#define KERNEL_HALF	16  /* digits of an address that begins with f */
#define EVENT_MODIFIERS "ukhHGpPSDIeWbR"
#define INLINED		"(inlined)"
#define WITHOUT_SYMBOL	"[unknown]"

static struct text_piece piece(const char *text, size_t len)
{
	return (struct text_piece){text, len};
}

static bool equals(struct text_piece a, const char *text)
{
	return a.len == strlen(text) && !memcmp(a.text, text, a.len);
}

static bool begins_with(struct text_piece a, const char *text)
{
	return a.len >= strlen(text) && !memcmp(a.text, text, strlen(text));
}

static bool ends_with(struct text_piece a, const char *text)
{
	size_t len = strlen(text);

	return a.len >= len && !memcmp(a.text + a.len - len, text, len);
}

static size_t count_of(struct text_piece a, int (*is_one)(int c))
{
	size_t nr = 0;

	while (nr < a.len && is_one((unsigned char)a.text[nr]))
		nr++;
	return nr;
}

/* Cuts the last word off. */
static struct text_piece take_last_word(struct text_piece *line)
{
	struct text_piece rest = text_piece_trimmed(line->text, line->len);
	size_t start = rest.len;

	while (start && !text_is_blank(rest.text[start - 1]))
		start--;
	*line = text_piece_trimmed(rest.text, start);
	return piece(rest.text + start, rest.len - start);
}

static struct text_piece take_first_word(struct text_piece *line)
{
	struct text_piece rest = text_piece_trimmed(line->text, line->len);
	size_t len = 0;

	while (len < rest.len && !text_is_blank(rest.text[len]))
		len++;
	*line = text_piece_trimmed(rest.text + len, rest.len - len);
	return piece(rest.text, len);
}

/* "4711" or "4711/4712". */
static bool is_pid(struct text_piece word)
{
	size_t digits = count_of(word, isdigit);

	if (!digits)
		return false;
	if (digits < word.len && word.text[digits] == '/') {
		size_t more = count_of(piece(word.text + digits + 1, word.len - digits - 1),
				       isdigit);

		return more && digits + 1 + more == word.len;
	}
	return digits == word.len;
}

/* "100.100000:" */
static bool is_time(struct text_piece word)
{
	size_t digits = count_of(word, isdigit);
	size_t more;

	if (!digits || digits + 2 >= word.len || word.text[digits] != '.')
		return false;
	more = count_of(piece(word.text + digits + 1, word.len - digits - 1), isdigit);
	return more && digits + 1 + more + 1 == word.len && word.text[word.len - 1] == ':';
}

/* "[003]" */
static bool is_cpu(struct text_piece word)
{
	return word.len > 2 && word.text[0] == '[' && word.text[word.len - 1] == ']' &&
	       count_of(piece(word.text + 1, word.len - 2), isdigit) == word.len - 2;
}

static bool is_number(struct text_piece word)
{
	return word.len && count_of(word, isdigit) == word.len;
}

static bool is_event(struct text_piece word)
{
	return word.len > 1 && word.text[word.len - 1] == ':' &&
	       !isdigit((unsigned char)*word.text);
}

/* Who ran, in what stands before the time; false: nothing like it is there. */
static bool read_comm(struct text_piece left, struct perf_line *line)
{
	struct text_piece rest = left, word = take_last_word(&rest);

	if (is_cpu(word)) {
		left = rest;
		word = take_last_word(&rest);
	}
	line->may_be_none = !is_pid(word);
	if (line->may_be_none) {
		line->comm = left;
		return left.len > 0;
	}
	/* Without a comm the number has to do. */
	line->comm = rest.len ? rest : word;
	return true;
}

static bool is_kernel(struct text_piece address, struct text_piece dso)
{
	if (!dso.len)
		return address.len >= KERNEL_HALF && address.text[0] == 'f';
	if (dso.len > 2 && dso.text[0] == '[')
		return !equals(dso, "[vdso]") && !equals(dso, "[vsyscall]") &&
		       !equals(dso, "[heap]") && !equals(dso, "[stack]") &&
		       !begins_with(dso, "[anon") && !begins_with(dso, "[JIT]") &&
		       (!equals(dso, WITHOUT_SYMBOL) ||
			(address.len >= KERNEL_HALF && address.text[0] == 'f'));
	return ends_with(dso, ".ko") || ends_with(dso, ".ko.xz") || ends_with(dso, ".ko.zst") ||
	       ends_with(dso, ".ko.gz") || ends_with(dso, "/vmlinux");
}

/* Where perf has its names of just-in-time compiled code from. */
static bool is_jit(struct text_piece dso)
{
	return begins_with(dso, "[JIT]") ||
	       (begins_with(dso, "/tmp/perf-") && ends_with(dso, ".map")) ||
	       (begins_with(dso, "/") && memmem(dso.text, dso.len, "/jitted-", 8) &&
		ends_with(dso, ".so"));
}

/* Cuts " (dso)" off the end, whatever brackets a path may hold. */
static struct text_piece take_dso(struct text_piece *line)
{
	size_t open = 0;

	if (!line->len || line->text[line->len - 1] != ')')
		return piece("", 0);
	for (size_t at = line->len; at-- > 0;) {
		open += line->text[at] == ')';
		open -= line->text[at] == '(';
		if (open)
			continue;
		/* "f(int)" is a name. */
		if (!at || !text_is_blank(line->text[at - 1]))
			break;
		{
			struct text_piece dso = piece(line->text + at + 1, line->len - at - 2);

			*line = text_piece_trimmed(line->text, at);
			return dso;
		}
	}
	return piece("", 0);
}

static struct text_piece without_offset(struct text_piece name)
{
	size_t at = name.len;

	while (at && isxdigit((unsigned char)name.text[at - 1]))
		at--;
	if (at > 3 && at < name.len && !memcmp(name.text + at - 3, "+0x", 3))
		name.len = at - 3;
	return name;
}

static struct text_piece base_name(struct text_piece path)
{
	const char *slash = memrchr(path.text, '/', path.len);

	if (!slash)
		return path;
	return piece(slash + 1, path.len - (size_t)(slash + 1 - path.text));
}

/* "55d0aa001139 spin+0x10 (/opt/demo/demo)" */
static bool read_frame(struct text_piece line, struct perf_frame *frame)
{
	struct text_piece address = take_first_word(&line);
	struct text_piece dso;

	if (begins_with(address, "0x"))
		address = piece(address.text + 2, address.len - 2);
	if (!address.len || count_of(address, isxdigit) != address.len || !line.len)
		return false;
	frame->suffix = "";
	if (ends_with(line, INLINED)) {
		frame->suffix = "_[i]";
		line = text_piece_trimmed(line.text, line.len - strlen(INLINED));
	}
	dso = take_dso(&line);
	if (is_kernel(address, dso))
		frame->suffix = "_[k]";
	else if (is_jit(dso))
		frame->suffix = "_[j]";
	frame->name = without_offset(line);
	frame->is_module = equals(line, WITHOUT_SYMBOL) && dso.len && *dso.text != '[';
	if (frame->is_module) {
		frame->name = base_name(dso);
		frame->suffix = "";
	}
	return frame->name.len > 0;
}

/* "250000 cpu-clock:u:  55d0aa001139 spin+0x10 (/opt/demo/demo)" */
static bool read_event(struct text_piece right, struct perf_line *line)
{
	struct text_piece rest = right, word = take_first_word(&rest);

	if (is_number(word)) {
		right = rest;
		word = take_first_word(&rest);
	}
	/* Without an event there is at most a frame; what mapped or forked is no sample. */
	if (!is_event(word))
		return !right.len || (ends_with(right, ")") && read_frame(right, &line->frame));
	if (begins_with(word, "PERF_RECORD_"))
		return false;
	line->event = piece(word.text, word.len - 1);
	/* What a tracepoint tells is no frame. */
	if (ends_with(rest, ")"))
		read_frame(rest, &line->frame);
	return true;
}

/* With the time in it, which nothing else looks like. */
static bool read_timed_sample(struct text_piece text, struct perf_line *line, bool *ret_has_time)
{
	struct text_piece rest = text;

	while (rest.len) {
		struct text_piece word = take_first_word(&rest);

		if (!is_time(word))
			continue;
		*ret_has_time = true;
		if (!read_comm(text_piece_trimmed(text.text, (size_t)(word.text - text.text)),
			       line))
			return false;
		line->may_be_none = false;
		return read_event(rest, line);
	}
	return false;
}

/* "demo 4711 250000 cycles:" or less: only believed where a sample may begin. */
static bool read_loose_sample(struct text_piece text, struct perf_line *line)
{
	struct text_piece rest = text, word = take_last_word(&rest), before;

	if (is_event(word)) {
		line->event = piece(word.text, word.len - 1);
		text = rest;
		word = take_last_word(&rest);
		before = rest;
		/* Of two numbers the second is the period. */
		if (is_number(word) && is_pid(take_last_word(&before)))
			text = rest;
	}
	if (!read_comm(text, line))
		return false;
	line->may_be_none &= !line->event.len;
	return true;
}

/* A frame as it stands below a sample: indented, with an address of some length. */
static bool looks_like_frame(struct text_piece line)
{
	struct perf_frame frame;
	struct text_piece rest = line, address = take_first_word(&rest);

	return line.len && text_is_blank(*line.text) && address.len >= MIN_ADDRESS &&
	       read_frame(line, &frame);
}

/* perf script -F ip,sym prints nothing else; the names of threads never begin with a tab. */
static bool is_lone_frame(struct text_piece line)
{
	return line.len && *line.text == '\t' && looks_like_frame(line);
}

struct perf_line perf_script_line(const char *text, size_t len, bool in_sample)
{
	struct text_piece trimmed = text_piece_trimmed(text, len);
	const struct perf_line nothing = {
		.kind = PERF_LINE_OTHER,
		.comm = {"", 0},
		.event = {"", 0},
		.frame = {.name = {"", 0}, .suffix = ""},
	};
	struct perf_line line = nothing;
	bool has_time = false;

	if (!trimmed.len) {
		line.kind = PERF_LINE_END;
		return line;
	}
	if (*text == '#')
		return line;
	if (read_timed_sample(trimmed, &line, &has_time)) {
		line.kind = PERF_LINE_SAMPLE;
		return line;
	}
	line = nothing;
	if (has_time)
		return line;
	if (in_sample && text_is_blank(*text)) {
		if (read_frame(trimmed, &line.frame))
			line.kind = PERF_LINE_FRAME;
		return line;
	}
	if (is_lone_frame(piece(text, len))) {
		read_frame(trimmed, &line.frame);
		line.kind = PERF_LINE_FRAME;
		return line;
	}
	if (read_loose_sample(trimmed, &line))
		line.kind = PERF_LINE_SAMPLE;
	return line;
}

bool perf_script_sniff(const char *text, size_t len)
{
	struct text_piece rest = {text, len};
	bool may_begin = true, begun = false;

	for (int i = 0; i < SNIFFED_LINES && rest.len; i++) {
		struct text_piece line = text_piece_line(&rest);
		struct perf_line parsed;

		if ((begun && looks_like_frame(line)) || (may_begin && is_lone_frame(line)))
			return true;
		parsed = perf_script_line(line.text, line.len, !may_begin);
		begun = parsed.kind == PERF_LINE_SAMPLE;
		if (begun && parsed.frame.name.len)
			return true;
		may_begin = parsed.kind == PERF_LINE_END || (may_begin && *line.text == '#');
	}
	return false;
}

/* "cpu_atom/cycles/u" is cycles. */
static struct text_piece plain_event(struct text_piece event)
{
	const char *slash = memchr(event.text, '/', event.len);
	const char *colon = memrchr(event.text, ':', event.len);
	size_t i;

	if (slash && begins_with(event, "cpu_")) {
		struct text_piece rest = piece(slash + 1,
					       event.len - (size_t)(slash + 1 - event.text));
		const char *end = memchr(rest.text, '/', rest.len);

		return end ? piece(rest.text, (size_t)(end - rest.text)) : rest;
	}
	if (!colon)
		return event;
	for (i = (size_t)(colon + 1 - event.text); i < event.len; i++) {
		if (!strchr(EVENT_MODIFIERS, event.text[i]) || !event.text[i])
			return event;
	}
	return piece(event.text, (size_t)(colon - event.text));
}

bool perf_script_same_event(struct text_piece a, struct text_piece b)
{
	a = plain_event(a);
	b = plain_event(b);
	return a.len == b.len && !memcmp(a.text, b.text, a.len);
}
