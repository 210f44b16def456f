/* SPDX-License-Identifier: MIT */
/*
 * Names for the places of a capture: the symbolizer for ELF files, a batch an object, and the
 * symbols embedded in the capture for the kernel, JIT code and the vdso.  Builds no stacks.
 */
#ifndef CTRACE_CLI_LOCATION_NAMES_H
#define CTRACE_CLI_LOCATION_NAMES_H

#include "common/cleanup.h"
#include "common/frame.h"

#include <stdint.h>

struct capture;
struct capture_object;
struct location_names;
struct symbolize_options;

/* --stats "symbols".  An address is named when its function is known, not just its object. */
struct symbol_figures {
	uint64_t addresses, named, unnamed, inlined_frames;
	uint64_t ns;
};

/*
 * Who still has the files of a recording open: descriptors, borrowed, of an object's file and of
 * its process's root; -1 for what there is not.
 */
struct recorded_files {
	void (*find)(const void *arg, const struct capture_object *object, int *ret_file,
		     int *ret_root);
	const void *arg;
};

/*
 * Names every location of @capture, by @files (NULL: nobody has them open) or else by the objects'
 * paths.  What cannot be read gives module frames and a line under -v, never an error.  @capture
 * must outlive the result.
 */
void location_names_new(const struct capture *capture, const struct recorded_files *files,
			const struct symbolize_options *options, struct location_names **ret_names,
			struct symbol_figures *ret_figures);
void location_names_free(struct location_names *names);
DEFINE_CLEANUP(struct location_names *, location_names_free);

/* Frames of a location, innermost first, at least one; they live as long as @names. */
const struct frame *location_names_get(const struct location_names *names, uint32_t location,
				       uint32_t *ret_nr);

#endif
