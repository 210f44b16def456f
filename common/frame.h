/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary that travels between rooms: what a named stack frame is, and how an object file
 * is identified.  Plain data; strings are interned or borrowed, never owned by a frame.
 */
#ifndef CTRACE_COMMON_FRAME_H
#define CTRACE_COMMON_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX 20 /* SHA-1, the longest the kernel reports (struct perf_record_mmap2) */

struct build_id {
	uint8_t size; /* bytes used, 0 = unknown */
	uint8_t data[BUILD_ID_MAX];
};

enum frame_kind {
	FRAME_KIND_USER,
	FRAME_KIND_KERNEL,  /* "_[k]" in folded output */
	FRAME_KIND_INLINED, /* "_[i]": a user frame the compiler inlined into its caller */
	FRAME_KIND_JIT,	    /* "_[j]": from a perf map or jitdump */
	FRAME_KIND_MODULE,  /* only the object is known: name is "[libfoo.so.1]" or with +0x1234 */
	FRAME_KIND_UNKNOWN, /* "[unknown]" */
	FRAME_KIND_MARK,    /* a frame ctrace itself puts in: thread, process, probe, [truncated] */
	NR_FRAME_KINDS
};

/* One named frame.  Pointers are interned (common/intern.h): equal strings are equal pointers. */
struct frame {
	const char *name;      /* short form, what a box shows; never NULL */
	const char *full_name; /* with parameters; NULL = same as name */
	const char *module;    /* path of the object; NULL = none */
	const char *file;      /* source; NULL = unknown */
	uint32_t line;	       /* 0 = unknown */
	uint8_t kind;	       /* enum frame_kind */
	bool guessed;	       /* the walk reached it without CFI */
};

#endif
