/* SPDX-License-Identifier: MIT */
/*
 * Named addresses kept on disk by build-id, so that profiling a program again needs no debug
 * information.  A file is one zstd frame with a checksum and is checked before use; a directory's
 * files are bounded in all.
 */
#ifndef CTRACE_SYMBOLIZE_SYMBOL_CACHE_H
#define CTRACE_SYMBOLIZE_SYMBOL_CACHE_H

#include "common/cleanup.h"
#include "common/frame.h"
#include "symbolize/answer.h"
#include "symbolize/demangle.h"

#define SYMBOL_CACHE_MAX_FILE	   ((uint64_t)64 << 20)
#define SYMBOL_CACHE_MAX_DIR	   ((uint64_t)256 << 20)
#define SYMBOL_CACHE_MAX_ADDRESSES ((size_t)1 << 18) /* of one object */

struct intern;
struct symbol_cache;

/* What an answer depends on. */
struct symbol_cache_key {
	struct build_id id;
	uint32_t identity; /* of the files that were read */
	bool inlines;
	bool lines;
	enum demangle_mode demangle;
};

/*
 * What is known for @key.  Frames' modules are set to @module, interned.  -ENOENT: nothing;
 * -EBADMSG: damaged or of another version, and removed.
 */
int symbol_cache_load(const struct symbol_cache_key *key, struct intern *strings,
		      const char *module, struct symbol_cache **ret_cache);
void symbol_cache_free(struct symbol_cache *cache);
DEFINE_CLEANUP(struct symbol_cache *, symbol_cache_free);

/* The answer for @pc, or NULL. */
const struct symbolize_address *symbol_cache_find(const struct symbol_cache *cache, uint64_t pc);
/* What the answers were made from. */
const char *symbol_cache_source(const struct symbol_cache *cache);

/*
 * Keeps the answers for @addrs, and those of @cache (or NULL) as far as there is room.  Errors as
 * the file system gave them.
 */
int symbol_cache_store(const struct symbol_cache_key *key, const struct symbol_cache *cache,
		       const struct symbolize_address *addrs, size_t nr, const char *source);

#endif
