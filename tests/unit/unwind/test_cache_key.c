/* SPDX-License-Identifier: MIT */
/* The key of a table in the cache, for files without a build-id. */
#include "test.h"

#include "common/elf_image.h"
#include "elf_maker.h"
#include "unwind/table.h"

#include <stdlib.h>
#include <string.h>

/* The key of a file with one function whose frame has @cfa_offset bytes. */
static struct build_id make_key(uint8_t cfa_offset, bool no_sections)
{
	struct maker_frame *eh = calloc(1, sizeof(*eh));
	struct elf_image *image;
	struct build_id key;
	uint8_t *file;
	size_t size;

	maker_add_fde(eh, maker_add_plain_cie(eh), MAKER_TEXT_VADDR, 0x40,
		      MAKER_BYTES(DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, cfa_offset));
	file = maker_make_elf(&(struct maker_elf){.eh_frame = eh, .no_sections = no_sections},
			      &size);
	assert_int_equal(elf_image_open_memory(file, size, &image), 0);
	assert_int_equal(elf_image_build_id(image).size, 0);
	key = unwind_cache_key(image);
	elf_image_close(image);
	free(file);
	free(eh);
	return key;
}

static void test_the_same_file_has_the_same_key(void **state)
{
	struct build_id a = make_key(16, false), b = make_key(16, false);

	(void)state;
	assert_true(a.size > 0 && a.size <= BUILD_ID_MAX);
	assert_true(build_id_equal(&a, &b));
}

static void test_another_row_makes_another_key(void **state)
{
	struct build_id a = make_key(16, false), b = make_key(24, false);

	(void)state;
	assert_false(build_id_equal(&a, &b));
}

static void test_a_file_without_sections_has_none(void **state)
{
	(void)state;
	assert_int_equal(make_key(16, true).size, 0);
}

static void test_a_build_id_is_taken_as_it_is(void **state)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	struct build_id id, key;

	(void)state;
	/* The test itself: linked with --build-id, as the compiler does by default. */
	assert_int_equal(elf_image_open("/proc/self/exe", &image), 0);
	id = elf_image_build_id(image);
	key = unwind_cache_key(image);
	assert_true(id.size > 0);
	assert_true(build_id_equal(&id, &key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_file_has_the_same_key),
		cmocka_unit_test(test_another_row_makes_another_key),
		cmocka_unit_test(test_a_file_without_sections_has_none),
		cmocka_unit_test(test_a_build_id_is_taken_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
