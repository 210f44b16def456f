/* SPDX-License-Identifier: MIT */
#include "symbolize/jitdump.h"

#include "common/alloc.h"
#include "symbolize/dwarf_cursor.h"
#include "symbolize/runtime_file.h"
#include "symbolize/segments.h"
#include "symbolize/string_arena.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define JITDUMP_MAGIC	    0x4a695444 /* "JiTD" */
#define RECORD_HEADER	    16
#define MAX_CODES	    ((size_t)16 << 20)
#define MAX_LINES	    ((size_t)64 << 20)
#define MAX_SEARCH	    65536 /* codes looked at for one that was there before another */
#define FLAG_ARCH_TIMESTAMP 1	  /* times are the processor's, not the kernel's */
#define JIT_SUFFIX	    ".dump"
#define JIT_PREFIX	    "jit-"

enum record_kind {
	RECORD_CODE_LOAD = 0,
	RECORD_CODE_MOVE = 1,
	RECORD_DEBUG_INFO = 2,
};

struct code {
	const char *name;
	uint64_t start;
	uint64_t size;
	uint64_t time_ns;  /* when it came; 0: at some time before all samples */
	uint64_t index;	   /* the runtime's own number, by which moves name it */
	size_t first_line; /* in the lines, in the order of addresses */
	size_t nr_lines;
	uint64_t moved; /* how far the code is from where its lines say it is */
};

struct line {
	uint64_t addr;
	const char *file;
	uint32_t line;
};

struct jitdump {
	struct code *codes; /* in the file's order */
	size_t nr_codes;
	size_t cap_codes;
	struct line *lines;
	size_t nr_lines;
	size_t cap_lines;
	struct string_arena names;
	struct segments segments; /* values are indices into the codes */
	size_t *by_start;	  /* indices of all codes, in the order of their addresses */
	uint64_t max_size;	  /* of a code */
	bool has_times;		  /* in CLOCK_MONOTONIC, as samples have them */
};

/* Line information of code that will be loaded next. */
struct pending_lines {
	uint64_t addr;
	size_t first;
	size_t nr;
};

bool jitdump_is_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t digits;

	if (strncmp(name, JIT_PREFIX, strlen(JIT_PREFIX)) != 0)
		return false;
	name += strlen(JIT_PREFIX);
	digits = strspn(name, "0123456789");
	return digits > 0 && strcmp(name + digits, JIT_SUFFIX) == 0;
}

static const char *keep(struct jitdump *dump, const char *text)
{
	return string_arena_add(&dump->names, text, strlen(text), "");
}

static void add_code(struct jitdump *dump, const struct code *code)
{
	if (dump->nr_codes == MAX_CODES || code->size == 0 || code->size > UINT64_MAX - code->start)
		return;
	GROW_ARRAY(dump->codes, dump->nr_codes, dump->cap_codes);
	dump->codes[dump->nr_codes++] = *code;
}

static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a;
	const struct line *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* Lines come before the code they are of. */
static void read_debug_info(struct jitdump *dump, struct dwarf_cursor *cursor,
			    struct pending_lines *pending)
{
	uint64_t nr;

	pending->addr = dwarf_u64(cursor);
	pending->first = dump->nr_lines;
	pending->nr = 0;
	nr = dwarf_u64(cursor);
	for (uint64_t i = 0; i < nr && !cursor->failed && dump->nr_lines < MAX_LINES; i++) {
		struct line line = {.addr = dwarf_u64(cursor), .line = dwarf_u32(cursor)};
		const char *file;

		dwarf_u32(cursor);
		file = dwarf_string(cursor);
		if (!file)
			break;
		/* "\377" alone: the same file as the line before. */
		if (strcmp(file, "\377") == 0)
			line.file = pending->nr ? dump->lines[dump->nr_lines - 1].file : NULL;
		else
			line.file = keep(dump, file);
		GROW_ARRAY(dump->lines, dump->nr_lines, dump->cap_lines);
		dump->lines[dump->nr_lines++] = line;
		pending->nr++;
	}
	if (pending->nr)
		qsort(dump->lines + pending->first, pending->nr, sizeof(*dump->lines),
		      compare_lines);
}

