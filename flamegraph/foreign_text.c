/* SPDX-License-Identifier: MIT */
#include "flamegraph/foreign_text.h"

#include "flamegraph/folded_line.h"
#include "flamegraph/text_piece.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LOOKED_AT     ((size_t)16 << 10)
#define MAGIC_BYTES   16 /* binary files have a zero among these */
#define SNIFFED_LINES 20
#define PPROF_FIELDS  15 /* of profile.proto's Profile */
#define MIN_FIELDS    3
#define MIN_CONTROLS  4	 /* bytes of no text, in what is looked at; names may have some, */
#define CONTROL_SHARE 20 /* but not every 20th byte */

/* How a kind is known: by its beginning, or by something further on as well. */
struct mark {
	const char *beginning; /* NULL: any */
	const char *inside;    /* NULL: nothing */
	struct foreign_text kind;
};

static const struct mark binary_marks[] = {
	{"PERFILE2", NULL, {"a recording of perf's", "perf script -i FILE | ctrace flamegraph"}},
	{"PERFFILE",
	 NULL,
	 {"a recording of an old perf's", "perf script -i FILE | ctrace flamegraph"}},
	{"\177ELF", NULL, {"a program or library (ELF)", "ctrace -- FILE profiles a program"}},
	{"FLR",
	 NULL,
	 {"a recording of Java's Flight Recorder",
	  "async-profiler's jfrconv folds it: jfrconv FILE out.collapsed"}},
	{"\x17\x08"
	 "Dtracing",
	 NULL,
	 {"a recording of trace-cmd's",
	  "trace-cmd report FILE shows it; it has no stacks to fold"}},
	{"gmon", NULL, {"gprof's gmon.out", "it has no stacks; ctrace -- PROGRAM records some"}},
	{"\x89PNG",
	 NULL,
	 {"a picture", "the stacks it was drawn from are what can be drawn again"}},
	{"PK\x03\x04",
	 NULL,
	 {"a zip archive", "unzip -p FILE | ctrace flamegraph, if stacks are in it"}},
	{"BZh", NULL, {"packed by bzip2", "bunzip2 -c FILE | ctrace flamegraph"}},
	{"\xfd"
	 "7zXZ",
	 NULL,
	 {"packed by xz", "xz -dc FILE | ctrace flamegraph"}},
	{"SQLite format 3", NULL, {"a database", "its stacks have to be selected from it first"}},
};

static const struct mark text_marks[] = {
	{"# To display the perf.data header info",
	 NULL,
	 {"what perf report prints", "perf script -i perf.data | ctrace flamegraph"}},
	{NULL,
	 "\n# Overhead ",
	 {"what perf report prints", "perf script -i perf.data | ctrace flamegraph"}},
	{"# callgrind format",
	 NULL,
	 {"callgrind's profile",
	  "it has calls but no stacks; kcachegrind and callgrind_annotate show it"}},
	{NULL,
	 "\ncreator: callgrind",
	 {"callgrind's profile",
	  "it has calls but no stacks; kcachegrind and callgrind_annotate show it"}},
	{"PeriodType:",
	 NULL,
	 {"what go tool pprof -raw prints", "stackcollapse-go.pl FILE | ctrace flamegraph"}},
	{NULL,
	 "-----------+----",
	 {"what go tool pprof -traces prints",
	  "go tool pprof -raw cpu.pb.gz | stackcollapse-go.pl | ctrace flamegraph"}},
	{NULL,
	 "Full thread dump",
	 {"a thread dump of Java's", "stackcollapse-jstack.pl FILE | ctrace flamegraph"}},
	{"#0  ", NULL, {"a backtrace of gdb's", "stackcollapse-gdb.pl FILE | ctrace flamegraph"}},
	{NULL,
	 "\n#0  0x",
	 {"backtraces of gdb's", "stackcollapse-gdb.pl FILE | ctrace flamegraph"}},
	{"PID ",
	 "\nTID ",
	 {"stacks of eu-stack's", "stackcollapse-elfutils.pl FILE | ctrace flamegraph"}},
	{"Analysis of sampling",
	 NULL,
	 {"a report of macOS's sample", "stackcollapse-sample.awk FILE | ctrace flamegraph"}},
};

static const struct mark json_marks[] = {
	{NULL,
	 "speedscope.app/file-format-schema",
	 {"a profile for speedscope",
	  "jq -r '.shared.frames as $f | .profiles[] | [.samples, .weights] | transpose[] | "
	  "(.[0] | map($f[.].name) | join(\";\")) + \" \" + (.[1] | tostring)' FILE | ctrace "
	  "flamegraph"}},
	{NULL,
	 "\"traceEvents\"",
	 {"a trace for Chrome", "stackcollapse-chrome-tracing.py FILE | ctrace flamegraph"}},
	{NULL,
	 "\"ph\"",
	 {"a trace for Chrome", "stackcollapse-chrome-tracing.py FILE | ctrace flamegraph"}},
	{NULL,
	 "\"timeDeltas\"",
	 {"a .cpuprofile of V8's", "speedscope.app and Chrome's DevTools show it"}},
	{NULL,
	 "\"callFrame\"",
	 {"a .cpuprofile or .heapprofile of V8's", "speedscope.app and Chrome's DevTools show it"}},
	{NULL,
	 "\"preprocessedProfileVersion\"",
	 {"a profile of the Firefox Profiler's", "profiler.firefox.com shows it"}},
	{NULL,
	 "\"geckoProfile\"",
	 {"a profile of the Firefox Profiler's", "profiler.firefox.com shows it"}},
	{"{\"type\": \"",
	 NULL,
	 {"what bpftrace -f json prints", "without -f json its maps are read as they are"}},
};

