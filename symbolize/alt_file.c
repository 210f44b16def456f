/* SPDX-License-Identifier: MIT */
#include "symbolize/alt_file.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "symbolize/debug_file.h"
#include "symbolize/root_open.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define DEBUG_DIR "/usr/lib/debug"

struct alt_link {
	const char *path;
	struct build_id id;
};

static int read_link(struct elf_image *image, struct alt_link *ret_link)
{
	struct elf_span span;
	size_t len, id_size;

	if (elf_image_section_by_name(image, ".gnu_debugaltlink", &span) < 0 || !span.data)
		return -ENODATA;
	len = strnlen((const char *)span.data, span.size);
	id_size = span.size - len;
	if (len == 0 || id_size < 3 || id_size - 1 > BUILD_ID_MAX)
		return -EBADMSG;
	ret_link->path = (const char *)span.data;
	ret_link->id.size = (uint8_t)(id_size - 1);
	memcpy(ret_link->id.data, span.data + len + 1, id_size - 1);
	return 0;
}

/* Tries one file; takes @path. */
static int try_file(const struct alt_link *link, const struct debug_search *search,
		    const char *root, char *path, struct elf_image **ret_image)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	_cleanup_free_ char *owned = path;
	_cleanup_close_ int fd = root_open(root, owned);
	struct build_id id;

	if (fd < 0 || elf_image_open_fd(fd, &image) < 0)
		return -ENOENT;
	id = elf_image_build_id(image);
	if (!build_id_equal(&id, &link->id)) {
		if (search->notes)
			fprintf(search->notes, "; alternate file %s refused: its build-id differs",
				owned);
		return -ESTALE;
	}
	*ret_image = TAKE_PTR(image);
	return 0;
}

/* A relative link counts from the directory of the file that has it. */
static char *link_path(const struct alt_link *link, const char *image_path)
{
	const char *slash = strrchr(image_path, '/');

	if (link->path[0] == '/' || !slash)
		return xstrdup(link->path);
	return xasprintf("%.*s/%s", (int)(slash - image_path), image_path, link->path);
}

int alt_file_find(struct elf_image *image, const char *image_path,
		  const struct debug_search *search, struct elf_image **ret_image)
{
	const char *const *dirs = search->debug_dirs;
	char hex[2 * BUILD_ID_MAX + 1];
	struct alt_link link;
	bool is_stale = false;
	int err = read_link(image, &link);

	if (err)
		return err;
	build_id_format(&link.id, hex);
	for (; dirs && *dirs; dirs++) {
		err = try_file(&link, search, NULL,
			       xasprintf("%s/.build-id/%.2s/%s.debug", *dirs, hex, hex + 2),
			       ret_image);
		if (!err)
			return 0;
		is_stale |= err == -ESTALE;
	}
	/* The target's root first, then the host's. */
	for (const char *root = search->root;; root = NULL) {
		err = try_file(&link, search, root, link_path(&link, image_path), ret_image);
		if (err)
			err = try_file(
				&link, search, root,
				xasprintf(DEBUG_DIR "/.build-id/%.2s/%s.debug", hex, hex + 2),
				ret_image);
		if (!err)
			return 0;
		is_stale |= err == -ESTALE;
		if (!root)
			break;
	}
	return is_stale ? -ESTALE : -ENOENT;
}
