/* SPDX-License-Identifier: MIT */
/*
 * The files that tell about one object: itself, its separate debug file, the alternate file of
 * that.  Finds and opens them; what is in them is others' business.
 */
#ifndef CTRACE_SYMBOLIZE_OBJECT_FILES_H
#define CTRACE_SYMBOLIZE_OBJECT_FILES_H

#include <stdbool.h>
#include <stdint.h>

struct elf_image;
struct symbolize_options;

struct object_files {
	const char *path;	       /* of the object, borrowed */
	struct elf_image *image;       /* borrowed */
	struct elf_image *debug_image; /* or NULL */
	char *debug_path;
	struct elf_image *dwarf_image; /* the one of those two that has DWARF, or NULL */
	const char *dwarf_path;
	struct elf_image *alt_image; /* what dwz took out of it, or NULL */
	uint64_t fetch_ns;	     /* waited for debuginfod servers */
	bool has_refused;	     /* a debug file was there, of another build */
	char *refusals;		     /* "; ..." for each file that did not fit; never NULL */
};

void object_files_find(struct elf_image *image, const char *path,
		       const struct symbolize_options *options, struct object_files *ret_files);
void object_files_release(struct object_files *files);

/*
 * A number that changes when any of the files does: of their sizes and the bytes at both ends,
 * where headers and section tables are.
 */
uint32_t object_files_identity(const struct object_files *files);

/* Whether @image has a section @name with contents. */
bool object_has_section(struct elf_image *image, const char *name);

#endif
