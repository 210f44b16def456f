/* SPDX-License-Identifier: MIT */
/* Tables on disk, by build-id.  Nothing of a file is believed: see check_table(). */
#include "unwind/table.h"

#include "common/alloc.h"
#include "common/cache_dir.h"
#include "common/elf_image.h"
#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define CACHE_NAME  "tables"
#define CACHE_MAGIC "ctrace\ntable\n\032" /* a text mode copy breaks it, as PNG's does */
/* Counts up with every change of the table or of what is built into it. */
#define CACHE_VERSION	12
#define CACHE_MAX_BYTES ((uint64_t)1 << 30)

struct cache_header {
	char magic[16];
	uint32_t version;
	uint32_t header_size;
	uint64_t vaddr_begin;
	uint64_t vaddr_end;
	uint32_t nr_blocks;
	uint32_t nr_rows;
	uint32_t nr_rules;
	uint32_t id_size;
	uint8_t id[24];
	struct unwind_stats stats;
};

static size_t table_bytes(const struct cache_header *h)
{
	return sizeof(*h) + ((size_t)h->nr_blocks + 1) * sizeof(uint32_t) +
	       (size_t)h->nr_rows * sizeof(uint32_t) +
	       (size_t)h->nr_rules * sizeof(struct unwind_rule);
}

static bool check_header(const struct cache_header *h, const struct build_id *id, size_t size)
{
	return memcmp(h->magic, CACHE_MAGIC, sizeof(CACHE_MAGIC)) == 0 &&
	       h->version == CACHE_VERSION && h->header_size == sizeof(*h) &&
	       h->id_size == id->size && memcmp(h->id, id->data, id->size) == 0 && h->nr_rows > 0 &&
	       h->nr_rules > 0 && h->nr_rules <= CTRACE_MAX_RULES &&
	       h->vaddr_begin % ((uint64_t)1 << CTRACE_BLOCK_SHIFT) == 0 &&
	       h->vaddr_end > h->vaddr_begin &&
	       h->vaddr_end - h->vaddr_begin == (uint64_t)h->nr_blocks << CTRACE_BLOCK_SHIFT &&
	       table_bytes(h) == size;
}

static bool check_rule(const struct unwind_rule *rule)
{
	return rule->cfa_kind < NR_CFA_KINDS && rule->rbp_kind < NR_RBP_KINDS &&
	       !(rule->flags & ~(RULE_RAMP_DOWN | RULE_RA_REGISTER | RULE_RBX_SAVED |
				 RULE_RBX_KEPT | RULE_DERIVED)) &&
	       rule->rbp_step <= CTRACE_RAMP_SPAN &&
	       (!rule->ramp_mask || rule->cfa_kind == CFA_RSP);
}

/* Every row of a block lies in it, in order, and names a rule there is. */
static bool check_table(const struct unwind_table *t)
{
	if (t->index[0] != 0 || t->index[t->nr_blocks] != t->nr_rows || t->rows[0] & 0xffff ||
	    t->rules[0].cfa_kind != CFA_NONE || t->rules[0].x != NONE_GAP)
		return false;
	for (uint32_t i = 0; i < t->nr_rules; i++)
		if (!check_rule(&t->rules[i]))
			return false;
	for (uint32_t b = 0; b < t->nr_blocks; b++) {
		uint32_t in_block = (uint32_t)(t->vaddr_begin >> CTRACE_BLOCK_SHIFT) + b;

		if (t->index[b] > t->index[b + 1] || t->index[b + 1] > t->nr_rows)
			return false;
		for (uint32_t i = t->index[b]; i < t->index[b + 1]; i++)
			if (CTRACE_ROW_RULE(t->rows[i]) >= t->nr_rules ||
			    CTRACE_ROW_PC16(t->rows[i]) >> CTRACE_BLOCK_SHIFT != (in_block & 63) ||
			    (i > t->index[b] && t->rows[i] < t->rows[i - 1]))
				return false;
	}
	/* The rows of one block are at most one a byte, and the GAP row in front of the first. */
	for (uint32_t b = 0; b < t->nr_blocks; b++)
		if (t->index[b + 1] - t->index[b] > CTRACE_MAX_BLOCK_ROWS + (b == 0))
			return false;
	return true;
}

/* The zstd frame carries the checksum; a frame that lies about its size costs its size at most. */
static int decompress(const uint8_t *packed, size_t packed_size, uint8_t **ret_data,
		      size_t *ret_size)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed, packed_size);
	_cleanup_free_ uint8_t *data = NULL;

	if (size < sizeof(struct cache_header) || size > CACHE_MAX_BYTES)
		return -EBADMSG;
	data = xmalloc(size);
	if (ZSTD_decompress(data, size, packed, packed_size) != size)
		return -EBADMSG;
	*ret_data = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}

