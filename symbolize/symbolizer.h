/* SPDX-License-Identifier: MIT */
/*
 * Addresses of one object file to named frames.  Works in batches: all wanted addresses of an
 * object at once, then the object's memory is released.  Does not know processes, captures or
 * output formats, and does not print.  Not for kernel symbols (kallsyms.h) or JIT (perf_map.h).
 */
#ifndef CTRACE_SYMBOLIZE_SYMBOLIZER_H
#define CTRACE_SYMBOLIZE_SYMBOLIZER_H

#include "symbolize/answer.h"
#include "symbolize/symbolize_options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct build_id;
struct elf_image;
struct intern;

struct symbolize_stats {
	uint64_t addresses;
	uint64_t named;
	uint64_t inlined_frames;
	uint64_t ns;
	uint64_t fetch_ns;  /* of that, waiting for debuginfod servers */
	bool is_damaged;    /* something was damaged, missing, refused or too slow: see @source */
	const char *source; /* interned: what was used and why not more, for -v */
};

/*
 * Names every address of @addrs for the object @path, build @id (NULL: any), whose image is @image.
 * NULL for @image: with an @id the file is not here, without one @path is opened.  Where the file
 * is missing or of another build, its debug file is still found by @id.  When nothing is known of
 * an object each address still gets one frame: "[name]" of @path's last component, kind
 * FRAME_KIND_MODULE.  Strings come from @strings.
 * 0, or with module frames: -ESTALE (the build-id differs), -ENOENT (not here), or the error of
 * opening.
 */
int symbolize_object(const char *path, const struct build_id *id, struct elf_image *image,
		     const struct symbolize_options *options, struct intern *strings,
		     struct symbolize_address *addrs, size_t nr, struct symbolize_stats *stats);

#endif
