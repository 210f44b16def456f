/* SPDX-License-Identifier: MIT */
#include "loader/table_store.h"

#include "common/alloc.h"
#include "common/hash_table.h"
#include "loader/map_pool.h"
#include "unwind/table.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define BLOB_BYTES sizeof(struct unwind_blob)
/* Made ahead: the next program that is run needs one, seldom two. */
#define SPARE_BLOBS 1
/* Below this a blob's rest is left alone rather than cutting an object in two. */
#define MIN_SLICE_WORDS (CTRACE_BLOB_WORDS / 8)
/* The first rule and the first word are nobody's: 0 reads as "no rule". */
#define RULE_NONE 0

struct rule_number {
	struct unwind_rule rule; /* key */
	uint16_t number;
	UT_hash_handle hh;
};

struct table_store {
	struct map_pool *pool;
	struct unwind_blob **blobs;
	uint32_t nr_blobs, cap_blobs;
	uint32_t used; /* words of the last blob */
	struct unwind_rules *rules;
	uint32_t nr_rules;
	struct rule_number *numbers;
};

static void *map_shared(int fd, size_t size)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	return mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
}

static int open_blob(struct table_store *s)
{
	uint32_t key;
	void *blob;
	int err = map_pool_take(s->pool, &key, &blob);

	if (err < 0)
		return err;
	GROW_ARRAY(s->blobs, s->nr_blobs, s->cap_blobs);
	s->blobs[s->nr_blobs++] = blob;
	s->used = 1; /* word 0 stays the row "no rule" */
	return 0;
}

int table_store_new(int blobs_fd, int rules_fd, struct table_store **ret_store)
{
	const struct map_pool_options pool = {
		.outer_fd = blobs_fd,
		.name = "ctrace_blob",
		.value_size = BLOB_BYTES,
		.capacity = CTRACE_MAX_BLOBS,
		.spares = SPARE_BLOBS,
	};
	_cleanup_(table_store_freep) struct table_store *s = xcalloc(1, sizeof(*s));
	void *rules = map_shared(rules_fd, sizeof(struct unwind_rules));
	int err;

	if (rules == MAP_FAILED)
		return -errno;
	s->rules = rules;
	s->rules->rule[RULE_NONE] = (struct unwind_rule){.cfa_kind = CFA_NONE, .x = NONE_GAP};
	s->rules->rule[1] = (struct unwind_rule){.cfa_kind = CFA_NONE, .x = NONE_RULES_FULL};
	s->nr_rules = 2;
	err = map_pool_new(&pool, &s->pool);
	if (err < 0)
		return err;
	*ret_store = TAKE_PTR(s);
	return 0;
}

void table_store_free(struct table_store *s)
{
	struct rule_number *n, *next;

	if (!s)
		return;
	HASH_ITER (hh, s->numbers, n, next) {
		HASH_DEL(s->numbers, n);
		free(n);
	}
	map_pool_free(s->pool);
	free(s->blobs);
	munmap(s->rules, sizeof(struct unwind_rules));
	free(s);
}

bool table_store_has_room(const struct table_store *s, uint32_t nr_rules)
{
	return nr_rules <= CTRACE_MAX_RULES - s->nr_rules;
}

/* The number of @rule, given out at first sight; 1 (RULES_FULL) when there is none left. */
static uint16_t number_of_rule(struct table_store *s, const struct unwind_rule *rule)
{
	struct rule_number *n;

	if (rule->cfa_kind == CFA_NONE && rule->x == NONE_GAP)
		return RULE_NONE;
	HASH_FIND(hh, s->numbers, rule, sizeof(*rule), n);
	if (n)
		return n->number;
	if (s->nr_rules == CTRACE_MAX_RULES)
		return 1;
	n = xcalloc(1, sizeof(*n));
	n->rule = *rule;
	n->number = (uint16_t)s->nr_rules;
	s->rules->rule[s->nr_rules++] = *rule;
	HASH_ADD(hh, s->numbers, rule, sizeof(n->rule), n);
	return n->number;
}

