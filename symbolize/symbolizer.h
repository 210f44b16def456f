/* SPDX-License-Identifier: MIT */
/*
 * Addresses of one object file to named frames.  Works in batches: all wanted addresses of an
 * object at once, then the object's memory is released.  Does not know processes, captures or
 * output formats, and does not print.  Not for kernel symbols (kallsyms.h) or JIT (perf_map.h).
 */
#ifndef CTRACE_SYMBOLIZE_SYMBOLIZER_H
#define CTRACE_SYMBOLIZE_SYMBOLIZER_H

#include "common/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;
struct intern;

enum demangle_mode {
	DEMANGLE_SHORT, /* no parameters, return types, hashes, clone suffixes; the default */
	DEMANGLE_FULL,
	DEMANGLE_SIMPLE, /* short, and template arguments collapsed to <> */
	DEMANGLE_NONE,
};

struct symbolize_options {
	bool inlines; /* expand inlined functions (needs debug information) */
	bool lines;   /* fill file and line */
	enum demangle_mode demangle;
	const char *const
		*debug_dirs; /* NULL-terminated, searched before /usr/lib/debug; or NULL */
	const char *root;    /* the target's root, tried before the host's; NULL = host only */
	bool debuginfod;     /* ask the servers of DEBUGINFOD_URLS for what is not here */
	unsigned int debuginfod_timeout_ms; /* for one object; 0 = 20 s */
	/* Called now and then while something is fetched, @total 0 while unknown; or NULL. */
	void (*fetch_progress)(void *arg, uint64_t done, uint64_t total);
	void *fetch_progress_arg;
	unsigned int nr_threads; /* 0 = decide */
	unsigned int timeout_ms; /* for the debug information of one object; 0 = two minutes */
	bool cache;		 /* keep answers in the user's cache, and take them from there */
	bool no_sandbox;	 /* read in this process, for debugging and tests */
};

/* One wanted address.  Fill vaddr and is_return, the rest is the answer. */
struct symbolize_address {
	uint64_t vaddr;
	bool is_return; /* a return address: looked up at vaddr - 1 */
	/* out: innermost first; the last one is the function that has a symbol of its own */
	uint32_t nr_frames;   /* >= 1 */
	struct frame *frames; /* owned by the result; see symbolize_result_release() */
};

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
/* Frees the frames of @addrs (not the interned strings). */
void symbolize_release(struct symbolize_address *addrs, size_t nr);

/* Name of an object that has no symbol for an address: "[libfoo.so.1]"; "" and NULL: "[unknown]".
 */
const char *symbolize_module_name(struct intern *strings, const char *path);

#endif
