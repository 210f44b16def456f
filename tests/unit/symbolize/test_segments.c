/* SPDX-License-Identifier: MIT */
#include "symbolize/segments.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

/* Who owns each of the addresses 0..31, as letters; '.' for nobody. */
static void assert_owners(struct address_range *ranges, size_t nr, const char *expected)
{
	struct segments segments;
	char got[33] = {0};

	segments_build(ranges, nr, &segments);
	for (uint64_t addr = 0; addr < strlen(expected); addr++) {
		const struct segment *segment = segments_find(&segments, addr);

		got[addr] = segment ? (char)('a' + segment->value) : '.';
	}
	for (size_t i = 1; i < segments.nr; i++)
		assert_true(segments.items[i - 1].end <= segments.items[i].start);
	free(segments.items);
	assert_string_equal(got, expected);
}

static void the_highest_rank_owns_an_address(void **state)
{
	struct address_range ranges[] = {
		{.start = 2, .end = 12, .rank = 0, .value = 0},
		{.start = 4, .end = 6, .rank = 1, .value = 1},
		{.start = 5, .end = 9, .rank = 2, .value = 2},
	};

	(void)state;
	assert_owners(ranges, 3, "..aabccccaaa....");
}

static void a_low_rank_shows_only_where_nothing_covers_it(void **state)
{
	struct address_range ranges[] = {
		{.start = 0, .end = 4, .rank = 5, .value = 0},
		{.start = 2, .end = 8, .rank = 1, .value = 1},
		{.start = 6, .end = 10, .rank = 9, .value = 2},
	};

	(void)state;
	assert_owners(ranges, 3, "aaaabbcccc..");
}

static void empty_and_equal_ranges_do_no_harm(void **state)
{
	struct address_range ranges[] = {
		{.start = 3, .end = 3, .rank = 9, .value = 0},
		{.start = 1, .end = 5, .rank = 1, .value = 1},
		{.start = 1, .end = 5, .rank = 2, .value = 2},
	};

	(void)state;
	assert_owners(ranges, 3, ".cccc..");
	assert_owners(ranges, 0, "....");
}

/* Against painting each address by trying every range. */
static void random_ranges_agree_with_brute_force(void **state)
{
	unsigned int seed = 7;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct address_range ranges[12];
		char expected[33] = {0};
		size_t nr = (size_t)rand_r(&seed) % 12;

		for (size_t i = 0; i < nr; i++) {
			ranges[i].start = (uint64_t)rand_r(&seed) % 32;
			ranges[i].end = ranges[i].start + (uint64_t)rand_r(&seed) % 12;
			ranges[i].value = (uint32_t)i;
			ranges[i].rank = (uint32_t)((i * 7) % 13);
		}
		for (uint64_t addr = 0; addr < 32; addr++) {
			const struct address_range *best = NULL;

			for (size_t i = 0; i < nr; i++)
				if (ranges[i].start <= addr && addr < ranges[i].end &&
				    (!best || ranges[i].rank > best->rank))
					best = &ranges[i];
			expected[addr] = best ? (char)('a' + best->value) : '.';
		}
		assert_owners(ranges, nr, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_highest_rank_owns_an_address),
		cmocka_unit_test(a_low_rank_shows_only_where_nothing_covers_it),
		cmocka_unit_test(empty_and_equal_ranges_do_no_harm),
		cmocka_unit_test(random_ranges_agree_with_brute_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
