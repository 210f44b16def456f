/* SPDX-License-Identifier: MIT */
#include "symbolize/demangle.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "symbolize/itanium_name.h"
#include "symbolize/ocaml_name.h"
#include "symbolize/rust_name.h"
#include "symbolize/short_name.h"
#include "symbolize/symbol_version.h"

#include <ctype.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>

/* Its own xmemdup() has another signature; the name is not linked from there. */
#define xmemdup libiberty_xmemdup
#include <libiberty/demangle.h>
#undef xmemdup

#define MAX_MANGLED    ((size_t)64 << 10)
#define MAX_DEMANGLED  ((size_t)1 << 20)   /* the longest of rbd-mirror's 18,000 is 8,848 bytes */
#define DEEP_STACK     ((size_t)256 << 20) /* 4 KB for each byte of the longest name */
#define SHALLOW_LENGTH 512 /* libiberty allocates 2 components a byte, 2048 of them at most */

/* Back references can double the text each; libiberty's D demangler has no output limit. */
#define DLANG_MAX_MANGLED   2048
#define DLANG_MAX_BACK_REFS 32

enum mangling {
	MANGLING_CPLUS,
	MANGLING_RUST,
};

/* What a demangler prints, cut off at MAX_DEMANGLED: substitutions can grow exponentially. */
struct sink {
	char *text;
	size_t nr;
	size_t cap;
	jmp_buf full;
};

struct attempt {
	const char *mangled;
	enum mangling mangling;
	int flags;
	char *text; /* out; NULL if it is no such name */
};

static void sink_write(const char *text, size_t len, void *opaque)
{
	struct sink *sink = opaque;

	/* Of nothing libiberty may hand over a null pointer. */
	if (len == 0)
		return;
	if (len > MAX_DEMANGLED - sink->nr)
		longjmp(sink->full, 1);
	while (sink->cap - sink->nr < len + 1) {
		sink->cap = sink->cap ? sink->cap * 2 : 256;
		sink->text = xreallocarray(sink->text, sink->cap, 1);
	}
	memcpy(sink->text + sink->nr, text, len);
	sink->nr += len;
}

/* Neither callback interface allocates, so jumping out of it leaks nothing. */
static bool run_demangler(const struct attempt *attempt, struct sink *sink)
{
	if (setjmp(sink->full))
		return false;
	if (attempt->mangling == MANGLING_RUST)
		return rust_demangle_callback(attempt->mangled, attempt->flags, sink_write, sink);
	return cplus_demangle_v3_callback(attempt->mangled, attempt->flags, sink_write, sink);
}

static void *attempt_here(void *arg)
{
	struct attempt *attempt = arg;
	struct sink sink = {0};

	if (run_demangler(attempt, &sink) && sink.nr) {
		sink.text[sink.nr] = '\0';
		attempt->text = sink.text;
	} else {
		free(sink.text);
		attempt->text = NULL;
	}
	return NULL;
}

/* Depth follows the length of the name, so long ones get a stack that no name can exhaust. */
static void attempt_on_deep_stack(struct attempt *attempt)
{
	pthread_attr_t attr;
	pthread_t thread;

	attempt->flags |= DMGL_NO_RECURSE_LIMIT;
	if (pthread_attr_init(&attr) != 0)
		return;
	if (pthread_attr_setstacksize(&attr, DEEP_STACK) == 0 &&
	    pthread_create(&thread, &attr, attempt_here, attempt) == 0)
		pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
}

/* The demangled name, or NULL. */
static char *demangle_as(const char *mangled, enum mangling mangling, int flags)
{
	struct attempt attempt = {.mangled = mangled, .mangling = mangling, .flags = flags};
	size_t len = strlen(mangled);

	if (len > MAX_MANGLED)
		return NULL;
	if (len <= SHALLOW_LENGTH)
		attempt_here(&attempt);
	if (!attempt.text && len > SHALLOW_LENGTH)
		attempt_on_deep_stack(&attempt);
	return attempt.text;
}

/*
 * libiberty's D demangler allocates by its own xmalloc() and xrealloc().  With this one here and
 * the other in common/alloc.c its object that defines both, and ends the program its own way, is
 * never linked.
 */
void *xrealloc(void *ptr, size_t size)
{
	return xreallocarray(ptr, size, 1);
}

static char *demangle_dlang(const char *mangled)
{
	size_t nr_refs = 0;

	if (strlen(mangled) > DLANG_MAX_MANGLED)
		return NULL;
	for (const char *c = mangled; *c; c++)
		nr_refs += *c == 'Q';
	return nr_refs > DLANG_MAX_BACK_REFS ? NULL : dlang_demangle(mangled, DMGL_DLANG);
}

static bool is_dlang(const char *name)
{
	return name[0] == '_' && name[1] == 'D' &&
	       (isdigit((unsigned char)name[2]) || strcmp(name, "_Dmain") == 0);
}

/* @name has no version; @stem is @name without clone suffixes. */
static char *demangle_bare(const char *name, const char *stem, enum demangle_mode mode)
{
	bool is_full = mode == DEMANGLE_FULL;
	bool is_simple = mode == DEMANGLE_SIMPLE;
	_cleanup_free_ char *text = NULL;

	if (is_dlang(stem)) {
		text = demangle_dlang(stem);
		if (!text || is_full)
			return TAKE_PTR(text);
		return short_name_dlang(text, is_simple);
	}
	if (name[0] == 'c')
		return is_full ? NULL : ocaml_name(stem);
	if (name[0] != '_')
		return NULL;
	/* Rust's older mangling is valid C++ too, with the hash for a last component. */
	text = demangle_as(stem, MANGLING_RUST, DMGL_PARAMS);
	if (text) {
		rust_name_unescape(text);
		return is_simple ? short_name_rust_collapsed(text) : TAKE_PTR(text);
	}
	if (strncmp(name, "_Z", 2) != 0 && strncmp(name, "___Z", 4) != 0 &&
	    strncmp(name, "_GLOBAL_", 8) != 0)
		return NULL;
	text = is_full ? demangle_as(name, MANGLING_CPLUS, DMGL_PARAMS | DMGL_ANSI)
		       : demangle_as(stem, MANGLING_CPLUS, 0);
	if (!text)
		text = itanium_name(is_full ? name : stem, is_full);
	if (!text || is_full)
		return TAKE_PTR(text);
	return short_name_cplus(text, is_simple);
}

char *demangle_name(const char *raw, enum demangle_mode mode)
{
	static const char plt[] = "@plt";
	size_t len = symbol_version_strip(raw, strlen(raw));
	bool is_plt = strcmp(raw + len, plt) == 0;
	_cleanup_free_ char *name = xstrndup(raw, len);
	_cleanup_free_ char *stem = xstrndup(raw, short_name_without_clone_suffix(raw, len));
	_cleanup_free_ char *text = NULL;

	if (mode != DEMANGLE_NONE)
		text = demangle_bare(name, stem, mode);
	if (!text && (mode == DEMANGLE_SHORT || mode == DEMANGLE_SIMPLE))
		text = TAKE_PTR(stem);
	else if (!text)
		text = TAKE_PTR(name);
	return is_plt ? xasprintf("%s%s", text, plt) : TAKE_PTR(text);
}
