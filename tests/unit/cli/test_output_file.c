/* SPDX-License-Identifier: MIT */
#include "cli/output_file.h"

#include "test.h"

#include "common/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define STRANGER  65534
#define NR_WRITES 3000

struct fixture {
	char directory[64];
	char *path;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/test_output_file.XXXXXX");
	if (!mkdtemp(f->directory))
		return -1;
	f->path = xasprintf("%s/out.txt", f->directory);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->directory);
	free(f->path);
	free(f);
	return 0;
}

static unsigned int nr_files(const char *directory)
{
	_cleanup_closedir_ DIR *dir = opendir(directory);
	unsigned int nr = 0;

	while (readdir(dir))
		nr++;
	return nr - 2; /* "." and ".." */
}

static void assert_content(const char *path, const char *expected)
{
	_cleanup_fclose_ FILE *in = fopen(path, "re");
	char text[100] = "";

	assert_non_null(in);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, in), strlen(expected));
	assert_string_equal(text, expected);
}

static void write_text(const char *path, const char *text, bool with_commit)
{
	_cleanup_(output_file_freep) struct output_file *file = NULL;

	assert_int_equal(output_file_open(path, &file), 0);
	fputs(text, output_file_stream(file));
	assert_int_equal(output_file_finish(file), 0);
	if (with_commit)
		assert_int_equal(output_file_commit(file), 0);
}

/* Root on behalf of @uid. */
static void become_sudo(unsigned int uid)
{
	_cleanup_free_ char *text = xasprintf("%u", uid);

	setenv("SUDO_UID", text, true);
	setenv("SUDO_GID", text, true);
}

static int make_link(const char *name, const char *target)
{
	return symlink(target, name);
}

static int make_pipe(const char *name, const char *target)
{
	(void)target;
	return mkfifo(name, 0666);
}

static int make_file(const char *name, const char *target)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0666);

	(void)target;
	return fd < 0 ? -1 : close(fd);
}

static void test_file_appears_with_commit(void **state)
{
	const struct fixture *f = *state;

	write_text(f->path, "hello\n", true);
	assert_content(f->path, "hello\n");
	assert_int_equal(nr_files(f->directory), 1);
}

static void test_nothing_is_left_without_commit(void **state)
{
	const struct fixture *f = *state;

	write_text(f->path, "hello\n", false);
	assert_int_equal(nr_files(f->directory), 0);
}

static void test_existing_file_stays_until_commit(void **state)
{
	const struct fixture *f = *state;

	write_text(f->path, "old\n", true);
	write_text(f->path, "new\n", false);
	assert_content(f->path, "old\n");
	write_text(f->path, "new\n", true);
	assert_content(f->path, "new\n");
	assert_int_equal(nr_files(f->directory), 1);
}

static void test_link_is_replaced_not_followed(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *target = xasprintf("%s/target", f->directory);
	struct stat st;

	write_text(target, "precious\n", true);
	assert_int_equal(symlink(target, f->path), 0);
	write_text(f->path, "new\n", true);
	assert_content(target, "precious\n");
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(target);
}