static void read_load(struct jitdump *dump, struct dwarf_cursor *cursor,
		      const struct pending_lines *pending, uint64_t time_ns)
{
	struct code code = {.time_ns = time_ns};
	const char *name;

	dwarf_u32(cursor);
	dwarf_u32(cursor);
	dwarf_u64(cursor);
	code.start = dwarf_u64(cursor);
	code.size = dwarf_u64(cursor);
	code.index = dwarf_u64(cursor);
	name = dwarf_string(cursor);
	if (cursor->failed)
		return;
	code.name = keep(dump, name);
	if (pending->nr && pending->addr == code.start) {
		code.first_line = pending->first;
		code.nr_lines = pending->nr;
	}
	add_code(dump, &code);
}

/* The code stays what it is at another place. */
static void read_move(struct jitdump *dump, struct dwarf_cursor *cursor, uint64_t time_ns)
{
	uint64_t old_start, new_start, size, index;

	dwarf_u32(cursor);
	dwarf_u32(cursor);
	dwarf_u64(cursor);
	old_start = dwarf_u64(cursor);
	new_start = dwarf_u64(cursor);
	size = dwarf_u64(cursor);
	index = dwarf_u64(cursor);
	if (cursor->failed)
		return;
	/* What moves is young, so the search is short; it is bounded for files that are not. */
	for (size_t i = dump->nr_codes, nr_steps = 0; i-- > 0 && nr_steps < 4096; nr_steps++) {
		struct code code = dump->codes[i];

		if (code.index != index || code.start != old_start)
			continue;
		code.start = new_start;
		code.size = size;
		code.time_ns = time_ns;
		code.moved += new_start - old_start;
		add_code(dump, &code);
		return;
	}
}

static bool read_header(struct jitdump *dump, struct dwarf_cursor *cursor)
{
	const uint8_t *start = cursor->at;
	uint64_t flags;
	uint32_t size;

	if (dwarf_u32(cursor) != JITDUMP_MAGIC || dwarf_u32(cursor) != 1)
		return false;
	size = dwarf_u32(cursor);
	if (dwarf_u32(cursor) != EM_X86_64)
		return false;
	dwarf_u32(cursor);
	dwarf_u32(cursor);
	dwarf_u64(cursor);
	flags = dwarf_u64(cursor);
	if (cursor->failed || size < (uint32_t)(cursor->at - start))
		return false;
	dump->has_times = !(flags & FLAG_ARCH_TIMESTAMP);
	dwarf_skip(cursor, size - (uint32_t)(cursor->at - start));
	return !cursor->failed;
}

static void read_records(struct jitdump *dump, struct dwarf_cursor *cursor)
{
	struct pending_lines pending = {0};

	while (dwarf_cursor_left(cursor) >= RECORD_HEADER) {
		struct dwarf_cursor record = *cursor;
		uint32_t kind = dwarf_u32(&record);
		uint32_t size = dwarf_u32(&record);
		uint64_t time_ns;

		if (size < RECORD_HEADER || size > dwarf_cursor_left(cursor))
			return;
		dwarf_skip(cursor, size);
		record.end = cursor->at;
		time_ns = dwarf_u64(&record);
		if (!dump->has_times)
			time_ns = 0;
		if (kind == RECORD_DEBUG_INFO)
			read_debug_info(dump, &record, &pending);
		else if (kind == RECORD_CODE_LOAD)
			read_load(dump, &record, &pending, time_ns);
		else if (kind == RECORD_CODE_MOVE)
			read_move(dump, &record, time_ns);
		if (kind == RECORD_CODE_LOAD)
			pending.nr = 0;
	}
}

struct code_order {
	uint64_t start;
	size_t index;
};

