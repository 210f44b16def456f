/* SPDX-License-Identifier: MIT */
#include "symbolize/object_files.h"

#include "common/alloc.h"
#include "common/clock.h"
#include "common/elf_image.h"
#include "symbolize/alt_file.h"
#include "symbolize/debug_file.h"
#include "symbolize/debuginfod.h"
#include "symbolize/symbolize_options.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#define END_BYTES ((size_t)64 << 10)

bool object_has_section(struct elf_image *image, const char *name)
{
	int index = elf_image_find_section(image, name);
	size_t nr;

	return index >= 0 && elf_image_sections(image, &nr)[index].sh_type != SHT_NOBITS;
}

static bool has_dwarf(struct elf_image *image)
{
	return object_has_section(image, ".debug_info") ||
	       object_has_section(image, ".zdebug_info");
}

static void find_alternate(struct object_files *files, const struct debug_search *search)
{
	int err = alt_file_find(files->dwarf_image, files->dwarf_path, search, &files->alt_image);

	if (err && err != -ENODATA)
		fprintf(search->notes, "; no alternate file: %s", strerror(-err));
}

static const char *fetch_error(int err)
{
	switch (err) {
	case -ENOENT:
		return "no server has it";
	case -ENODATA:
		return "DEBUGINFOD_URLS names no server";
	case -EOPNOTSUPP:
		return "libdebuginfod is not installed";
	case -ETIME:
		return "it took too long";
	default:
		return strerror(-err);
	}
}

/* Asks the network for the debug file of an object that has none here. */
static void fetch_debug_file(struct object_files *files, const struct symbolize_options *options,
			     FILE *notes)
{
	struct debuginfod_options fetch = {.timeout_ms = options->debuginfod_timeout_ms,
					   .progress = options->fetch_progress,
					   .progress_arg = options->fetch_progress_arg};
	struct build_id id = elf_image_build_id(files->image), found;
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	_cleanup_free_ char *path = NULL;
	uint64_t start = clock_now_ns();
	int err;

	err = debuginfod_fetch(&id, &fetch, &path);
	files->fetch_ns = clock_now_ns() - start;
	if (!err)
		err = elf_image_open(path, &image);
	if (err) {
		fprintf(notes, "; nothing from debuginfod: %s", fetch_error(err));
		return;
	}
	found = elf_image_build_id(image);
	if (!build_id_equal(&id, &found)) {
		fprintf(notes, "; %s refused: its build-id differs", path);
		return;
	}
	files->debug_image = TAKE_PTR(image);
	files->debug_path = TAKE_PTR(path);
}

void object_files_find(struct elf_image *image, const char *path,
		       const struct symbolize_options *options, struct object_files *ret_files)
{
	struct object_files files = {.path = path, .image = image};
	size_t size;
	FILE *refusals = open_memstream(&files.refusals, &size);
	struct debug_search search = {.path = path,
				      .root = options->root,
				      .debug_dirs = options->debug_dirs,
				      .notes = refusals};
	bool want_dwarf = options->inlines || options->lines;

	if (!refusals)
		die_oom();
	if (!object_has_section(image, ".symtab") || (want_dwarf && !has_dwarf(image)))
		files.has_refused = debug_file_find(image, &search, &files.debug_image,
						    &files.debug_path) == -ESTALE;
	if (options->debuginfod && want_dwarf && !files.debug_image && !has_dwarf(image))
		fetch_debug_file(&files, options, refusals);
	if (has_dwarf(image)) {
		files.dwarf_image = image;
		files.dwarf_path = path;
	} else if (files.debug_image && has_dwarf(files.debug_image)) {
		files.dwarf_image = files.debug_image;
		files.dwarf_path = files.debug_path;
	}
	if (want_dwarf && files.dwarf_image)
		find_alternate(&files, &search);
	fclose(refusals);
	*ret_files = files;
}

void object_files_release(struct object_files *files)
{
	elf_image_close(files->alt_image);
	elf_image_close(files->debug_image);
	free(files->debug_path);
	free(files->refusals);
	*files = (struct object_files){0};
}

static uint32_t add_file(uint32_t crc, const struct elf_image *image)
{
	struct elf_span bytes = {0};
	size_t len;

	if (image)
		bytes = elf_image_bytes(image);
	crc = libdeflate_crc32(crc, &bytes.size, sizeof(bytes.size));
	len = bytes.size < END_BYTES ? bytes.size : END_BYTES;
	if (len == 0)
		return crc;
	crc = libdeflate_crc32(crc, bytes.data, len);
	return libdeflate_crc32(crc, bytes.data + bytes.size - len, len);
}

uint32_t object_files_identity(const struct object_files *files)
{
	return add_file(add_file(add_file(0, files->image), files->debug_image), files->alt_image);
}
