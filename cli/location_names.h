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
struct location_names;
struct symbolize_options;

/* --stats "symbols".  An address is named when its function is known, not just its object. */
struct symbol_figures {
	uint64_t addresses, named, unnamed, inlined_frames;
	uint64_t ns;
};

/*
 * Names every location of @capture.  What cannot be read gives module frames and a line under -v,
 * never an error.  @capture must outlive the result.
 */
void location_names_new(const struct capture *capture, const struct symbolize_options *options,
			struct location_names **ret_names, struct symbol_figures *ret_figures);
void location_names_free(struct location_names *names);
DEFINE_CLEANUP(struct location_names *, location_names_free);

/* Frames of a location, innermost first, at least one; they live as long as @names. */
const struct frame *location_names_get(const struct location_names *names, uint32_t location,
				       uint32_t *ret_nr);

#endif
