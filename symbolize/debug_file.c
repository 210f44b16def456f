/* SPDX-License-Identifier: MIT */
#include "symbolize/debug_file.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/log.h"
#include "symbolize/root_open.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEBUG_DIR "/usr/lib/debug"

struct debug_link {
	const char *name; /* NULL: the object has none */
	uint32_t crc;
};

/* One search: what is wanted and how it has gone so far. */
struct finder {
	const struct debug_search *search;
	struct build_id id;
	struct debug_link link;
	bool is_stale; /* a file was there, but of another build */
	struct elf_image *found;
	char *found_path;
};

static struct debug_link read_debug_link(struct elf_image *image)
{
	struct debug_link link = {0};
	struct elf_span span;
	size_t len, crc_off;

	if (elf_image_section_by_name(image, ".gnu_debuglink", &span) < 0 || !span.data)
		return link;
	len = strnlen((const char *)span.data, span.size);
	crc_off = (len + 1 + 3) & ~(size_t)3;
	if (len == 0 || crc_off + sizeof(link.crc) > span.size)
		return link;
	/* A name, by its definition; a path would let an object choose any file. */
	if (memchr(span.data, '/', len))
		return link;
	link.name = (const char *)span.data;
	memcpy(&link.crc, span.data + crc_off, sizeof(link.crc));
	return link;
}

static void note_refusal(struct finder *finder, const char *path, const char *reason)
{
	finder->is_stale = true;
	log_debug("%s refused: %s", path, reason);
	if (finder->search->notes)
		fprintf(finder->search->notes, "; %s refused: %s", path, reason);
}

/* Build-ids decide where both files have one; the checksum of the whole file costs far more. */
static bool belongs(struct finder *finder, const struct elf_image *candidate, const char *path,
		    bool by_link)
{
	struct build_id id = elf_image_build_id(candidate);
	struct elf_span bytes;

	if (finder->id.size && id.size) {
		if (build_id_equal(&finder->id, &id))
			return true;
		note_refusal(finder, path, "its build-id differs");
		return false;
	}
	if (!by_link || finder->id.size) {
		note_refusal(finder, path, "it has no build-id");
		return false;
	}
	if (!elf_image_is_whole(candidate)) {
		note_refusal(finder, path, "it is nearly all holes");
		return false;
	}
	bytes = elf_image_bytes(candidate);
	if (libdeflate_crc32(0, bytes.data, bytes.size) == finder->link.crc)
		return true;
	note_refusal(finder, path, "its checksum differs from .gnu_debuglink");
	return false;
}

/* Tries one file; takes @path. */
static bool try_file(struct finder *finder, const char *root, char *path, bool by_link)
{
	_cleanup_(elf_image_closep) struct elf_image *candidate = NULL;
	_cleanup_close_ int fd = root_open(root, path);
	_cleanup_free_ char *owned = path;

	if (fd < 0)
		return false;
	if (elf_image_open_fd(fd, &candidate) < 0) {
		note_refusal(finder, path, "it is no 64-bit ELF file");
		return false;
	}
	if (!belongs(finder, candidate, path, by_link))
		return false;
	finder->found = TAKE_PTR(candidate);
	finder->found_path = TAKE_PTR(owned);
	return true;
}

static bool try_build_id(struct finder *finder, const char *root, const char *dir)
{
	char hex[2 * BUILD_ID_MAX + 1];

	if (finder->id.size < 2)
		return false;
	build_id_format(&finder->id, hex);
	return try_file(finder, root, xasprintf("%s/.build-id/%.2s/%s.debug", dir, hex, hex + 2),
			false);
}

/* Beside the object, in .debug/ beside it, and at its place below the debug directory. */
static bool try_link(struct finder *finder, const char *root)
{
	const char *path = finder->search->path;
	const char *slash = strrchr(path, '/');
	const char *dir = slash ? path : ".";
	int dir_len = slash ? (int)(slash - path) : 1;
	const char *name = finder->link.name;

	if (!name)
		return false;
	/* An object that names itself would be found every time. */
	if (strcmp(slash ? slash + 1 : path, name) != 0 &&
	    try_file(finder, root, xasprintf("%.*s/%s", dir_len, dir, name), true))
		return true;
	return try_file(finder, root, xasprintf("%.*s/.debug/%s", dir_len, dir, name), true) ||
	       try_file(finder, root, xasprintf(DEBUG_DIR "%.*s/%s", dir_len, dir, name), true);
}

static bool try_debug_dir(struct finder *finder, const char *dir)
{
	const char *path = finder->search->path;
	const char *slash = strrchr(path, '/');
	const char *name = finder->link.name;

	if (try_build_id(finder, NULL, dir))
		return true;
	if (!name)
		return false;
	return (slash &&
		try_file(finder, NULL, xasprintf("%s%.*s/%s", dir, (int)(slash - path), path, name),
			 true)) ||
	       try_file(finder, NULL, xasprintf("%s/%s", dir, name), true);
}

static bool find(struct finder *finder)
{
	const char *const *dirs = finder->search->debug_dirs;
	const char *root = finder->search->root;

	for (; dirs && *dirs; dirs++)
		if (try_debug_dir(finder, *dirs))
			return true;
	if (root && (try_build_id(finder, root, DEBUG_DIR) || try_link(finder, root)))
		return true;
	return try_build_id(finder, NULL, DEBUG_DIR) || try_link(finder, NULL);
}

int debug_file_find(struct elf_image *image, const struct debug_search *search,
		    struct elf_image **ret_image, char **ret_path)
{
	struct finder finder = {
		.search = search, .id = elf_image_build_id(image), .link = read_debug_link(image)};

	if (!find(&finder))
		return finder.is_stale ? -ESTALE : -ENOENT;
	*ret_image = finder.found;
	*ret_path = finder.found_path;
	return 0;
}

int debug_file_find_by_id(const struct build_id *id, const struct debug_search *search,
			  struct elf_image **ret_image)
{
	struct finder finder = {.search = search, .id = *id};

	if (!find(&finder))
		return finder.is_stale ? -ESTALE : -ENOENT;
	free(finder.found_path);
	*ret_image = finder.found;
	return 0;
}
