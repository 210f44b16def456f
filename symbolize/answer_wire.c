/* SPDX-License-Identifier: MIT */
#include "symbolize/answer_wire.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/intern.h"
#include "symbolize/dwarf_cursor.h"
#include "symbolize/dwarf_inline.h"
#include "symbolize/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define uthash_fatal(msg) die_oom()
#include <uthash.h>

/*
 * Layout, little-endian: magic, then the number of strings, the strings each with its NUL, the
 * outcome, the number of addresses, and for each address its frames.  Strings are numbered from 1
 * in order, 0 stands for NULL.
 */
#define WIRE_MAGIC	 0x31737a63 /* "czs1" */
#define MAX_STRINGS	 ((uint32_t)16 << 20)
#define FRAME_WIRE_BYTES 22

struct string_entry {
	const char *text; /* interned */
	uint32_t number;
	UT_hash_handle hh;
};

struct wire_writer {
	FILE *out;
	struct string_entry *strings; /* by pointer; in order of their numbers */
	uint32_t nr_strings;
};

static void put(FILE *out, const void *value, size_t size)
{
	fwrite(value, 1, size, out);
}

static void put_u32(FILE *out, uint32_t value)
{
	put(out, &value, sizeof(value));
}

static void number_string(struct wire_writer *writer, const char *text)
{
	struct string_entry *entry;

	if (!text)
		return;
	HASH_FIND_PTR(writer->strings, &text, entry);
	if (entry)
		return;
	entry = xcalloc(1, sizeof(*entry));
	entry->text = text;
	entry->number = ++writer->nr_strings;
	HASH_ADD_PTR(writer->strings, text, entry);
}

static void put_string(struct wire_writer *writer, const char *text)
{
	struct string_entry *entry = NULL;

	if (text)
		HASH_FIND_PTR(writer->strings, &text, entry);
	put_u32(writer->out, entry ? entry->number : 0);
}

static void put_frame(struct wire_writer *writer, const struct frame *frame)
{
	uint8_t flags[2] = {frame->kind, frame->guessed};

	put_string(writer, frame->name);
	put_string(writer, frame->full_name);
	put_string(writer, frame->module);
	put_string(writer, frame->file);
	put_u32(writer->out, frame->line);
	put(writer->out, flags, sizeof(flags));
}

void answer_wire_write(const struct symbolize_address *addrs, size_t nr,
		       const struct resolve_outcome *outcome, uint8_t **ret_bytes, size_t *ret_size)
{
	const uint8_t is_complete = outcome->is_complete;
	struct wire_writer writer = {0};
	struct string_entry *entry, *next;
	char *bytes = NULL;

	writer.out = open_memstream(&bytes, ret_size);
	if (!writer.out)
		die_oom();
	number_string(&writer, outcome->source);
	for (size_t i = 0; i < nr; i++) {
		for (uint32_t k = 0; k < addrs[i].nr_frames; k++) {
			number_string(&writer, addrs[i].frames[k].name);
			number_string(&writer, addrs[i].frames[k].full_name);
			number_string(&writer, addrs[i].frames[k].module);
			number_string(&writer, addrs[i].frames[k].file);
		}
	}
	put_u32(writer.out, WIRE_MAGIC);
	put_u32(writer.out, writer.nr_strings);
	for (entry = writer.strings; entry; entry = entry->hh.next)
		put(writer.out, entry->text, strlen(entry->text) + 1);
	put_string(&writer, outcome->source);
	put(writer.out, &is_complete, sizeof(is_complete));
	put_u32(writer.out, (uint32_t)nr);
	for (size_t i = 0; i < nr; i++) {
		put_u32(writer.out, addrs[i].nr_frames);
		for (uint32_t k = 0; k < addrs[i].nr_frames; k++)
			put_frame(&writer, &addrs[i].frames[k]);
	}
	HASH_ITER (hh, writer.strings, entry, next) {
		HASH_DEL(writer.strings, entry);
		free(entry);
	}
	if (fclose(writer.out) != 0)
		die_oom();
	*ret_bytes = (uint8_t *)bytes;
}

