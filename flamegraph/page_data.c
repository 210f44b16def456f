/* SPDX-License-Identifier: MIT */
#include "flamegraph/page_data.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/byte_buffer.h"
#include "flamegraph/page_tree.h"
#include "flamegraph/utf8.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

/* Four times as quick as zlib at its level 6, for half a percent more bytes. */
#define DEFLATE_LEVEL 4

/* Distinct strings in byte order, made fit for XML. */
struct string_table {
	char **texts;
	size_t nr, cap;
};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *fit_for_xml(const char *text)
{
	size_t len = strlen(text);
	char *fit = xmalloc(len * UTF8_MAX + 1);
	size_t used = 0;

	while (len) {
		uint32_t character;
		size_t nr = utf8_decode(text, len, &character);

		used += utf8_encode(utf8_is_xml(character) ? character : UTF8_REPLACEMENT,
				    fit + used);
		text += nr;
		len -= nr;
	}
	fit[used] = '\0';
	return fit;
}

static void add_string(struct string_table *table, const char *text)
{
	if (!text)
		return;
	GROW_ARRAY(table->texts, table->nr, table->cap);
	table->texts[table->nr++] = fit_for_xml(text);
}

static const char *full_name_of(const struct frame *function)
{
	if (function->full_name && !strcmp(function->full_name, function->name))
		return NULL;
	return function->full_name;
}

static void string_table_init(struct string_table *table, const struct page_tree *tree)
{
	size_t distinct = 0;

	*table = (struct string_table){0};
	for (size_t i = 0; i < tree->nr_functions; i++) {
		const struct frame *function = &tree->functions[i];

		add_string(table, function->name);
		add_string(table, full_name_of(function));
		add_string(table, function->module);
		add_string(table, function->file);
	}
	if (table->nr)
		qsort(table->texts, table->nr, sizeof(*table->texts), compare_texts);
	for (size_t i = 0; i < table->nr; i++) {
		if (distinct && !strcmp(table->texts[distinct - 1], table->texts[i]))
			free(table->texts[i]);
		else
			table->texts[distinct++] = table->texts[i];
	}
	table->nr = distinct;
}

static void string_table_release(struct string_table *table)
{
	for (size_t i = 0; i < table->nr; i++)
		free(table->texts[i]);
	free(table->texts);
}

/* The place of @text plus one; 0 for none. */
static uint64_t string_ref(const struct string_table *table, const char *text)
{
	_cleanup_free_ char *fit = NULL;
	char **found;

	if (!text)
		return 0;
	fit = fit_for_xml(text);
	found = bsearch(&fit, table->texts, table->nr, sizeof(*table->texts), compare_texts);
	return (uint64_t)(found - table->texts) + 1;
}

static void put_strings(struct byte_buffer *plain, const struct string_table *table)
{
	const char *last = "";

	byte_buffer_uint(plain, table->nr);
	for (size_t i = 0; i < table->nr; i++) {
		const char *text = table->texts[i];
		size_t shared = 0, len = strlen(text);

		while (text[shared] && text[shared] == last[shared])
			shared++;
		byte_buffer_uint(plain, shared);
		byte_buffer_uint(plain, len - shared);
		byte_buffer_bytes(plain, text + shared, len - shared);
		last = text;
	}
}

static void put_functions(struct byte_buffer *plain, const struct page_tree *tree,
			  const struct string_table *strings)
{
	const struct frame *functions = tree->functions;
	size_t nr = tree->nr_functions;

	byte_buffer_uint(plain, nr);
	for (size_t i = 0; i < nr; i++)
		byte_buffer_uint(plain, string_ref(strings, functions[i].name) - 1);
	for (size_t i = 0; i < nr; i++)
		byte_buffer_uint(plain, functions[i].kind);
	for (size_t i = 0; i < nr; i++)
		byte_buffer_uint(plain, string_ref(strings, functions[i].module));
	for (size_t i = 0; i < nr; i++)
		byte_buffer_uint(plain, string_ref(strings, full_name_of(&functions[i])));
	for (size_t i = 0; i < nr; i++)
		byte_buffer_uint(plain, string_ref(strings, functions[i].file));
	for (size_t i = 0; i < nr; i++)
		byte_buffer_uint(plain, functions[i].line);
}

static void put_nodes(struct byte_buffer *plain, const struct page_tree *tree)
{
	byte_buffer_uint(plain, tree->nr_nodes);
	byte_buffer_bytes(plain, tree->pops.data, tree->pops.nr);
	byte_buffer_bytes(plain, tree->function.data, tree->function.nr);
	byte_buffer_bytes(plain, tree->self.data, tree->self.nr);
	byte_buffer_bytes(plain, tree->before.data, tree->before.nr);
}

/* By node and slice, as steps from the one before. */
static void put_slices(struct byte_buffer *plain, const struct time_slices *slices)
{
	const struct time_slice *last = NULL;

	byte_buffer_uint(plain, slices->nr);
	for (size_t i = 0; i < slices->nr; i++) {
		const struct time_slice *slice = &slices->slices[i];
		bool same_row = last && last->row == slice->row;

		byte_buffer_uint(plain, slice->row - (last ? last->row : 0));
		byte_buffer_uint(plain, slice->slice - (same_row ? last->slice : 0));
		byte_buffer_uint(plain, slice->value);
		last = slice;
	}
}

static uint8_t *deflate_all(const struct byte_buffer *plain, size_t *ret_size)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(DEFLATE_LEVEL);
	uint8_t *packed;
	size_t size;

	if (!compressor)
		die_oom();
	size = libdeflate_zlib_compress_bound(compressor, plain->nr);
	packed = xmalloc(size);
	/* The bound is enough for anything. */
	*ret_size = libdeflate_zlib_compress(compressor, plain->data, plain->nr, packed, size);
	libdeflate_free_compressor(compressor);
	return packed;
}

static char *base64(const uint8_t *data, size_t size, size_t *ret_size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = xmalloc((size + 2) / 3 * 4 + 1);
	char *to = text;

	for (size_t i = 0; i < size; i += 3) {
		size_t nr = size - i < 3 ? size - i : 3;
		uint32_t bits = (uint32_t)data[i] << 16;

		if (nr > 1)
			bits |= (uint32_t)data[i + 1] << 8;
		if (nr > 2)
			bits |= data[i + 2];
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = nr > 1 ? digits[bits >> 6 & 63] : '=';
		*to++ = nr > 2 ? digits[bits & 63] : '=';
	}
	*to = '\0';
	*ret_size = (size_t)(to - text);
	return text;
}

char *page_data_encode(const struct page_tree *tree, size_t *ret_size)
{
	struct byte_buffer plain = {0};
	struct string_table strings;
	_cleanup_free_ uint8_t *packed = NULL;
	size_t size;

	string_table_init(&strings, tree);
	put_strings(&plain, &strings);
	put_functions(&plain, tree, &strings);
	put_nodes(&plain, tree);
	if (tree->slices.nr)
		put_slices(&plain, &tree->slices);
	string_table_release(&strings);
	packed = deflate_all(&plain, &size);
	byte_buffer_release(&plain);
	return base64(packed, size, ret_size);
}
