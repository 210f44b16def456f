/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "unwind/cfi_bytes.h"
#include "unwind/dwarf_constants.h"

static void test_leb128_of_the_standards_examples(void **state)
{
	/* DWARF 5, figures C.1 and C.2 */
	static const struct {
		uint8_t bytes[3];
		size_t size;
		uint64_t unsigned_value;
		int64_t signed_value;
	} cases[] = {
		{{2}, 1, 2, 2},
		{{0x7e}, 1, 126, -2},
		{{0xff, 0}, 2, 127, 127},
		{{0x81, 0x7f}, 2, 16257, -127},
		{{0x80, 1}, 2, 128, 128},
		{{0x80, 0x7f}, 2, 16256, -128},
		{{0x81, 1}, 2, 129, 129},
		{{0xff, 0x7e}, 2, 16255, -129},
		{{0xb9, 0x64}, 2, 12857, -3527},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *p = cases[i].bytes, *end = p + cases[i].size;
		struct cfi_value v = cfi_read_uleb(p, end);

		assert_ptr_equal(v.next, end);
		assert_int_equal(v.value, cases[i].unsigned_value);
		v = cfi_read_sleb(p, end);
		assert_ptr_equal(v.next, end);
		assert_int_equal((int64_t)v.value, cases[i].signed_value);
	}
}

static void test_leb128_of_64_bits(void **state)
{
	static const uint8_t max[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
	static const uint8_t min[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f};
	static const uint8_t padded[] = {0x81, 0x80, 0x80, 0x80, 0x80, 0x80,
					 0x80, 0x80, 0x80, 0x80, 0x80, 0};

	(void)state;
	assert_int_equal(cfi_read_uleb(max, max + sizeof(max)).value, UINT64_MAX);
	assert_int_equal(cfi_read_sleb(min, min + sizeof(min)).value, INT64_MIN);
	assert_int_equal(cfi_read_uleb(padded, padded + sizeof(padded)).value, 1);
}

static void test_leb128_without_end_is_damage(void **state)
{
	uint8_t endless[64];

	(void)state;
	memset(endless, 0x80, sizeof(endless));
	assert_null(cfi_read_uleb(endless, endless).next);
	assert_null(cfi_read_uleb(endless, endless + 3).next);
	assert_null(cfi_read_uleb(endless, endless + sizeof(endless)).next);
	assert_null(cfi_read_sleb(endless, endless).next);
	assert_null(cfi_read_sleb(endless, endless + 3).next);
	assert_null(cfi_read_sleb(endless, endless + sizeof(endless)).next);
}

static void check_pointer(uint8_t encoding, size_t size, uint64_t value)
{
	static const uint8_t bytes[] = {0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct cfi_value v = cfi_read_pointer(bytes, bytes + sizeof(bytes), encoding, 0x1000,
					      0x2000);

	assert_ptr_equal(v.next, bytes + size);
	assert_int_equal(v.value, value);
	assert_null(cfi_read_pointer(bytes, bytes + size - 1, encoding, 0, 0).next);
}

static void test_pointers_of_every_encoding(void **state)
{
	(void)state;
	check_pointer(DW_EH_PE_absptr, 8, (uint64_t)-16);
	check_pointer(DW_EH_PE_udata2, 2, 0xfff0);
	check_pointer(DW_EH_PE_udata4, 4, 0xfffffff0);
	check_pointer(DW_EH_PE_udata8, 8, (uint64_t)-16);
	check_pointer(DW_EH_PE_sdata2, 2, (uint64_t)-16);
	check_pointer(DW_EH_PE_sdata4, 4, (uint64_t)-16);
	check_pointer(DW_EH_PE_sdata8, 8, (uint64_t)-16);
	check_pointer(DW_EH_PE_pcrel | DW_EH_PE_sdata4, 4, 0x1000 - 16);
	check_pointer(DW_EH_PE_datarel | DW_EH_PE_sdata4, 4, 0x2000 - 16);
}

static void test_leb128_pointers_and_unknown_encodings(void **state)
{
	static const uint8_t bytes[8] = {0x7e};
	const uint8_t *end = bytes + sizeof(bytes);

	(void)state;
	assert_int_equal(cfi_read_pointer(bytes, end, DW_EH_PE_uleb128, 0, 0).value, 126);
	assert_int_equal(cfi_read_pointer(bytes, end, DW_EH_PE_sleb128, 0, 0).value, (uint64_t)-2);
	assert_null(cfi_read_pointer(bytes, end, DW_EH_PE_omit, 0, 0).next);
	assert_null(cfi_read_pointer(bytes, end, 0x05, 0, 0).next);
	assert_null(cfi_read_pointer(bytes, end, 0x20 | DW_EH_PE_sdata4, 0, 0).next);
	assert_null(cfi_read_pointer(bytes, end, DW_EH_PE_indirect | DW_EH_PE_sdata4, 0, 0).next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leb128_of_the_standards_examples),
		cmocka_unit_test(test_leb128_of_64_bits),
		cmocka_unit_test(test_leb128_without_end_is_damage),
		cmocka_unit_test(test_pointers_of_every_encoding),
		cmocka_unit_test(test_leb128_pointers_and_unknown_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