static int compare_order(const void *a, const void *b)
{
	const struct code_order *x = a;
	const struct code_order *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void sort_codes(struct jitdump *dump)
{
	struct code_order *order = xcalloc(dump->nr_codes + 1, sizeof(*order));

	for (size_t i = 0; i < dump->nr_codes; i++)
		order[i] = (struct code_order){.start = dump->codes[i].start, .index = i};
	qsort(order, dump->nr_codes, sizeof(*order), compare_order);
	dump->by_start = xcalloc(dump->nr_codes + 1, sizeof(*dump->by_start));
	for (size_t i = 0; i < dump->nr_codes; i++) {
		dump->by_start[i] = order[i].index;
		if (dump->codes[i].size > dump->max_size)
			dump->max_size = dump->codes[i].size;
	}
	free(order);
}

int jitdump_parse(const uint8_t *bytes, size_t size, struct jitdump **ret_dump)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(bytes, size, 0);
	_cleanup_(jitdump_freep) struct jitdump *dump = xcalloc(1, sizeof(*dump));
	struct address_range *ranges;

	if (!read_header(dump, &cursor))
		return -EBADMSG;
	read_records(dump, &cursor);
	ranges = xcalloc(dump->nr_codes + 1, sizeof(*ranges));
	for (size_t i = 0; i < dump->nr_codes; i++)
		ranges[i] = (struct address_range){
			.start = dump->codes[i].start,
			.end = dump->codes[i].start + dump->codes[i].size,
			.rank = (uint32_t)i,
			.value = (uint32_t)i,
		};
	segments_build(ranges, dump->nr_codes, &dump->segments);
	free(ranges);
	sort_codes(dump);
	*ret_dump = TAKE_PTR(dump);
	return 0;
}

int jitdump_load(int fd, uid_t uid, struct jitdump **ret_dump)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size;
	int err;

	err = runtime_file_read(fd, uid, JITDUMP_MAX_BYTES, &bytes, &size);
	if (err)
		return err;
	return jitdump_parse(bytes, size, ret_dump);
}

void jitdump_free(struct jitdump *dump)
{
	if (!dump)
		return;
	free(dump->codes);
	free(dump->lines);
	free(dump->segments.items);
	free(dump->by_start);
	string_arena_release(&dump->names);
	free(dump);
}

/* The last line that begins at or before @addr, which is where the code was when they were made. */
static void find_line(const struct jitdump *dump, const struct code *code, uint64_t addr,
		      struct jitdump_code *ret_code)
{
	const struct line *lines = dump->lines + code->first_line;
	size_t low = 0, high = code->nr_lines;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lines[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return;
	ret_code->file = lines[low - 1].file;
	ret_code->line = lines[low - 1].line;
}

/* Was @a there at @time_ns rather than @b?  The latest that had come, else the first to come. */
static bool is_better(const struct code *a, const struct code *b, uint64_t time_ns)
{
	if (a->time_ns <= time_ns)
		return b->time_ns > time_ns || a->time_ns > b->time_ns ||
		       (a->time_ns == b->time_ns && a > b);
	return b->time_ns > time_ns && a->time_ns < b->time_ns;
}

/* The code that covers @addr at @time_ns; @latest covers it at last. */
static const struct code *find_earlier(const struct jitdump *dump, const struct code *latest,
				       uint64_t addr, uint64_t time_ns)
{
	const struct code *best = latest;
	size_t low = 0, high = dump->nr_codes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dump->codes[dump->by_start[middle]].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t nr = 0; low > 0 && nr < MAX_SEARCH; nr++) {
		const struct code *code = &dump->codes[dump->by_start[--low]];

		if (addr - code->start >= dump->max_size)
			break;
		if (addr - code->start < code->size && is_better(code, best, time_ns))
			best = code;
	}
	return best;
}

bool jitdump_find(const struct jitdump *dump, uint64_t addr, uint64_t time_ns,
		  struct jitdump_code *ret_code)
{
	const struct segment *segment = segments_find(&dump->segments, addr);
	const struct code *code;

	if (!segment)
		return false;
	code = &dump->codes[segment->value];
	if (code->time_ns > time_ns)
		code = find_earlier(dump, code, addr, time_ns);
	*ret_code = (struct jitdump_code){.name = code->name, .start = code->start};
	find_line(dump, code, addr - code->moved, ret_code);
	return true;
}
