/* SPDX-License-Identifier: MIT */
#include "symbolize/symbolizer.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "common/intern.h"
#include "symbolize/frame_builder.h"
#include "symbolize/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* 0, or why the image is not the wanted one. */
static int check_build(const struct elf_image *image, const struct build_id *id)
{
	struct build_id own;

	if (!id || id->size == 0)
		return 0;
	own = elf_image_build_id(image);
	return build_id_equal(&own, id) ? 0 : -ESTALE;
}

static void count_frames(const struct symbolize_address *addrs, size_t nr,
			 struct symbolize_stats *stats)
{
	stats->addresses += nr;
	for (size_t i = 0; i < nr; i++)
		stats->inlined_frames += addrs[i].nr_frames - 1;
}

int symbolize_object(const char *path, const struct build_id *id, struct elf_image *image,
		     const struct symbolize_options *options, struct intern *strings,
		     struct symbolize_address *addrs, size_t nr, struct symbolize_stats *stats)
{
	_cleanup_(elf_image_closep) struct elf_image *opened = NULL;
	struct resolve_request request = {.path = path, .options = options, .strings = strings};
	struct symbolize_stats own = {0};
	uint64_t start = now_ns();
	int err = 0;

	if (!image) {
		err = elf_image_open(path, &opened);
		image = opened;
	}
	if (!err)
		err = check_build(image, id);
	request.image = image;
	if (!err)
		resolve_addresses(&request, addrs, nr, &own);
	for (size_t i = 0; err && i < nr; i++)
		frame_builder_set_module(strings, path, &addrs[i]);
	count_frames(addrs, nr, &own);
	own.ns = now_ns() - start;
	if (stats)
		*stats = own;
	return err;
}

void symbolize_release(struct symbolize_address *addrs, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(addrs[i].frames);
		addrs[i].frames = NULL;
		addrs[i].nr_frames = 0;
	}
}

const char *symbolize_module_name(struct intern *strings, const char *path)
{
	_cleanup_free_ char *text = NULL;
	const char *slash;

	if (!path || !path[0])
		return intern_string(strings, "[unknown]");
	if (path[0] == '[')
		return intern_string(strings, path);
	slash = strrchr(path, '/');
	text = xasprintf("[%s]", slash && slash[1] ? slash + 1 : path);
	return intern_string(strings, text);
}
