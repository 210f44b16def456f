/* SPDX-License-Identifier: MIT */
#include "common/safe_open.h"

#include "test.h"

#include "common/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#define NR_LOOKS 20000

struct place {
	char directory[64];
	int fd;
};

static const char *const names[] = {"file", "fifo", "link", "socket", "sub/file", "sub"};

static int set_up(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));

	strcpy(place->directory, "/tmp/test_safe_open.XXXXXX");
	if (!mkdtemp(place->directory))
		return -1;
	place->fd = open(place->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = place;
	/* A hang is a failure, not the end of the test run. */
	alarm(60);
	return place->fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlinkat(place->fd, names[i], 0) < 0)
			unlinkat(place->fd, names[i], AT_REMOVEDIR);
	close(place->fd);
	rmdir(place->directory);
	free(place);
	alarm(0);
	return 0;
}

static void write_file(const struct place *place, const char *name, const char *text)
{
	_cleanup_close_ int fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_reads(int fd, const char *expected)
{
	_cleanup_close_ int owned = fd;
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t size;

	assert_true(fd >= 0);
	assert_int_equal(safe_read(owned, 1000, &bytes, &size), 0);
	assert_int_equal(size, strlen(expected));
	assert_string_equal(bytes, expected);
}

static void test_regular_files_are_opened(void **state)
{
	const struct place *place = *state;
	_cleanup_free_ char *path = xasprintf("%s/file", place->directory);

	write_file(place, "file", "text");
	assert_int_equal(symlinkat("file", place->fd, "link"), 0);
	assert_reads(safe_open(path), "text");
	assert_reads(safe_open_input(path), "text");
	assert_reads(safe_open_at(place->fd, "file", SAFE_OPEN_NO_LINK), "text");
	assert_reads(safe_open_at(place->fd, "link", 0), "text");
	assert_int_equal(safe_open_at(place->fd, "link", SAFE_OPEN_NO_LINK), -ELOOP);
	assert_int_equal(safe_open_at(place->fd, "missing", 0), -ENOENT);
}

static void test_nothing_else_is_opened(void **state)
{
	const struct place *place = *state;
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/ptmx"};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", place->directory);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(mkfifoat(place->fd, "fifo", 0600), 0);
	/* No writer waits at the other end, so to open it would hang. */
	assert_int_equal(safe_open_at(place->fd, "fifo", 0), -EINVAL);
	assert_int_equal(safe_open_at(place->fd, "socket", 0), -EINVAL);
	assert_int_equal(safe_open(place->directory), -EINVAL);
	assert_int_equal(safe_open_input(address.sun_path), -EINVAL);
	assert_int_equal(safe_open_input(place->directory), -EISDIR);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (access(devices[i], F_OK) == 0)
			assert_int_equal(safe_open(devices[i]), -EINVAL);
	}
	assert_int_equal(symlinkat("/dev/zero", place->fd, "link"), 0);
	assert_int_equal(safe_open_at(place->fd, "link", 0), -EINVAL);
}

/* Devices that do not exist cannot even be opened by who may: only a look tells them apart. */
static void test_block_devices_are_no_input(void **state)
{
	const struct place *place = *state;
	_cleanup_free_ char *path = xasprintf("%s/file", place->directory);

	if (mknod(path, S_IFBLK | 0600, makedev(7, 250)) < 0)
		skip();
	assert_int_equal(safe_open_input(path), -EINVAL);
	assert_int_equal(safe_open(path), -EINVAL);
}

static void test_links_stay_inside_of_the_root(void **state)
{
	const struct place *place = *state;

	assert_int_equal(mkdirat(place->fd, "sub", 0700), 0);
	write_file(place, "sub/file", "inside");
	assert_int_equal(symlinkat("/sub/file", place->fd, "link"), 0);
	assert_reads(safe_open_at(place->fd, "link", SAFE_OPEN_IN_ROOT), "inside");
	assert_reads(safe_open_at(place->fd, "../../sub/file", SAFE_OPEN_IN_ROOT), "inside");
	assert_int_equal(safe_open_at(place->fd, "/etc/passwd", SAFE_OPEN_IN_ROOT), -ENOENT);
}

