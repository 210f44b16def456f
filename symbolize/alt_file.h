/* SPDX-License-Identifier: MIT */
/*
 * The alternate file that dwz moves common debug information to (.gnu_debugaltlink).  A file whose
 * build-id is not the one in the link is refused.
 */
#ifndef CTRACE_SYMBOLIZE_ALT_FILE_H
#define CTRACE_SYMBOLIZE_ALT_FILE_H

#include <stdio.h>

struct elf_image;
struct debug_search;

/*
 * Opens the alternate file of @image, which was found at @image_path.  -ENODATA: it has no link;
 * -ENOENT: not found; -ESTALE: only files of another build.
 */
int alt_file_find(struct elf_image *image, const char *image_path,
		  const struct debug_search *search, struct elf_image **ret_image);

#endif
