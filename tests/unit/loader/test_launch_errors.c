/* SPDX-License-Identifier: MIT */
/* Programs that cannot run or must not be followed: the errno, one sentence, nothing left over. */
#include "launch_testing.h"

#include <elf.h>
#include <sys/stat.h>

static char *temporary_file(const char *content, size_t size, mode_t mode)
{
	char *path = strdup("/tmp/ctrace-launch-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), (ssize_t)size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static void check_error(const struct launch_options *options, int expected, const char *phrase)
{
	struct launch *launch = NULL;
	char *error = NULL;
	int ret = launch_start(options, &launch, &error);

	if (ret != expected || !error || !strstr(error, phrase))
		print_error("%d, '%s' instead of %d, '%s'\n", ret, error, expected, phrase);
	assert_int_equal(ret, expected);
	assert_non_null(error);
	assert_non_null(strstr(error, phrase));
	assert_null(strchr(error, '\n'));
	assert_null(launch);
	free(error);
	/* nothing is left running */
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

static void check_path(const char *path, int expected, const char *phrase)
{
	check_error(&(struct launch_options){.argv = ARGV(arg(path))}, expected, phrase);
}

static void test_missing_program_is_enoent(void **state)
{
	(void)state;
	check_path("/nonexistent/program", -ENOENT, "cannot find '/nonexistent/program'");
	check_path("no-such-program-anywhere", -ENOENT, "in PATH");
	check_path("", -ENOENT, "cannot find ''");
	check_path("true --version", -ENOENT, "in PATH; a program and its arguments are separate");
	check_path("/bin/true --version", -ENOENT, "'; a program and its arguments are separate");
	check_path("/etc/passwd/program", -ENOENT, "cannot find '/etc/passwd/program'");
}

static void test_directory_is_eacces(void **state)
{
	(void)state;
	check_path("/tmp", -EACCES, "is a directory");
}

static void test_file_without_execute_right_is_eacces(void **state)
{
	char *path = temporary_file("#!/bin/sh\n", 10, 0644);

	(void)state;
	check_path(path, -EACCES, "Permission denied");
	unlink(path);
	free(path);
}

static void test_text_without_interpreter_line_is_enoexec(void **state)
{
	char *path = temporary_file("echo hello\n", 11, 0755);

	(void)state;
	check_path(path, -ENOEXEC, "'#!' line");
	unlink(path);
	free(path);
}

static void test_script_with_missing_interpreter_names_it(void **state)
{
	char *path = temporary_file("#! /no/such/interp -x\n", 22, 0755);

	(void)state;
	check_path(path, -ENOEXEC, "interpreter '/no/such/interp' does not exist");
	unlink(path);
	free(path);
}

static void test_program_with_missing_loader_names_it(void **state)
{
	FILE *file = fopen(TARGET("launch_pie"), "r");
	static char image[1 << 20];
	size_t size;
	char *path, *loader;

	(void)state;
	assert_non_null(file);
	size = fread(image, 1, sizeof(image), file);
	fclose(file);
	loader = memmem(image, size, "/lib64/ld-linux", 15);
	assert_non_null(loader);
	memcpy(loader, "/lib64/no", 9);
	path = temporary_file(image, size, 0755);
	check_path(path, -ENOEXEC, "interpreter '/lib64/no-linux-x86-64.so.2' does not exist");
	unlink(path);
	free(path);
}

/* A program of one segment that exits at once, for the word size of @header. */
static void test_32_bit_program_is_eafnosupport(void **state)
{
	static const unsigned char code[] = {0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80};
	struct {
		Elf32_Ehdr header;
		Elf32_Phdr segment;
		unsigned char code[sizeof(code)];
	} image = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
				       EV_CURRENT},
			   .e_type = ET_EXEC,
			   .e_machine = EM_386,
			   .e_version = EV_CURRENT,
			   .e_entry = 0x8048000 + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
			   .e_phoff = sizeof(Elf32_Ehdr),
			   .e_ehsize = sizeof(Elf32_Ehdr),
			   .e_phentsize = sizeof(Elf32_Phdr),
			   .e_phnum = 1},
		.segment = {.p_type = PT_LOAD,
			    .p_vaddr = 0x8048000,
			    .p_filesz = sizeof(image),
			    .p_memsz = sizeof(image),
			    .p_flags = PF_R | PF_X,
			    .p_align = 4096},
	};
	char *path;

	(void)state;
	memcpy(image.code, code, sizeof(code));
	path = temporary_file((const char *)&image, sizeof(image), 0755);
	check_path(path, -EAFNOSUPPORT, "64-bit");
	/* of a machine the kernel refuses itself */
	unlink(path);
	free(path);
	image.header.e_machine = EM_ARM;
	path = temporary_file((const char *)&image, sizeof(image), 0755);
	check_path(path, -EAFNOSUPPORT, "64-bit");
	unlink(path);
	free(path);
}

