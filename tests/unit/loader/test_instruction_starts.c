/* SPDX-License-Identifier: MIT */
/* Where instructions begin: by following code, through jump tables, around data. */
#include "test.h"

#include "loader/instruction_starts.h"

#include <string.h>

#define VADDR 0x1000
#define TABLE 0x8000

/* A jump table at TABLE. */
struct table {
	const void *bytes;
	size_t size;
};

static bool read_table(void *arg, uint64_t vaddr, void *bytes, size_t size)
{
	const struct table *table = arg;

	if (vaddr < TABLE || vaddr - TABLE + size > table->size)
		return false;
	memcpy(bytes, (const uint8_t *)table->bytes + (vaddr - TABLE), size);
	return true;
}

/* Checks that instructions begin at the offsets of @wanted (ended by -1), and nowhere else. */
static void check(const uint8_t *bytes, uint32_t size, bool is_whole, const struct table *table,
		  const int *wanted)
{
	struct table copy = table ? *table : (struct table){NULL, 0};
	const struct instruction_code code = {.bytes = bytes,
					      .size = size,
					      .vaddr = VADDR,
					      .is_whole = is_whole,
					      .read = read_table,
					      .arg = &copy};
	_cleanup_(instruction_starts_freep) struct instruction_starts *starts =
		instruction_starts_new(&code);

	for (uint32_t off = 0; off <= size; off++) {
		bool is_wanted = false;

		for (const int *w = wanted; *w >= 0; w++)
			is_wanted |= (uint32_t)*w == off;
		if (instruction_starts_at(starts, off) != is_wanted)
			fail_msg("+%u: begins an instruction: %d", off, !is_wanted);
	}
}

#define CHECK(bytes, ...) check(bytes, sizeof(bytes), true, NULL, (const int[]){__VA_ARGS__, -1})

static void test_straight_code_is_decoded_from_its_start(void **state)
{
	/* lea (%rdi,%rsi),%eax; add $5,%eax; ret */
	static const uint8_t code[] = {0x8d, 0x04, 0x37, 0x83, 0xc0, 0x05, 0xc3};

	(void)state;
	CHECK(code, 0, 3, 6);
}

static void test_data_that_is_jumped_over_is_none(void **state)
{
	/* lea 5(%rdi),%eax; jmp +8; 8 bytes of data; add $1,%eax; ret */
	static const uint8_t code[] = {0x8d, 0x47, 0x05, 0xeb, 0x08, 0x88, 0x77, 0x66, 0x55,
				       0x44, 0x33, 0x22, 0x11, 0x83, 0xc0, 0x01, 0xc3};

	(void)state;
	CHECK(code, 0, 3, 13, 16);
}

static void test_data_that_decodes_is_known_by_its_use(void **state)
{
	/* mov 2(%rip),%eax; jmp +3; nop; nop; ret, which is what the mov reads; ret */
	static const uint8_t code[] = {0x8b, 0x05, 0x02, 0,    0,    0,
				       0xeb, 0x03, 0x90, 0x90, 0xc3, 0xc3};

	(void)state;
	CHECK(code, 0, 6, 11);
}

static void test_call_over_a_string_is_no_call(void **state)
{
	/* call +3; "hi"; pop %rdi; ret */
	static const uint8_t code[] = {0xe8, 0x03, 0, 0, 0, 'h', 'i', 0, 0x5f, 0xc3};

	(void)state;
	CHECK(code, 0, 8, 9);
}

static void test_landing_pads_that_nothing_jumps_to_are_code(void **state)
{
	/* ret; mov %rax,%rdi; jmp to the start */
	static const uint8_t code[] = {0xc3, 0x48, 0x89, 0xc7, 0xeb, 0xfa};

	(void)state;
	CHECK(code, 0, 1, 4);
	/* Where it is not known that they are the function's, they are not. */
	check(code, sizeof(code), false, NULL, (const int[]){0, -1});
}

static void test_unreached_code_that_jumps_into_instructions_is_data(void **state)
{
	/* lea (%rdi,%rsi),%eax; ret; jmp into the lea */
	static const uint8_t code[] = {0x8d, 0x04, 0x37, 0xc3, 0xeb, 0xfb};

	(void)state;
	CHECK(code, 0, 3);
}

