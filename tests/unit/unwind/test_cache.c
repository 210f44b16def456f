/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/elf_image.h"
#include "elf_maker.h"
#include "unwind/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct build_id id = {.size = 3, .data = {0xab, 0xcd, 0xef}};

struct fixture {
	char top[64];
	char file[128];
	struct unwind_table *table;
};

static int set_up(void **state)
{
	static struct maker_frame eh;
	struct fixture *f = calloc(1, sizeof(*f));
	struct elf_image *image;
	size_t cie, size;
	uint8_t *file;

	strcpy(f->top, "/tmp/ctrace-cache-XXXXXX");
	assert_non_null(mkdtemp(f->top));
	snprintf(f->file, sizeof(f->file), "%s/ctrace/tables/abcdef", f->top);
	setenv("XDG_CACHE_HOME", f->top, 1);
	memset(&eh, 0, sizeof(eh));
	cie = maker_add_plain_cie(&eh);
	for (uint64_t i = 0; i < 100; i++)
		maker_add_fde(&eh, cie, MAKER_TEXT_VADDR + i * 0x500, 0x40,
			      MAKER_BYTES(DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16));
	file = maker_make_elf(&(struct maker_elf){.eh_frame = &eh}, &size);
	assert_int_equal(elf_image_open_memory(file, size, &image), 0);
	assert_int_equal(unwind_table_build(image, NULL, &f->table), 0);
	elf_image_close(image);
	free(file);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char path[128];

	unlink(f->file);
	snprintf(path, sizeof(path), "%s/ctrace/tables", f->top);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/ctrace", f->top);
	rmdir(path);
	if (rmdir(f->top) < 0)
		fail_msg("%s is not empty", f->top);
	unwind_table_free(f->table);
	free(f);
	return 0;
}

static void test_what_was_stored_is_loaded(void **state)
{
	struct fixture *f = *state;
	const struct unwind_table *a = f->table;
	struct unwind_table *b = NULL;
	struct stat st;

	assert_int_equal(unwind_cache_load(&id, &b), -ENOENT);
	assert_int_equal(unwind_cache_store(&id, a), 0);
	assert_int_equal(unwind_cache_store(&id, a), 0);
	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(unwind_cache_load(&id, &b), 0);
	assert_int_equal(a->vaddr_begin, b->vaddr_begin);
	assert_int_equal(a->vaddr_end, b->vaddr_end);
	assert_int_equal(a->nr_rows, b->nr_rows);
	assert_int_equal(a->nr_rules, b->nr_rules);
	assert_memory_equal(a->rows, b->rows, a->nr_rows * sizeof(*a->rows));
	assert_memory_equal(a->index, b->index, (a->nr_blocks + 1) * sizeof(*a->index));
	assert_memory_equal(a->rules, b->rules, a->nr_rules * sizeof(*a->rules));
	assert_int_equal(b->stats.cfi_rows, a->stats.cfi_rows);
	assert_int_equal(b->stats.build_ns, 0);
	unwind_table_free(b);
}

static void test_an_object_without_build_id_is_not_cached(void **state)
{
	struct fixture *f = *state;
	const struct build_id none = {0};
	struct unwind_table *table = NULL;

	assert_int_equal(unwind_cache_store(&none, f->table), -ENOENT);
	assert_int_equal(unwind_cache_load(&none, &table), -ENOENT);
}

