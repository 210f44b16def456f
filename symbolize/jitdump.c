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

#define JITDUMP_MAGIC 0x4a695444 /* "JiTD" */
#define RECORD_HEADER 16
#define MAX_CODES     ((size_t)16 << 20)
#define MAX_LINES     ((size_t)64 << 20)
#define JIT_SUFFIX    ".dump"
#define JIT_PREFIX    "jit-"

enum record_kind {
	RECORD_CODE_LOAD = 0,
	RECORD_CODE_MOVE = 1,
	RECORD_DEBUG_INFO = 2,
};

struct code {
	const char *name;
	uint64_t start;
	uint64_t size;
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
		      const struct pending_lines *pending)
{
	struct code code = {0};
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
static void read_move(struct jitdump *dump, struct dwarf_cursor *cursor)
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
		code.moved += new_start - old_start;
		add_code(dump, &code);
		return;
	}
}

static bool read_header(struct dwarf_cursor *cursor)
{
	const uint8_t *start = cursor->at;
	uint32_t size;

	if (dwarf_u32(cursor) != JITDUMP_MAGIC || dwarf_u32(cursor) != 1)
		return false;
	size = dwarf_u32(cursor);
	if (dwarf_u32(cursor) != EM_X86_64 || size < (uint32_t)(cursor->at - start))
		return false;
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

		if (size < RECORD_HEADER || size > dwarf_cursor_left(cursor))
			return;
		dwarf_skip(cursor, size);
		record.end = cursor->at;
		dwarf_u64(&record);
		if (kind == RECORD_DEBUG_INFO)
			read_debug_info(dump, &record, &pending);
		else if (kind == RECORD_CODE_LOAD)
			read_load(dump, &record, &pending);
		else if (kind == RECORD_CODE_MOVE)
			read_move(dump, &record);
		if (kind == RECORD_CODE_LOAD)
			pending.nr = 0;
	}
}

int jitdump_parse(const uint8_t *bytes, size_t size, struct jitdump **ret_dump)
{
	struct dwarf_cursor cursor = dwarf_cursor_at(bytes, size, 0);
	_cleanup_(jitdump_freep) struct jitdump *dump = xcalloc(1, sizeof(*dump));
	struct address_range *ranges;

	if (!read_header(&cursor))
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

bool jitdump_find(const struct jitdump *dump, uint64_t addr, struct jitdump_code *ret_code)
{
	const struct segment *segment = segments_find(&dump->segments, addr);
	const struct code *code;

	if (!segment)
		return false;
	code = &dump->codes[segment->value];
	*ret_code = (struct jitdump_code){.name = code->name, .start = code->start};
	find_line(dump, code, addr - code->moved, ret_code);
	return true;
}