static const struct foreign_text json = {"JSON",
					 "folded stacks are lines such as 'main;read;vfs_read 12'"};
static const struct foreign_text pprof = {
	"a profile for pprof", "go tool pprof -raw FILE | stackcollapse-go.pl | ctrace flamegraph"};
static const struct foreign_text perfetto = {"a trace for Perfetto", "ui.perfetto.dev shows it"};
static const struct foreign_text csv = {
	"a table with commas", "sed -E 's/, *([0-9.]+) *\\r?$/ \\1/' FILE | ctrace flamegraph"};
static const struct foreign_text binary = {"no text", "folded stacks are lines such as "
						      "'main;read;vfs_read 12'"};

static bool begins_with(struct text_piece text, const char *beginning)
{
	size_t len = strlen(beginning);

	return text.len >= len && !memcmp(text.text, beginning, len);
}

static const struct foreign_text *find_mark(const struct mark *marks, size_t nr,
					    struct text_piece text)
{
	for (size_t i = 0; i < nr; i++) {
		const struct mark *mark = &marks[i];

		if (mark->beginning && !begins_with(text, mark->beginning))
			continue;
		if (mark->inside &&
		    !memmem(text.text, text.len, mark->inside, strlen(mark->inside)))
			continue;
		return &mark->kind;
	}
	return NULL;
}

#define FIND_MARK(marks, text) find_mark(marks, sizeof(marks) / sizeof((marks)[0]), text)

static bool take_varint(struct text_piece *text, uint64_t *ret_value)
{
	*ret_value = 0;
	for (unsigned int shift = 0; text->len && shift < 64; shift += 7) {
		uint8_t byte = (uint8_t)*text->text++;

		text->len--;
		*ret_value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* Profiles and traces are messages that are told by their fields alone. */
static const struct foreign_text *find_message(struct text_piece text)
{
	bool only_packets = true;
	size_t nr = 0;

	while (text.len) {
		uint64_t tag, value;

		if (!take_varint(&text, &tag) || !take_varint(&text, &value))
			break;
		if (!(tag >> 3) || tag >> 3 > PPROF_FIELDS || ((tag & 7) != 0 && (tag & 7) != 2))
			return NULL;
		only_packets &= tag == (1 << 3 | 2);
		nr++;
		if ((tag & 7) == 0)
			continue;
		if (value > text.len)
			break;
		text.text += value;
		text.len -= value;
	}
	if (nr < MIN_FIELDS)
		return NULL;
	return only_packets ? &perfetto : &pprof;
}

static bool is_binary(struct text_piece text)
{
	size_t nr = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.text[i];

		nr += byte < ' ' && !isspace(byte) && byte != '\033';
	}
	return nr >= MIN_CONTROLS && nr >= text.len / CONTROL_SHARE;
}

/* "{ "..." or "[ {": no name of a function begins so. */
static bool is_json(struct text_piece text)
{
	size_t at = 1;

	if (!text.len || (*text.text != '{' && *text.text != '['))
		return false;
	while (at < text.len && isspace((unsigned char)text.text[at]))
		at++;
	return at < text.len && text.text[at] == (*text.text == '{' ? '"' : '{');
}

/* "main;f,3", and no line with a count behind a blank. */
static bool is_csv(struct text_piece text)
{
	size_t nr = 0, nr_lines = 0;

	for (int i = 0; i < SNIFFED_LINES && text.len; i++) {
		struct text_piece line = text_piece_line(&text);
		struct folded_line folded;
		size_t digits = 0;

		line = text_piece_trimmed(line.text, line.len);
		nr_lines += line.len && *line.text != '#';
		if (folded_line_split(line.text, line.len, false, &folded) &&
		    !memchr(line.text + folded.len, ',', line.len - folded.len) &&
		    line.text[folded.start + folded.len - 1] != ',')
			return false;
		while (digits < line.len &&
		       (isdigit((unsigned char)line.text[line.len - 1 - digits])))
			digits++;
		while (digits && digits < line.len && line.text[line.len - 1 - digits] == ' ')
			digits++;
		nr += digits && digits < line.len && line.text[line.len - 1 - digits] == ',';
	}
	return nr > nr_lines / 2;
}

static bool begins_folded(struct text_piece text)
{
	struct text_piece line = text_piece_line(&text);
	struct folded_line folded;

	return folded_line_split(line.text, line.len, false, &folded);
}

static const struct foreign_text *find_binary(struct text_piece text)
{
	const struct foreign_text *found = FIND_MARK(binary_marks, text);

	if (!found)
		found = find_message(text);
	return found ? found : is_binary(text) ? &binary : NULL;
}

static const struct foreign_text *find_text(struct text_piece text)
{
	const struct foreign_text *found;

	while (text.len && isspace((unsigned char)*text.text)) {
		text.text++;
		text.len--;
	}
	found = is_json(text) ? FIND_MARK(json_marks, text) : FIND_MARK(text_marks, text);
	if (!found && is_json(text))
		return &json;
	return found ? found : is_csv(text) ? &csv : NULL;
}

const struct foreign_text *foreign_text_find(const char *text, size_t len)
{
	struct text_piece all = {text, len < LOOKED_AT ? len : LOOKED_AT};
	bool has_zero = memchr(text, '\0', len < MAGIC_BYTES ? len : MAGIC_BYTES);

	/* Whatever the names in it are made of. */
	if (begins_folded(all))
		return NULL;
	if (has_zero || (len && (*text == '\177' || *text & 0x80)) || is_binary(all))
		return find_binary(all);
	return find_text(all);
}