static void test_one_flipped_bit_anywhere_is_found_and_removed(void **state)
{
	struct fixture *f = *state;
	struct unwind_table *table = NULL;
	struct stat st;

	assert_int_equal(unwind_cache_store(&id, f->table), 0);
	assert_int_equal(stat(f->file, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 7) {
		uint8_t byte;
		int fd;

		assert_int_equal(unwind_cache_store(&id, f->table), 0);
		fd = open(f->file, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		/* Some bits of a zstd frame's head mean nothing to its reader. */
		if (unwind_cache_load(&id, &table) == 0) {
			assert_memory_equal(table->rows, f->table->rows, f->table->nr_rows * 4);
			unwind_table_free(table);
			continue;
		}
		assert_int_equal(access(f->file, F_OK), -1);
	}
}

static void test_a_cut_file_is_refused(void **state)
{
	struct fixture *f = *state;
	struct unwind_table *table = NULL;
	struct stat st;

	assert_int_equal(unwind_cache_store(&id, f->table), 0);
	assert_int_equal(stat(f->file, &st), 0);
	for (off_t size = 0; size < st.st_size; size += 11) {
		assert_int_equal(unwind_cache_store(&id, f->table), 0);
		assert_int_equal(truncate(f->file, size), 0);
		assert_int_equal(unwind_cache_load(&id, &table), -EBADMSG);
	}
}

/* Stores the table with one of its words changed, under a right checksum. */
static int load_tampered(struct fixture *f, uint32_t *word, uint32_t value)
{
	struct unwind_table *table = NULL;
	uint32_t saved = *word;
	int err;

	*word = value;
	assert_int_equal(unwind_cache_store(&id, f->table), 0);
	*word = saved;
	err = unwind_cache_load(&id, &table);
	unwind_table_free(table);
	return err;
}

static void test_positions_and_rules_out_of_bounds_are_refused(void **state)
{
	struct fixture *f = *state;
	struct unwind_table *t = f->table;
	uint32_t *kinds = (uint32_t *)(void *)&t->rules[1] + 1;

	assert_int_equal(load_tampered(f, &t->rows[0], t->rows[0]), 0);
	assert_int_equal(load_tampered(f, &t->index[0], 1), -EBADMSG);
	assert_int_equal(load_tampered(f, &t->index[1], UINT32_MAX), -EBADMSG);
	assert_int_equal(load_tampered(f, &t->index[1], t->nr_rows), -EBADMSG);
	assert_int_equal(load_tampered(f, &t->index[t->nr_blocks], 0), -EBADMSG);
	assert_int_equal(load_tampered(f, &t->rows[2], t->rows[2] | 0xffff), -EBADMSG);
	assert_int_equal(load_tampered(f, &t->rows[2], t->rows[2] + (64 << 24)), -EBADMSG);
	assert_int_equal(load_tampered(f, &t->rows[0], t->rows[0] | 1), -EBADMSG);
	assert_int_equal(load_tampered(f, kinds, *kinds | 0xff0000), -EBADMSG);
	assert_int_equal(load_tampered(f, kinds, *kinds | 0xff000000), -EBADMSG);
	assert_int_equal(load_tampered(f, &t->nr_rows, 0), -EBADMSG);
}

static void test_a_table_of_another_object_is_refused(void **state)
{
	const struct build_id other = {.size = 3, .data = {0xab, 0xcd, 0xee}};
	struct fixture *f = *state;
	struct unwind_table *table = NULL;
	char path[128];

	assert_int_equal(unwind_cache_store(&other, f->table), 0);
	snprintf(path, sizeof(path), "%s/ctrace/tables/abcdee", f->top);
	assert_int_equal(rename(path, f->file), 0);
	assert_int_equal(unwind_cache_load(&id, &table), -EBADMSG);
}

static void test_a_directory_others_can_write_is_not_used(void **state)
{
	struct fixture *f = *state;
	struct unwind_table *table = NULL;
	char path[128];

	assert_int_equal(unwind_cache_store(&id, f->table), 0);
	snprintf(path, sizeof(path), "%s/ctrace/tables", f->top);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(unwind_cache_load(&id, &table), -EPERM);
	assert_int_equal(unwind_cache_store(&id, f->table), -EPERM);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(unwind_cache_load(&id, &table), 0);
	unwind_table_free(table);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(unwind_cache_load(&id, &table), -EPERM);
		assert_int_equal(unwind_cache_store(&id, f->table), -EPERM);
	}
}

static void test_links_are_not_followed(void **state)
{
	struct fixture *f = *state;
	struct unwind_table *table = NULL;
	char path[160];

	assert_int_equal(unwind_cache_store(&id, f->table), 0);
	snprintf(path, sizeof(path), "%s.moved", f->file);
	assert_int_equal(rename(f->file, path), 0);
	assert_int_equal(symlink(path, f->file), 0);
	assert_int_equal(unwind_cache_load(&id, &table), -ELOOP);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_was_stored_is_loaded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_object_without_build_id_is_not_cached,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_flipped_bit_anywhere_is_found_and_removed,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_cut_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_positions_and_rules_out_of_bounds_are_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_table_of_another_object_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_directory_others_can_write_is_not_used,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
