/* SPDX-License-Identifier: MIT */
#include "symbolize/symbol_cache.h"

#include "common/alloc.h"
#include "common/cache_dir.h"
#include "common/elf_image.h"
#include "common/log.h"
#include "symbolize/answer_wire.h"
#include "symbolize/frame_builder.h"
#include "symbolize/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define CACHE_NAME    "symbols"
#define CACHE_MAGIC   0x0a6d7973 /* "sym\n": a text mode copy breaks it */
#define CACHE_VERSION 3		 /* counts up when the same input would be named otherwise */
#define CACHE_LEVEL   3
#define NAME_BYTES    (2 * BUILD_ID_MAX + 16)
#define MIN_ID_BYTES  8 /* shorter build-ids are set by hand and do not identify a build */

/* Then the addresses, then the answers as answer_wire.h writes them. */
struct cache_header {
	uint32_t magic;
	uint32_t version;
	uint32_t identity;
	uint32_t nr;
	uint8_t options[8];
};

struct symbol_cache {
	struct symbolize_address *addrs; /* by vaddr, which is the pc here */
	size_t nr;
	const char *source;
};

static struct cache_header make_header(const struct symbol_cache_key *key, size_t nr)
{
	return (struct cache_header){
		.magic = CACHE_MAGIC,
		.version = CACHE_VERSION,
		.identity = key->identity,
		.nr = (uint32_t)nr,
		.options = {key->inlines, key->lines, (uint8_t)key->demangle},
	};
}

/* Different options have different files, so that they do not chase each other out. */
static bool file_name(const struct symbol_cache_key *key, char *name)
{
	char hex[2 * BUILD_ID_MAX + 1];

	if (key->id.size < MIN_ID_BYTES)
		return false;
	build_id_format(&key->id, hex);
	snprintf(name, NAME_BYTES, "%s-%d%d%d", hex, key->inlines, key->lines, (int)key->demangle);
	return true;
}

static int unpack(const uint8_t *packed, size_t packed_size, uint8_t **ret_bytes, size_t *ret_size)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed, packed_size);
	_cleanup_free_ uint8_t *bytes = NULL;

	if (size < sizeof(struct cache_header) || size > SYMBOL_CACHE_MAX_FILE)
		return -EBADMSG;
	bytes = xmalloc(size);
	if (ZSTD_decompress(bytes, size, packed, packed_size) != size)
		return -EBADMSG;
	*ret_bytes = TAKE_PTR(bytes);
	*ret_size = size;
	return 0;
}

static int read_entries(const uint8_t *bytes, size_t size, struct intern *strings,
			const char *module, struct symbol_cache *cache)
{
	struct resolve_outcome outcome;
	struct cache_header header;
	size_t vaddrs_size;
	int err;

	memcpy(&header, bytes, sizeof(header));
	vaddrs_size = (size_t)header.nr * sizeof(uint64_t);
	if (header.nr > SYMBOL_CACHE_MAX_ADDRESSES || vaddrs_size > size - sizeof(header))
		return -EBADMSG;
	cache->addrs = xcalloc((size_t)header.nr + 1, sizeof(*cache->addrs));
	cache->nr = header.nr;
	for (size_t i = 0; i < cache->nr; i++) {
		memcpy(&cache->addrs[i].vaddr, bytes + sizeof(header) + i * sizeof(uint64_t),
		       sizeof(uint64_t));
		if (i && cache->addrs[i].vaddr <= cache->addrs[i - 1].vaddr)
			return -EBADMSG;
	}
	err = answer_wire_read(bytes + sizeof(header) + vaddrs_size,
			       size - sizeof(header) - vaddrs_size, strings, cache->addrs,
			       cache->nr, &outcome);
	if (err)
		return err;
	cache->source = outcome.source ? outcome.source : "";
	for (size_t i = 0; i < cache->nr; i++)
		for (uint32_t k = 0; k < cache->addrs[i].nr_frames; k++)
			cache->addrs[i].frames[k].module = module;
	return 0;
}

static int load_from(int dir, const char *name, const struct symbol_cache_key *key,
		     struct intern *strings, const char *module, struct symbol_cache *cache)
{
	struct cache_header wanted, header;
	_cleanup_free_ uint8_t *packed = NULL;
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t packed_size, size;
	int err;

	err = cache_dir_read(dir, name, SYMBOL_CACHE_MAX_FILE, &packed, &packed_size);
	if (err)
		return err;
	err = unpack(packed, packed_size, &bytes, &size);
	if (err)
		return err;
	memcpy(&header, bytes, sizeof(header));
	wanted = make_header(key, header.nr);
	if (memcmp(&header, &wanted, sizeof(header)) != 0)
		return -EBADMSG;
	return read_entries(bytes, size, strings, module, cache);
}