struct wire_reader {
	struct dwarf_cursor cursor;
	const char **strings; /* interned; entry 0 is NULL */
	uint32_t nr_strings;
};

static const char *get_string(struct wire_reader *reader)
{
	uint32_t number = dwarf_u32(&reader->cursor);

	if (number > reader->nr_strings) {
		dwarf_cursor_fail(&reader->cursor);
		return NULL;
	}
	return reader->strings[number];
}

static int read_strings(struct wire_reader *reader, struct intern *strings)
{
	if (dwarf_u32(&reader->cursor) != WIRE_MAGIC)
		return -EBADMSG;
	reader->nr_strings = dwarf_u32(&reader->cursor);
	if (reader->nr_strings > MAX_STRINGS ||
	    reader->nr_strings > dwarf_cursor_left(&reader->cursor))
		return -EBADMSG;
	reader->strings = xcalloc((size_t)reader->nr_strings + 1, sizeof(*reader->strings));
	for (uint32_t i = 1; i <= reader->nr_strings; i++) {
		const char *text = dwarf_string(&reader->cursor);

		if (!text)
			return -EBADMSG;
		reader->strings[i] = intern_string(strings, text);
	}
	return reader->cursor.failed ? -EBADMSG : 0;
}

static void get_frame(struct wire_reader *reader, struct frame *frame)
{
	frame->name = get_string(reader);
	frame->full_name = get_string(reader);
	frame->module = get_string(reader);
	frame->file = get_string(reader);
	frame->line = dwarf_u32(&reader->cursor);
	frame->kind = dwarf_u8(&reader->cursor);
	frame->guessed = dwarf_u8(&reader->cursor) != 0;
	if (!frame->name || frame->kind >= NR_FRAME_KINDS)
		dwarf_cursor_fail(&reader->cursor);
}

static int read_address(struct wire_reader *reader, struct symbolize_address *addr)
{
	uint32_t nr = dwarf_u32(&reader->cursor);

	if (nr == 0 || nr > DWARF_MAX_DEPTH ||
	    nr > dwarf_cursor_left(&reader->cursor) / FRAME_WIRE_BYTES)
		return -EBADMSG;
	addr->frames = xcalloc(nr, sizeof(*addr->frames));
	addr->nr_frames = nr;
	for (uint32_t i = 0; i < nr; i++)
		get_frame(reader, &addr->frames[i]);
	return reader->cursor.failed ? -EBADMSG : 0;
}

static int read_addresses(struct wire_reader *reader, struct symbolize_address *answers, size_t nr,
			  struct resolve_outcome *outcome)
{
	outcome->source = get_string(reader);
	outcome->is_complete = dwarf_u8(&reader->cursor) != 0;
	if (dwarf_u32(&reader->cursor) != nr)
		return -EBADMSG;
	for (size_t i = 0; i < nr; i++)
		if (read_address(reader, &answers[i]) < 0)
			return -EBADMSG;
	return reader->cursor.at == reader->cursor.end ? 0 : -EBADMSG;
}

int answer_wire_read(const uint8_t *bytes, size_t size, struct intern *strings,
		     struct symbolize_address *addrs, size_t nr,
		     struct resolve_outcome *ret_outcome)
{
	struct wire_reader reader = {.cursor = dwarf_cursor_at(bytes, size, 0)};
	_cleanup_free_ struct symbolize_address *answers = xcalloc(nr + 1, sizeof(*answers));
	struct resolve_outcome outcome = {0};
	int err = read_strings(&reader, strings);

	if (!err)
		err = read_addresses(&reader, answers, nr, &outcome);
	free(reader.strings);
	if (err) {
		symbolize_release(answers, nr);
		return err;
	}
	for (size_t i = 0; i < nr; i++) {
		free(addrs[i].frames);
		addrs[i].frames = answers[i].frames;
		addrs[i].nr_frames = answers[i].nr_frames;
	}
	*ret_outcome = outcome;
	return 0;
}