static void test_pipes_are_input(void **state)
{
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *path = NULL;
	char text[10];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	path = xasprintf("/dev/fd/%d", ends[0]);
	assert_int_equal(write(ends[1], "a;b 1\n", 6), 6);
	file = safe_fopen_input(path);
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	assert_string_equal(text, "a;b 1\n");
	close(ends[0]);
	close(ends[1]);
	assert_null(safe_fopen_input("/no/such/file"));
	assert_int_equal(errno, ENOENT);
}

static void test_sparse_giants_are_not_read(void **state)
{
	const struct place *place = *state;
	_cleanup_close_ int fd = openat(place->fd, "file", O_RDWR | O_CREAT, 0600);
	_cleanup_free_ char *path = xasprintf("%s/file", place->directory);
	_cleanup_free_ uint8_t *bytes = NULL;
	struct stat st;
	size_t size;

	assert_int_equal(pwrite(fd, "head", 4, 0), 4);
	assert_int_equal(safe_read(fd, 3, &bytes, &size), -E2BIG);
	if (ftruncate(fd, (off_t)1 << 40) < 0)
		skip();
	assert_int_equal(fstat(fd, &st), 0);
	assert_true((uint64_t)st.st_size > safe_plausible_size(&st));
	assert_int_equal(safe_read(fd, UINT64_MAX, &bytes, &size), -E2BIG);
	assert_int_equal(safe_open_input(path), -EFBIG);
}

static void test_sizes_people_have_are_plausible(void **state)
{
	const struct {
		off_t size;
		blkcnt_t blocks;
		bool plausible;
	} cases[] = {
		{0, 0, true},
		{(off_t)200 << 20, 8, true}, /* holes, but read in a moment */
		{(off_t)4 << 30, (blkcnt_t)8 << 20, true},
		{(off_t)4 << 30, (blkcnt_t)1 << 20, true}, /* compressed to an eighth */
		{(off_t)4 << 30, 0, true},		   /* a file system that does not tell */
		{(off_t)4 << 30, 8, false},
		{(off_t)500 << 30, (blkcnt_t)8 << 20, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stat st = {.st_size = cases[i].size, .st_blocks = cases[i].blocks};

		assert_int_equal((uint64_t)st.st_size <= safe_plausible_size(&st),
				 cases[i].plausible);
	}
}

struct attacker {
	const struct place *place;
	atomic_bool stop;
};

/* The name is a file, then a FIFO, then a link to what is not ours to read, and so on. */
static void *exchange(void *arg)
{
	struct attacker *attacker = arg;
	int dir = attacker->place->fd;

	while (!atomic_load(&attacker->stop)) {
		if (mkfifoat(dir, "fifo", 0600) < 0 || renameat(dir, "fifo", dir, "file") < 0 ||
		    symlinkat("/dev/zero", dir, "link") < 0 ||
		    renameat(dir, "link", dir, "file") < 0)
			return attacker;
		write_file(attacker->place, "sub", "text");
		if (renameat(dir, "sub", dir, "file") < 0)
			return attacker;
	}
	return NULL;
}

static void test_exchanged_names_give_files_or_nothing(void **state)
{
	const struct place *place = *state;
	struct attacker attacker = {.place = place};
	size_t nr_opened = 0, nr_refused = 0;
	void *failed = NULL;
	pthread_t thread;

	write_file(place, "file", "text");
	assert_int_equal(pthread_create(&thread, NULL, exchange, &attacker), 0);
	for (int i = 0; i < NR_LOOKS; i++) {
		_cleanup_close_ int fd = safe_open_at(place->fd, "file", 0);
		struct stat st;

		if (fd < 0) {
			assert_int_equal(fd, -EINVAL);
			nr_refused++;
			continue;
		}
		assert_int_equal(fstat(fd, &st), 0);
		assert_true(S_ISREG(st.st_mode));
		nr_opened++;
	}
	atomic_store(&attacker.stop, true);
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_true(nr_opened > 0);
	assert_true(nr_refused > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_regular_files_are_opened),
		TEST(test_nothing_else_is_opened),
		TEST(test_block_devices_are_no_input),
		TEST(test_links_stay_inside_of_the_root),
		TEST(test_pipes_are_input),
		TEST(test_sparse_giants_are_not_read),
		TEST(test_sizes_people_have_are_plausible),
		TEST(test_exchanged_names_give_files_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