int symbol_cache_load(const struct symbol_cache_key *key, struct intern *strings,
		      const char *module, struct symbol_cache **ret_cache)
{
	_cleanup_(symbol_cache_freep) struct symbol_cache *cache = xcalloc(1, sizeof(*cache));
	_cleanup_close_ int dir = -1;
	char name[NAME_BYTES];
	int err;

	if (!file_name(key, name))
		return -ENOENT;
	dir = cache_dir_open(CACHE_NAME, false);
	if (dir < 0)
		return dir;
	err = load_from(dir, name, key, strings, module, cache);
	if (err == -EBADMSG) {
		log_debug("cached symbols %s are damaged or of other files: removed", name);
		unlinkat(dir, name, 0);
	}
	if (err)
		return err;
	*ret_cache = TAKE_PTR(cache);
	return 0;
}

void symbol_cache_free(struct symbol_cache *cache)
{
	if (!cache)
		return;
	symbolize_release(cache->addrs, cache->nr);
	free(cache->addrs);
	free(cache);
}

static int compare_addresses(const void *a, const void *b)
{
	const struct symbolize_address *x = a;
	const struct symbolize_address *y = b;

	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

const struct symbolize_address *symbol_cache_find(const struct symbol_cache *cache, uint64_t pc)
{
	struct symbolize_address key = {.vaddr = pc};

	return bsearch(&key, cache->addrs, cache->nr, sizeof(key), compare_addresses);
}

const char *symbol_cache_source(const struct symbol_cache *cache)
{
	return cache->source;
}

/* @addrs by pc, each once, followed by those of the cache; frames are borrowed. */
static struct symbolize_address *collect(const struct symbol_cache *cache,
					 const struct symbolize_address *addrs, size_t nr,
					 size_t *ret_nr)
{
	size_t nr_old = cache && nr + cache->nr <= SYMBOL_CACHE_MAX_ADDRESSES ? cache->nr : 0;
	struct symbolize_address *all;
	size_t nr_all = 0;

	if (nr > SYMBOL_CACHE_MAX_ADDRESSES)
		nr = SYMBOL_CACHE_MAX_ADDRESSES;
	all = xcalloc(nr + nr_old + 1, sizeof(*all));
	for (size_t i = 0; i < nr; i++) {
		all[i] = addrs[i];
		all[i].vaddr = symbolize_pc(&addrs[i]);
	}
	if (nr_old)
		memcpy(all + nr, cache->addrs, nr_old * sizeof(*all));
	qsort(all, nr + nr_old, sizeof(*all), compare_addresses);
	for (size_t i = 0; i < nr + nr_old; i++)
		if (nr_all == 0 || all[nr_all - 1].vaddr != all[i].vaddr)
			all[nr_all++] = all[i];
	*ret_nr = nr_all;
	return all;
}

/* The file's contents before compression. */
static uint8_t *serialize(const struct symbol_cache_key *key, const struct symbolize_address *all,
			  size_t nr, const char *source, size_t *ret_size)
{
	struct resolve_outcome outcome = {.source = source, .is_complete = true};
	struct cache_header header = make_header(key, nr);
	_cleanup_free_ uint8_t *answers = NULL;
	size_t answers_size;
	uint8_t *bytes, *at;

	answer_wire_write(all, nr, &outcome, &answers, &answers_size);
	*ret_size = sizeof(header) + nr * sizeof(uint64_t) + answers_size;
	bytes = xmalloc(*ret_size);
	memcpy(bytes, &header, sizeof(header));
	at = bytes + sizeof(header);
	for (size_t i = 0; i < nr; i++, at += sizeof(uint64_t))
		memcpy(at, &all[i].vaddr, sizeof(uint64_t));
	memcpy(at, answers, answers_size);
	return bytes;
}

static int pack(const uint8_t *bytes, size_t size, uint8_t **ret_packed, size_t *ret_size)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t cap = ZSTD_compressBound(size);
	_cleanup_free_ uint8_t *packed = xmalloc(cap);
	size_t packed_size;

	if (!context)
		die_oom();
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, CACHE_LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	packed_size = ZSTD_compress2(context, packed, cap, bytes, size);
	ZSTD_freeCCtx(context);
	if (ZSTD_isError(packed_size))
		return -EIO;
	*ret_packed = TAKE_PTR(packed);
	*ret_size = packed_size;
	return 0;
}

int symbol_cache_store(const struct symbol_cache_key *key, const struct symbol_cache *cache,
		       const struct symbolize_address *addrs, size_t nr, const char *source)
{
	_cleanup_free_ struct symbolize_address *all = NULL;
	_cleanup_free_ uint8_t *bytes = NULL;
	_cleanup_free_ uint8_t *packed = NULL;
	_cleanup_close_ int dir = -1;
	size_t size, packed_size, nr_all;
	char name[NAME_BYTES];
	int err;

	if (!file_name(key, name))
		return -ENOENT;
	dir = cache_dir_open(CACHE_NAME, true);
	if (dir < 0)
		return dir;
	all = collect(cache, addrs, nr, &nr_all);
	bytes = serialize(key, all, nr_all, source, &size);
	if (size > SYMBOL_CACHE_MAX_FILE)
		return -E2BIG;
	err = pack(bytes, size, &packed, &packed_size);
	if (!err)
		err = cache_dir_write(dir, name, packed, packed_size);
	if (!err)
		cache_dir_trim(dir, SYMBOL_CACHE_MAX_DIR);
	return err;
}
