/* SPDX-License-Identifier: MIT */
/*
 * Finds the separate debug file of an object: by build-id and by .gnu_debuglink, in the given
 * directories, then in the target's root, then on the host.  A file that does not belong to the
 * object is refused, and says so in the notes.  Fetches nothing from the network (debuginfod.h).
 */
#ifndef CTRACE_SYMBOLIZE_DEBUG_FILE_H
#define CTRACE_SYMBOLIZE_DEBUG_FILE_H

#include <stdio.h>

struct build_id;
struct elf_image;

struct debug_search {
	const char *path;	       /* of the object, as its process sees it */
	const char *root;	       /* NULL = the host's */
	const char *const *debug_dirs; /* NULL-terminated, or NULL */
	FILE *notes; /* gets what was refused and why, each with "; " before it; or NULL */
};

/*
 * -ENOENT: none; -ESTALE: only files of another build.  @ret_path: where it was found, to be freed
 * by the caller.
 */
int debug_file_find(struct elf_image *image, const struct debug_search *search,
		    struct elf_image **ret_image, char **ret_path);

/* The debug file of build @id, whose object is not at hand; -ENOENT, or -ESTALE as above. */
int debug_file_find_by_id(const struct build_id *id, const struct debug_search *search,
			  struct elf_image **ret_image);

#endif
