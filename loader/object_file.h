/* SPDX-License-Identifier: MIT */
/* Opens the file behind a mapping as its process sees it, and fills in who it is. */
#ifndef CTRACE_LOADER_OBJECT_FILE_H
#define CTRACE_LOADER_OBJECT_FILE_H

struct elf_image;
struct object;
struct object_mapping;

/* The file behind @mapping, to be closed; or a negative errno. */
int object_file_open_mapped(const struct object_mapping *mapping);

/*
 * Fills kind, path, identity and segments of @object.  @ret_image gets the ELF image, to be
 * closed, or NULL for kinds without one.  After an error (as open() and elf_image_open() gave
 * them) @object is a valid OBJECT_OPAQUE or OBJECT_JIT.
 */
int object_file_open(const struct object_mapping *mapping, struct object *object,
		     struct elf_image **ret_image);

#endif