static void test_jump_tables_lead_to_code(void **state)
{
	/*
	 * cmp $1,%edi; ja +15; lea TABLE(%rip),%rdx; jmp *%rax; then two cases, the first of which
	 * falls through; ret
	 */
	static const uint8_t code[] = {0x83, 0xff, 0x01, 0x77, 0x0f, 0x48, 0x8d,
				       0x15, 0xf4, 0x6f, 0,    0,    0xff, 0xe0,
				       0x31, 0xc0, 0x83, 0xc0, 0x01, 0xc3, 0xc3};
	/* What follows belongs to another table. */
	static const int32_t distances[] = {VADDR + 14 - TABLE, VADDR + 16 - TABLE,
					    VADDR + 17 - TABLE};
	const struct table table = {distances, sizeof(distances)};

	(void)state;
	check(code, sizeof(code), true, &table, (const int[]){0, 3, 5, 12, 14, 16, 19, 20, -1});
	check(code, sizeof(code), false, &table, (const int[]){0, 3, 5, 12, 14, 16, 19, 20, -1});
}

static void test_tables_of_addresses_lead_to_code(void **state)
{
	/* and $1,%eax; jmp *TABLE(,%rax,8); xor %eax,%eax; ret */
	static const uint8_t code[] = {0x83, 0xe0, 0x01, 0xff, 0x24, 0xc5, 0,
				       0x80, 0,	   0,	 0x31, 0xc0, 0xc3};
	static const uint64_t addresses[] = {VADDR + 10, VADDR + 12, VADDR + 11};
	const struct table table = {addresses, sizeof(addresses)};

	(void)state;
	check(code, sizeof(code), false, &table, (const int[]){0, 3, 10, 12, -1});
}

static void test_behind_a_lock_prefix_is_inside_although_jumped_to(void **state)
{
	/* je +1; lock cmpxchg %ecx,(%rdi), entered behind its prefix too; ret */
	static const uint8_t code[] = {0x74, 0x01, 0xf0, 0x0f, 0xb1, 0x0f, 0xc3};

	(void)state;
	CHECK(code, 0, 2, 6);
}

static void test_nearest_are_told(void **state)
{
	static const uint8_t bytes[] = {0x8d, 0x04, 0x37, 0x83, 0xc0, 0x05, 0xc3};
	const struct instruction_code code = {
		.bytes = bytes, .size = sizeof(bytes), .vaddr = VADDR};
	_cleanup_(instruction_starts_freep) struct instruction_starts *starts =
		instruction_starts_new(&code);
	uint64_t off;

	(void)state;
	assert_true(instruction_starts_inside(starts, 4));
	assert_false(instruction_starts_inside(starts, 3));
	assert_true(instruction_starts_before(starts, 4, &off));
	assert_int_equal(off, 3);
	assert_true(instruction_starts_behind(starts, 4, &off));
	assert_int_equal(off, 6);
	assert_false(instruction_starts_before(starts, 0, &off));
	assert_false(instruction_starts_behind(starts, 6, &off));
	assert_true(instruction_starts_before(starts, 1000, &off));
	assert_int_equal(off, 6);
	assert_false(instruction_starts_at(starts, 1000));
}

static void test_zeros_and_text_are_doubtful(void **state)
{
	static const uint8_t number[] = {42, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t text[] = "hello world";
	static const uint8_t function[] = {0x31, 0xc0, 0xc3};
	const struct instruction_code codes[] = {{.bytes = number, .size = sizeof(number)},
						 {.bytes = text, .size = sizeof(text)},
						 {.bytes = function, .size = sizeof(function)}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		_cleanup_(instruction_starts_freep) struct instruction_starts *starts =
			instruction_starts_new(&codes[i]);

		assert_int_equal(instruction_starts_doubtful(starts), i < 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_straight_code_is_decoded_from_its_start),
		cmocka_unit_test(test_data_that_is_jumped_over_is_none),
		cmocka_unit_test(test_data_that_decodes_is_known_by_its_use),
		cmocka_unit_test(test_call_over_a_string_is_no_call),
		cmocka_unit_test(test_landing_pads_that_nothing_jumps_to_are_code),
		cmocka_unit_test(test_unreached_code_that_jumps_into_instructions_is_data),
		cmocka_unit_test(test_jump_tables_lead_to_code),
		cmocka_unit_test(test_tables_of_addresses_lead_to_code),
		cmocka_unit_test(test_behind_a_lock_prefix_is_inside_although_jumped_to),
		cmocka_unit_test(test_nearest_are_told),
		cmocka_unit_test(test_zeros_and_text_are_doubtful),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