static void copy_target(const char *path)
{
	char command[512];

	snprintf(command, sizeof(command), "cp %s %s", TARGET("launch_static"), path);
	assert_int_equal(system(command), 0);
}

static void test_setuid_program_is_refused_before_it_runs(void **state)
{
	char *path = temporary_file("", 0, 0755);
	struct launch_options options = {.argv = ARGV(path, arg("exit"), arg("0"))};

	(void)state;
	if (geteuid() != 0)
		skip();
	copy_target(path);
	assert_int_equal(chown(path, 1, 1), 0);
	assert_int_equal(chmod(path, 04755), 0);
	check_error(&options, -EPERM, "setuid");
	options.user = "nobody";
	check_error(&options, -EPERM, "setuid");
	assert_int_equal(chmod(path, 02755), 0);
	check_error(&options, -EPERM, "setgid");
	unlink(path);
	free(path);
}

static void test_setuid_bit_that_changes_nothing_is_no_obstacle(void **state)
{
	char *path = temporary_file("", 0, 0755);
	struct launch_options options = {.argv = ARGV(path, arg("exit"), arg("3"))};
	struct output output;
	struct launch *launch;

	(void)state;
	if (geteuid() != 0)
		skip();
	copy_target(path);
	assert_int_equal(chmod(path, 06755), 0);
	launch = start(&options, &output);
	assert_int_equal(launch_detach(launch), 0);
	assert_int_equal(wait_end(launch), W_EXITCODE(3, 0));
	launch_free(launch);
	close(output.fd);
	unlink(path);
	free(path);
}

static void test_user_that_does_not_exist_is_our_failure(void **state)
{
	struct launch_options options = {.argv = ARGV(arg("/bin/true")), .user = "no-such-user"};

	(void)state;
	check_error(&options, -EINVAL, "no user 'no-such-user'");
	if (geteuid() != 0)
		return;
	options.user = NULL;
	setenv("SUDO_UID", "many", 1);
	check_error(&options, -EINVAL, "SUDO_UID");
	unsetenv("SUDO_UID");
	setenv("DOAS_USER", "no-such-user", 1);
	check_error(&options, -EINVAL, "DOAS_USER");
	unsetenv("DOAS_USER");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_program_is_enoent),
		cmocka_unit_test(test_directory_is_eacces),
		cmocka_unit_test(test_file_without_execute_right_is_eacces),
		cmocka_unit_test(test_text_without_interpreter_line_is_enoexec),
		cmocka_unit_test(test_script_with_missing_interpreter_names_it),
		cmocka_unit_test(test_program_with_missing_loader_names_it),
		cmocka_unit_test(test_32_bit_program_is_eafnosupport),
		cmocka_unit_test(test_setuid_program_is_refused_before_it_runs),
		cmocka_unit_test(test_setuid_bit_that_changes_nothing_is_no_obstacle),
		cmocka_unit_test(test_user_that_does_not_exist_is_our_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
