/* SPDX-License-Identifier: MIT */
#include "loader/deleted_names.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/intern.h"
#include "flamegraph/capture.h"
#include "loader/object_set.h"
#include "symbolize/symbolizer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

struct noted_address {
	const struct object *object;
	uint32_t index;
	uint64_t vaddr;
};

struct deleted_names {
	struct noted_address *list;
	size_t nr, cap;
};

struct deleted_names *deleted_names_new(void)
{
	return xcalloc(1, sizeof(struct deleted_names));
}

void deleted_names_free(struct deleted_names *names)
{
	if (!names)
		return;
	free(names->list);
	free(names);
}

static bool is_deleted(const struct object *object)
{
	struct stat st;

	return object->fd >= 0 && fstat(object->fd, &st) == 0 && st.st_nlink == 0;
}

void deleted_names_note(struct deleted_names *names, uint32_t index, const struct object *object,
			uint64_t vaddr)
{
	if (!is_deleted(object))
		return;
	GROW_ARRAY(names->list, names->nr, names->cap);
	names->list[names->nr++] = (struct noted_address){
		.object = object,
		.index = index,
		.vaddr = vaddr,
	};
}

static int compare(const void *a, const void *b)
{
	const struct noted_address *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

/* The @nr addresses at @noted are all of one object. */
static void store_object(const struct noted_address *noted, size_t nr, struct capture *capture)
{
	static const struct symbolize_options plain = {.demangle = DEMANGLE_NONE};
	_cleanup_free_ struct symbolize_address *addrs = xcalloc(nr, sizeof(*addrs));
	_cleanup_free_ struct capture_symbol *symbols = xcalloc(nr, sizeof(*symbols));
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	const struct object *object = noted->object;

	if (elf_image_open_fd(object->fd, &image) < 0)
		return;
	for (size_t i = 0; i < nr; i++)
		addrs[i].vaddr = noted[i].vaddr;
	symbolize_object(object->path, &object->build_id, image, &plain, strings, addrs, nr, NULL);
	for (size_t i = 0; i < nr; i++)
		symbols[i] = (struct capture_symbol){
			.start = addrs[i].vaddr, .size = 1, .name = addrs[i].frames[0].name};
	capture_set_symbols(capture, noted->index, symbols, nr);
	symbolize_release(addrs, nr);
}

void deleted_names_store(struct deleted_names *names, struct capture *capture)
{
	size_t end;

	if (names->nr)
		qsort(names->list, names->nr, sizeof(*names->list), compare);
	for (size_t i = 0; i < names->nr; i = end) {
		for (end = i + 1; end < names->nr; end++)
			if (names->list[end].index != names->list[i].index)
				break;
		store_object(&names->list[i], end - i, capture);
	}
}