static struct unwind_table *unpack(const uint8_t *data, const struct cache_header *h)
{
	struct unwind_table *t = xcalloc(1, sizeof(*t));
	size_t index_size = ((size_t)h->nr_blocks + 1) * sizeof(*t->index);
	size_t rows_size = (size_t)h->nr_rows * sizeof(*t->rows);

	data += sizeof(*h);
	t->vaddr_begin = h->vaddr_begin;
	t->vaddr_end = h->vaddr_end;
	t->nr_blocks = h->nr_blocks;
	t->nr_rows = h->nr_rows;
	t->nr_rules = h->nr_rules;
	t->stats = h->stats;
	t->stats.build_ns = 0;
	t->index = xmemdup(data, index_size);
	t->rows = xmemdup(data + index_size, rows_size);
	t->rules = xmemdup(data + index_size + rows_size, (size_t)h->nr_rules * sizeof(*t->rules));
	return t;
}

static int load_from(int dir, const char *name, const struct build_id *id,
		     struct unwind_table **ret_table)
{
	_cleanup_(unwind_table_freep) struct unwind_table *table = NULL;
	_cleanup_free_ uint8_t *packed = NULL, *data = NULL;
	struct cache_header header;
	size_t packed_size = 0, size = 0;
	int err;

	err = cache_dir_read(dir, name, CACHE_MAX_BYTES, &packed, &packed_size);
	if (!err)
		err = decompress(packed, packed_size, &data, &size);
	if (err)
		return err;
	memcpy(&header, data, sizeof(header));
	if (!check_header(&header, id, size))
		return -EBADMSG;
	table = unpack(data, &header);
	if (!check_table(table))
		return -EBADMSG;
	*ret_table = TAKE_PTR(table);
	return 0;
}

int unwind_cache_load(const struct build_id *id, struct unwind_table **ret_table)
{
	char name[2 * BUILD_ID_MAX + 1];
	_cleanup_close_ int dir = cache_dir_open(CACHE_NAME, false);
	int err;

	if (dir < 0)
		return dir;
	if (!id->size)
		return -ENOENT;
	build_id_format(id, name);
	err = load_from(dir, name, id, ret_table);
	if (err == -EBADMSG) {
		log_debug("cached table %s is damaged or of another version: removed", name);
		unlinkat(dir, name, 0);
	}
	return err;
}

static uint8_t *pack(const struct build_id *id, const struct unwind_table *t, size_t *ret_size)
{
	struct cache_header header = {
		.magic = CACHE_MAGIC,
		.version = CACHE_VERSION,
		.header_size = sizeof(header),
		.vaddr_begin = t->vaddr_begin,
		.vaddr_end = t->vaddr_end,
		.nr_blocks = t->nr_blocks,
		.nr_rows = t->nr_rows,
		.nr_rules = t->nr_rules,
		.id_size = id->size,
		.stats = t->stats,
	};
	uint8_t *data = xmalloc(table_bytes(&header)), *p = data;
	const struct {
		const void *data;
		size_t size;
	} parts[] = {
		{&header, sizeof(header)},
		{t->index, ((size_t)t->nr_blocks + 1) * sizeof(*t->index)},
		{t->rows, (size_t)t->nr_rows * sizeof(*t->rows)},
		{t->rules, (size_t)t->nr_rules * sizeof(*t->rules)},
	};

	memcpy(header.id, id->data, id->size);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		memcpy(p, parts[i].data, parts[i].size);
		p += parts[i].size;
	}
	*ret_size = (size_t)(p - data);
	return data;
}

int unwind_cache_store(const struct build_id *id, const struct unwind_table *table)
{
	_cleanup_free_ uint8_t *data = NULL, *packed = NULL;
	_cleanup_close_ int dir = -1;
	char name[2 * BUILD_ID_MAX + 1];
	size_t size, bound, packed_size;
	ZSTD_CCtx *context;

	if (!id->size)
		return -ENOENT;
	dir = cache_dir_open(CACHE_NAME, true);
	if (dir < 0)
		return dir;
	data = pack(id, table, &size);
	if (size > CACHE_MAX_BYTES)
		return -E2BIG;
	bound = ZSTD_compressBound(size);
	packed = xmalloc(bound);
	context = ZSTD_createCCtx();
	if (!context)
		die_oom();
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	packed_size = ZSTD_compress2(context, packed, bound, data, size);
	ZSTD_freeCCtx(context);
	if (ZSTD_isError(packed_size))
		return -EIO;
	build_id_format(id, name);
	return cache_dir_write(dir, name, packed, packed_size);
}
