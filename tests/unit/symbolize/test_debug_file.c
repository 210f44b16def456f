/* SPDX-License-Identifier: MIT */
#include "symbolize/debug_file.h"

#include "fixtures.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Searches for @path's debug file; @ret_notes and the result's path are freed by the caller. */
static int find(const char *path, const char *const *dirs, const char *root, char **ret_found,
		char **ret_notes)
{
	_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(path);
	_cleanup_(elf_image_closep) struct elf_image *debug = NULL;
	size_t size;
	FILE *notes = open_memstream(ret_notes, &size);
	struct debug_search search = {
		.path = root ? path + strlen(root) : path,
		.root = root,
		.debug_dirs = dirs,
		.notes = notes,
	};
	int err;

	*ret_found = NULL;
	err = debug_file_find(image, &search, &debug, ret_found);
	fclose(notes);
	return err;
}

static void assert_found(const char *path, const char *const *dirs, const char *ending)
{
	_cleanup_free_ char *found = NULL;
	_cleanup_free_ char *notes = NULL;

	assert_int_equal(find(path, dirs, NULL, &found, &notes), 0);
	assert_true(strlen(found) > strlen(ending));
	assert_string_equal(found + strlen(found) - strlen(ending), ending);
}

static void a_debug_dir_is_searched_by_build_id(void **state)
{
	static const char *const dirs[] = {"/nonexistent", FIXTURE("by-id"), NULL};

	(void)state;
	assert_found(FIXTURE("stripped"), dirs, ".debug");
}

static void a_debuglink_is_followed_beside_the_object(void **state)
{
	(void)state;
	assert_found(FIXTURE("linked"), NULL, "/symbols.debug");
}

static void without_a_build_id_the_checksum_decides(void **state)
{
	_cleanup_free_ char *found = NULL;
	_cleanup_free_ char *notes = NULL;

	(void)state;
	assert_found(FIXTURE("no-id/prog"), NULL, "/prog.debug");
	assert_int_equal(find(FIXTURE("no-id-bad/prog"), NULL, NULL, &found, &notes), -ESTALE);
	assert_non_null(strstr(notes, "checksum"));
}

static void a_file_of_another_build_is_refused_with_a_note(void **state)
{
	static const char *const dirs[] = {FIXTURE("stale"), NULL};
	_cleanup_free_ char *found = NULL;
	_cleanup_free_ char *notes = NULL;

	(void)state;
	assert_int_equal(find(FIXTURE("stripped"), dirs, NULL, &found, &notes), -ESTALE);
	assert_non_null(strstr(notes, "build-id differs"));
}

static void an_object_without_one_has_none(void **state)
{
	_cleanup_free_ char *found = NULL;
	_cleanup_free_ char *notes = NULL;

	(void)state;
	assert_int_equal(find(FIXTURE("stripped"), NULL, NULL, &found, &notes), -ENOENT);
	assert_string_equal(notes, "");
}

static void the_targets_root_is_searched_by_its_own_paths(void **state)
{
	_cleanup_free_ char *found = NULL;
	_cleanup_free_ char *notes = NULL;

	(void)state;
	assert_int_equal(find(FIXTURE("root/bin/linked"), NULL, FIXTURE("root"), &found, &notes),
			 0);
	assert_string_equal(found, "/usr/lib/debug/bin/symbols.debug");
}

static void links_in_the_targets_root_do_not_lead_out_of_it(void **state)
{
	_cleanup_free_ char *found = NULL;
	_cleanup_free_ char *notes = NULL;

	(void)state;
	assert_int_equal(find(FIXTURE("trap/bin/linked"), NULL, FIXTURE("trap"), &found, &notes),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_debug_dir_is_searched_by_build_id),
		cmocka_unit_test(a_debuglink_is_followed_beside_the_object),
		cmocka_unit_test(without_a_build_id_the_checksum_decides),
		cmocka_unit_test(a_file_of_another_build_is_refused_with_a_note),
		cmocka_unit_test(an_object_without_one_has_none),
		cmocka_unit_test(the_targets_root_is_searched_by_its_own_paths),
		cmocka_unit_test(links_in_the_targets_root_do_not_lead_out_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