/* Blocks from @first on that fit into @words together with their index and a carried row. */
static uint32_t blocks_that_fit(const struct unwind_table *t, uint32_t first, uint32_t words)
{
	uint32_t low = first, high = t->nr_blocks;

	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;
		uint64_t need = (uint64_t)(middle - first) + 2 +
				(t->index[middle] - t->index[first]);

		if (need <= words)
			low = middle;
		else
			high = middle - 1;
	}
	return low - first;
}

static void write_slice(struct table_store *s, const struct unwind_table *t, uint32_t first,
			uint32_t nr, const uint16_t *number, struct table_slice *ret_slice)
{
	uint32_t *word = s->blobs[s->nr_blobs - 1]->word;
	uint32_t index = s->used, row = index + nr + 1;
	uint32_t begin = t->index[first], end = t->index[first + nr];
	uint64_t vaddr = t->vaddr_begin + ((uint64_t)first << CTRACE_BLOCK_SHIFT);

	/* The row that governs the slice's first bytes lies before it. */
	word[row] = CTRACE_ROW(0, RULE_NONE);
	if (begin)
		word[row] = CTRACE_ROW(CTRACE_ROW_PC16(t->rows[begin - 1]),
				       number[CTRACE_ROW_RULE(t->rows[begin - 1])]);
	row++;
	for (uint32_t i = 0; i <= nr; i++)
		word[index + i] = row + (t->index[first + i] - begin);
	for (uint32_t i = begin; i < end; i++)
		word[row + (i - begin)] = CTRACE_ROW(CTRACE_ROW_PC16(t->rows[i]),
						     number[CTRACE_ROW_RULE(t->rows[i])]);
	s->used = row + (end - begin);
	ret_slice->vaddr_begin = vaddr;
	ret_slice->vaddr_end = vaddr + ((uint64_t)nr << CTRACE_BLOCK_SHIFT);
	ret_slice->blob = s->nr_blobs - 1;
	ret_slice->index_base = index - (uint32_t)(vaddr >> CTRACE_BLOCK_SHIFT);
}

int table_store_add(struct table_store *s, const struct unwind_table *t,
		    struct table_slice **ret_slices, size_t *ret_nr, uint64_t *ret_lost_rules)
{
	_cleanup_free_ uint16_t *number = xcalloc(t->nr_rules ? t->nr_rules : 1, sizeof(*number));
	_cleanup_free_ struct table_slice *slices = NULL;
	size_t nr = 0, cap = 0;
	uint64_t lost = 0;

	for (uint32_t i = 0; i < t->nr_rules; i++) {
		number[i] = number_of_rule(s, &t->rules[i]);
		lost += number[i] == 1;
	}
	for (uint32_t first = 0; first < t->nr_blocks;) {
		uint32_t room = s->nr_blobs ? CTRACE_BLOB_WORDS - s->used : 0;
		uint32_t fit = room ? blocks_that_fit(t, first, room) : 0;

		if (first + fit < t->nr_blocks && (room < MIN_SLICE_WORDS || fit == 0)) {
			int err = open_blob(s);

			if (err < 0)
				return err;
			fit = blocks_that_fit(t, first, CTRACE_BLOB_WORDS - s->used);
			if (fit == 0)
				return -E2BIG;
		}
		GROW_ARRAY(slices, nr, cap);
		write_slice(s, t, first, fit, number, &slices[nr++]);
		first += fit;
	}
	*ret_slices = TAKE_PTR(slices);
	*ret_nr = nr;
	*ret_lost_rules = lost;
	return 0;
}

uint64_t table_store_kernel_bytes(const struct table_store *s)
{
	return map_pool_bytes(s->pool);
}

const struct unwind_blob *const *table_store_blobs(const struct table_store *s, uint32_t *ret_nr)
{
	*ret_nr = s->nr_blobs;
	return (const struct unwind_blob *const *)s->blobs;
}

const struct unwind_rules *table_store_rules(const struct table_store *s)
{
	return s->rules;
}
