/* SPDX-License-Identifier: MIT */
#include "common/file_map.h"

#include "test.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE	 4096
#define NR_PAGES 64
#define SIZE	 ((size_t)NR_PAGES * PAGE)

/* A file without a name, every byte of which is 7. */
static int make_file(size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	char block[PAGE];

	memset(block, 7, sizeof(block));
	for (size_t at = 0; at < size; at += sizeof(block)) {
		size_t part = size - at < sizeof(block) ? size - at : sizeof(block);

		assert_int_equal(pwrite(fd, block, part, (off_t)at), part);
	}
	return fd;
}

static uint64_t sum(const struct file_map *map, size_t size)
{
	const uint8_t *data = file_map_data(map);
	uint64_t total = 0;

	for (size_t i = 0; i < size; i++)
		total += data[i];
	return total;
}

static void test_whole_file_is_not_torn(void **state)
{
	_cleanup_close_ int fd = make_file(SIZE - 100);
	struct file_map *map;

	(void)state;
	assert_int_equal(file_map_new(fd, SIZE - 100, &map), 0);
	assert_int_equal(sum(map, SIZE - 100), 7 * (SIZE - 100));
	assert_false(file_map_is_torn(map));
	file_map_free(map);
	file_map_free(NULL);
}

static void test_what_was_cut_off_reads_as_zeros(void **state)
{
	_cleanup_close_ int fd = make_file(SIZE);
	struct file_map *map;

	(void)state;
	assert_int_equal(file_map_new(fd, SIZE, &map), 0);
	assert_int_equal(ftruncate(fd, (off_t)10 * PAGE + 5), 0);
	assert_false(file_map_is_torn(map));
	assert_int_equal(sum(map, SIZE), 7 * (10 * PAGE + 5));
	assert_true(file_map_is_torn(map));
	/* What comes back later is not believed: half of it may be missing. */
	assert_int_equal(ftruncate(fd, (off_t)SIZE), 0);
	assert_int_equal(sum(map, SIZE), 7 * (10 * PAGE + 5));
	file_map_free(map);
}

static void test_strings_end_behind_the_last_page(void **state)
{
	_cleanup_close_ int fd = make_file(SIZE);
	struct file_map *map;

	(void)state;
	assert_int_equal(file_map_new(fd, SIZE, &map), 0);
	assert_int_equal(strlen(file_map_data(map)), SIZE);
	file_map_free(map);
}

static void test_an_entry_is_used_again_untorn(void **state)
{
	_cleanup_close_ int fd = make_file(SIZE);
	struct file_map *map, *other;

	(void)state;
	assert_int_equal(file_map_new(fd, SIZE, &map), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(sum(map, SIZE), 0);
	assert_true(file_map_is_torn(map));
	file_map_free(map);
	assert_int_equal(ftruncate(fd, PAGE), 0);
	assert_int_equal(file_map_new(fd, PAGE, &other), 0);
	assert_int_equal(sum(other, PAGE), 0);
	assert_false(file_map_is_torn(other));
	file_map_free(other);
}

static void *sum_thread(void *arg)
{
	return (void *)(uintptr_t)sum(arg, SIZE);
}

static void test_threads_survive_it_together(void **state)
{
	(void)state;
	for (int round = 0; round < 50; round++) {
		_cleanup_close_ int fd = make_file(SIZE);
		pthread_t threads[4];
		struct file_map *map;

		assert_int_equal(file_map_new(fd, SIZE, &map), 0);
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, sum_thread, map), 0);
		assert_int_equal(ftruncate(fd, (off_t)PAGE * (round % 20)), 0);
		for (size_t i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		file_map_free(map);
	}
}

/* The signal that ends a child that does @fn, or 0. */
static int fate_of(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void touch_a_mapping_of_another_kind(void)
{
	int fd = make_file(SIZE);
	volatile const uint8_t *data = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	struct file_map *map;

	if (file_map_new(fd, SIZE, &map) < 0 || ftruncate(fd, 0) < 0)
		_exit(1);
	(void)data[PAGE];
}

static void send_it(void)
{
	int fd = make_file(PAGE);
	struct file_map *map;

	if (file_map_new(fd, PAGE, &map) < 0)
		_exit(1);
	raise(SIGBUS);
	raise(SIGBUS);
}

static void test_every_other_sigbus_ends_us(void **state)
{
	(void)state;
	assert_int_equal(fate_of(touch_a_mapping_of_another_kind), SIGBUS);
	assert_int_equal(fate_of(send_it), SIGBUS);
}

static void test_nothing_is_mapped_of_an_empty_file(void **state)
{
	_cleanup_close_ int fd = make_file(0);
	struct file_map *map = NULL;

	(void)state;
	assert_int_equal(file_map_new(fd, 0, &map), -EINVAL);
	assert_int_equal(file_map_new(fd, SIZE_MAX, &map), -EINVAL);
	assert_null(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_file_is_not_torn),
		cmocka_unit_test(test_what_was_cut_off_reads_as_zeros),
		cmocka_unit_test(test_strings_end_behind_the_last_page),
		cmocka_unit_test(test_an_entry_is_used_again_untorn),
		cmocka_unit_test(test_threads_survive_it_together),
		cmocka_unit_test(test_every_other_sigbus_ends_us),
		cmocka_unit_test(test_nothing_is_mapped_of_an_empty_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