static void test_mode_follows_the_umask(void **state)
{
	const struct fixture *f = *state;
	mode_t old = umask(027);
	struct stat st;

	write_text(f->path, "", true);
	umask(old);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_impossible_paths_are_refused_at_once(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *missing = xasprintf("%s/no/file", f->directory);
	struct output_file *file = NULL;

	assert_int_equal(output_file_open(f->directory, &file), -EISDIR);
	assert_int_equal(output_file_open(missing, &file), -ENOENT);
	assert_int_equal(output_file_open("/proc/no-such-file", &file), -ENOENT);
	assert_null(file);
}

static void test_device_is_written_and_stays_a_device(void **state)
{
	struct stat st;

	(void)state;
	write_text("/dev/null", "gone\n", true);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void test_full_device_is_told_at_the_end(void **state)
{
	_cleanup_(output_file_freep) struct output_file *file = NULL;

	(void)state;
	assert_int_equal(output_file_open("/dev/full", &file), 0);
	fputs("text\n", output_file_stream(file));
	assert_int_equal(output_file_finish(file), -ENOSPC);
}

static void test_descriptor_is_continued_where_it_is(void **state)
{
	const struct fixture *f = *state;
	_cleanup_close_ int fd = open(f->path, O_RDWR | O_CREAT, 0600);
	_cleanup_free_ char *name = xasprintf("/dev/fd/%d", fd);
	_cleanup_close_ int reading = -1;
	struct output_file *file;

	assert_int_equal(write(fd, "before ", 7), 7);
	write_text(name, "after\n", true);
	assert_content(f->path, "before after\n");
	reading = open(f->path, O_RDONLY);
	free(name);
	name = xasprintf("/proc/self/fd/%d", reading);
	assert_int_equal(output_file_open(name, &file), -EBADF);
	assert_int_equal(output_file_open("/dev/fd/12345", &file), -EBADF);
	assert_int_equal(output_file_open("/dev/fd/x", &file), -ENOENT);
}

static void test_own_pipe_is_written_straight(void **state)
{
	const struct fixture *f = *state;
	_cleanup_close_ int reader = -1;
	char text[10] = "";
	struct stat st;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	reader = open(f->path, O_RDONLY | O_NONBLOCK);
	write_text(f->path, "hello\n", true);
	assert_int_equal(read(reader, text, sizeof(text)), 6);
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

static void test_own_link_to_a_device_is_followed(void **state)
{
	const struct fixture *f = *state;
	struct stat st;

	assert_int_equal(symlink("/dev/null", f->path), 0);
	write_text(f->path, "hello\n", true);
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_links_in_a_circle_are_refused(void **state)
{
	const struct fixture *f = *state;
	struct output_file *file;

	assert_int_equal(symlink("out.txt", f->path), 0);
	assert_int_equal(output_file_open(f->path, &file), -ELOOP);
}

static void test_long_names_are_taken_as_long_as_files_have_them(void **state)
{
	const struct fixture *f = *state;
	char name[300];
	_cleanup_free_ char *path = NULL, *too_long = NULL;
	struct output_file *file;

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	path = xasprintf("%s/%s", f->directory, name);
	too_long = xasprintf("%s/%sn", f->directory, name);
	write_text(path, "hello\n", true);
	assert_content(path, "hello\n");
	assert_int_equal(output_file_open(too_long, &file), -ENAMETOOLONG);
	unlink(path);
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void test_block_devices_are_refused(void **state)
{
	const struct fixture *f = *state;
	struct output_file *file;

	/* No driver has this number, so to open it would give another error. */
	if (mknod(f->path, S_IFBLK | 0600, makedev(240, 250)) < 0)
		skip();
	assert_int_equal(output_file_open(f->path, &file), -ENOTBLK);
	assert_string_equal(output_file_error(-ENOTBLK), "it is a block device");
}

static void test_links_and_pipes_of_others_are_refused(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *below = xasprintf("%s/file", f->path);
	struct output_file *file;

	need_root();
	assert_int_equal(symlink("/dev/null", f->path), 0);
	assert_int_equal(lchown(f->path, STRANGER, STRANGER), 0);
	assert_int_equal(output_file_open(f->path, &file), -EPERM);
	unlink(f->path);
	assert_int_equal(symlink(f->directory, f->path), 0);
	assert_int_equal(lchown(f->path, STRANGER, STRANGER), 0);
	assert_int_equal(output_file_open(below, &file), -EPERM);
	unlink(f->path);
	assert_int_equal(mkfifo(f->path, 0666), 0);
	assert_int_equal(chown(f->path, STRANGER, STRANGER), 0);
	assert_int_equal(output_file_open(f->path, &file), -EPERM);
	/* The user behind sudo may have what is theirs. */
	become_sudo(STRANGER);
	unlink(f->path);
	assert_int_equal(symlink("/dev/null", f->path), 0);
	assert_int_equal(lchown(f->path, STRANGER, STRANGER), 0);
	write_text(f->path, "gone\n", true);
	unsetenv("SUDO_UID");
}

static void test_sudo_replaces_what_the_user_could(void **state)
{
	const struct fixture *f = *state;
	struct output_file *file;
	struct stat st;

	need_root();
	write_text(f->path, "old\n", true);
	become_sudo(STRANGER);
	assert_int_equal(output_file_open(f->path, &file), -EACCES);
	assert_int_equal(chmod(f->directory, 01777), 0);
	assert_int_equal(output_file_open(f->path, &file), -EPERM);
	assert_int_equal(chown(f->path, STRANGER, STRANGER), 0);
	write_text(f->path, "new\n", true);
	assert_content(f->path, "new\n");
	unlink(f->path);
	/* Where nothing is in the way root's word counts. */
	assert_int_equal(chmod(f->directory, 0700), 0);
	write_text(f->path, "new\n", true);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_uid, STRANGER);
	assert_int_equal(geteuid(), 0);
	unsetenv("SUDO_UID");
}

static void test_what_appears_meanwhile_is_not_replaced_under_sudo(void **state)
{
	const struct fixture *f = *state;
	_cleanup_(output_file_freep) struct output_file *file = NULL;
	int fd;

	need_root();
	become_sudo(STRANGER);
	assert_int_equal(output_file_open(f->path, &file), 0);
	fputs("new\n", output_file_stream(file));
	assert_int_equal(output_file_finish(file), 0);
	fd = open(f->path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "root's\n", 7), 7);
	close(fd);
	assert_int_equal(output_file_commit(file), -EACCES);
	assert_content(f->path, "root's\n");
	assert_int_equal(nr_files(f->directory), 1);
	unsetenv("SUDO_UID");
}

struct attacker {
	const struct fixture *fixture;
	const char *target;
	atomic_bool stop;
};

/* Somebody else's file, pipe and link to what only root may write, in turn under one name. */
static void *exchange(void *arg)
{
	struct attacker *attacker = arg;
	const char *path = attacker->fixture->path;
	_cleanup_free_ char *other = xasprintf("%s.other", path);
	int (*const make[])(const char *name, const char *target) = {make_link, make_pipe,
								     make_file};

	while (!atomic_load(&attacker->stop)) {
		for (size_t i = 0; i < sizeof(make) / sizeof(make[0]); i++) {
			if (make[i](other, attacker->target) < 0 ||
			    lchown(other, STRANGER, STRANGER) < 0 || rename(other, path) < 0)
				return attacker;
		}
	}
	return NULL;
}

static void write_against(const char *path, size_t *nr_written)
{
	_cleanup_(output_file_freep) struct output_file *file = NULL;
	int err = output_file_open(path, &file);

	if (err == -EPERM)
		return;
	assert_int_equal(err, 0);
	fputs("picture\n", output_file_stream(file));
	assert_int_equal(output_file_finish(file), 0);
	assert_int_equal(output_file_commit(file), 0);
	++*nr_written;
}

static void test_an_attacker_beside_it_wins_nothing(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *target = xasprintf("%s/secret", f->directory);
	struct attacker attacker = {.fixture = f, .target = target};
	size_t nr_written = 0;
	void *failed = NULL;
	pthread_t thread;

	need_root();
	alarm(60);
	write_text(target, "secret\n", true);
	assert_int_equal(pthread_create(&thread, NULL, exchange, &attacker), 0);
	for (int i = 0; i < NR_WRITES; i++)
		write_against(f->path, &nr_written);
	atomic_store(&attacker.stop, true);
	pthread_join(thread, &failed);
	alarm(0);
	assert_null(failed);
	assert_true(nr_written > 0);
	assert_content(target, "secret\n");
	unlink(target);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_file_appears_with_commit),
		TEST(test_nothing_is_left_without_commit),
		TEST(test_existing_file_stays_until_commit),
		TEST(test_link_is_replaced_not_followed),
		TEST(test_mode_follows_the_umask),
		TEST(test_impossible_paths_are_refused_at_once),
		TEST(test_device_is_written_and_stays_a_device),
		TEST(test_full_device_is_told_at_the_end),
		TEST(test_descriptor_is_continued_where_it_is),
		TEST(test_own_pipe_is_written_straight),
		TEST(test_own_link_to_a_device_is_followed),
		TEST(test_links_in_a_circle_are_refused),
		TEST(test_long_names_are_taken_as_long_as_files_have_them),
		TEST(test_block_devices_are_refused),
		TEST(test_links_and_pipes_of_others_are_refused),
		TEST(test_sudo_replaces_what_the_user_could),
		TEST(test_what_appears_meanwhile_is_not_replaced_under_sudo),
		TEST(test_an_attacker_beside_it_wins_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
