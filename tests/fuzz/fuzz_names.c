/* SPDX-License-Identifier: MIT */
/* Any text as a symbol's name in every mode, as a perf map, and as an answer from a child. */
#include "common/alloc.h"
#include "common/intern.h"
#include "symbolize/answer_wire.h"
#include "symbolize/demangle.h"
#include "symbolize/perf_map.h"
#include "symbolize/resolve.h"
#include "symbolize/short_name.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)16 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void name(const char *text)
{
	for (int mode = DEMANGLE_SHORT; mode <= DEMANGLE_NONE; mode++) {
		_cleanup_free_ char *shown = demangle_name(text, (enum demangle_mode)mode);

		if (strlen(shown) > ((size_t)2 << 20))
			abort();
	}
	for (int collapse = 0; collapse < 2; collapse++) {
		_cleanup_free_ char *cplus = short_name_cplus(text, collapse);
		_cleanup_free_ char *dlang = short_name_dlang(text, collapse);
		_cleanup_free_ char *rust = short_name_rust_collapsed(text);

		if (strlen(cplus) > strlen(text) || strlen(dlang) > strlen(text) ||
		    strlen(rust) > strlen(text) + 2)
			abort();
	}
}

static void map(const char *text, size_t size)
{
	_cleanup_(perf_map_freep) struct perf_map *perf_map = NULL;
	uint64_t start;

	if (perf_map_parse(text, size, &perf_map) < 0)
		return;
	for (uint64_t addr = 0; addr < 0x4000; addr += 0x10)
		if (perf_map_find(perf_map, addr, &start) && start > addr)
			abort();
}

static void read_answer(const uint8_t *data, size_t size)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_address addrs[2] = {{0}, {0}};
	struct resolve_outcome outcome;

	if (answer_wire_read(data, size, strings, addrs, 2, &outcome) == 0)
		symbolize_release(addrs, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = NULL;

	if (size > MAX_BYTES)
		return 0;
	text = xstrndup((const char *)data, size);
	name(text);
	map((const char *)data, size);
	read_answer(data, size);
	return 0;
}
