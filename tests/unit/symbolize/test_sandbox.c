/* SPDX-License-Identifier: MIT */
#include "symbolize/sandbox.h"

#include "symbolize/named_file.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 20000

static void answer_text(const char *text, uint8_t **ret_answer, size_t *ret_size)
{
	*ret_answer = (uint8_t *)strdup(text);
	*ret_size = strlen(text) + 1;
}

static int run(void (*fn)(struct sandbox *, void *, uint8_t **, size_t *), void *arg,
	       unsigned int timeout_ms, char **ret_text)
{
	struct sandbox_job job = {
		.run = fn, .arg = arg, .open = named_file_open, .timeout_ms = timeout_ms};
	uint8_t *answer = NULL;
	size_t size = 0;
	int err = sandbox_run(&job, &answer, &size);

	*ret_text = (char *)answer;
	return err;
}

static void assert_answer(void (*fn)(struct sandbox *, void *, uint8_t **, size_t *), void *arg,
			  const char *expected)
{
	char *text;

	assert_int_equal(run(fn, arg, TIMEOUT_MS, &text), 0);
	assert_string_equal(text, expected);
	free(text);
}

/* Every right that is left, by name. */
static void list_rights(struct sandbox *sandbox, void *arg, uint8_t **ret_answer, size_t *ret_size)
{
	char text[256] = "";
	int own = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	pid_t parent = getppid();

	(void)arg;
	if (sandbox_lock(sandbox) < 0)
		strcat(text, "lock ");
	if (fcntl(own, F_GETFD) >= 0)
		strcat(text, "descriptor ");
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		strcat(text, "open ");
	if (opendir("/proc/self"))
		strcat(text, "opendir ");
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0)
		strcat(text, "socket ");
	if (kill(parent, 0) == 0)
		strcat(text, "kill ");
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	    MAP_FAILED)
		strcat(text, "exec-memory ");
	if (setuid(0) == 0)
		strcat(text, "setuid ");
	if (fork() >= 0)
		strcat(text, "fork ");
	if (write(STDOUT_FILENO, "x", 1) == 1)
		strcat(text, "stdout-is-null ");
	answer_text(text, ret_answer, ret_size);
}

static void a_locked_child_has_no_rights_left(void **state)
{
	(void)state;
	assert_answer(list_rights, NULL, "stdout-is-null ");
}

static void work_with_threads(struct sandbox *sandbox, void *arg, uint8_t **ret_answer,
			      size_t *ret_size)
{
	(void)arg;
	sandbox_lock(sandbox);
	/* 64 MB of memory and its release: what the reader lives on. */
	for (int i = 0; i < 64; i++) {
		char *memory = malloc((size_t)1 << 20);

		memset(memory, i, (size_t)1 << 20);
		free(memory);
	}
	answer_text("done", ret_answer, ret_size);
}

static void computing_goes_on_as_before(void **state)
{
	(void)state;
	assert_answer(work_with_threads, NULL, "done");
}

static void ask_for_files(struct sandbox *sandbox, void *arg, uint8_t **ret_answer,
			  size_t *ret_size)
{
	const char *const *paths = arg;
	char text[64] = "";

	sandbox_lock(sandbox);
	for (; *paths; paths++) {
		int fd = sandbox_open(sandbox, *paths);
		char magic[4];

		if (fd >= 0 && read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0)
			strcat(text, "elf ");
		else
			strcat(text, fd == -EPERM ? "refused " : "none ");
	}
	answer_text(text, ret_answer, ret_size);
}

static void the_parent_opens_only_what_looks_like_split_dwarf(void **state)
{
	static const char *const wanted[] = {SYMBOLIZE_FIXTURES "/real.dwo",
					     SYMBOLIZE_FIXTURES "/no-elf.dwo",
					     "/etc/passwd",
					     "/usr/bin/env",
					     SYMBOLIZE_FIXTURES "/missing.dwo",
					     NULL};

	(void)state;
	assert_answer(ask_for_files, (void *)(uintptr_t)wanted,
		      "elf refused refused refused none ");
}

static void crash(struct sandbox *sandbox, void *arg, uint8_t **ret_answer, size_t *ret_size)
{
	(void)sandbox;
	(void)arg;
	(void)ret_answer;
	(void)ret_size;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static void hang(struct sandbox *sandbox, void *arg, uint8_t **ret_answer, size_t *ret_size)
{
	(void)sandbox;
	(void)arg;
	(void)ret_answer;
	(void)ret_size;
	for (;;)
		pause();
}

static void answer_nothing(struct sandbox *sandbox, void *arg, uint8_t **ret_answer,
			   size_t *ret_size)
{
	(void)sandbox;
	(void)arg;
	*ret_answer = NULL;
	*ret_size = 0;
}

static void a_crash_a_hang_and_silence_are_errors(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(run(crash, NULL, TIMEOUT_MS, &text), -ECHILD);
	assert_int_equal(run(hang, NULL, 50, &text), -ETIME);
	assert_int_equal(run(answer_nothing, NULL, TIMEOUT_MS, &text), -ECHILD);
}

static void answer_much(struct sandbox *sandbox, void *arg, uint8_t **ret_answer, size_t *ret_size)
{
	(void)arg;
	sandbox_lock(sandbox);
	*ret_size = (size_t)10 << 20;
	*ret_answer = malloc(*ret_size);
	for (size_t i = 0; i < *ret_size; i++)
		(*ret_answer)[i] = (uint8_t)(i * 7);
}

static void a_long_answer_arrives_whole(void **state)
{
	struct sandbox_job job = {.run = answer_much, .timeout_ms = TIMEOUT_MS};
	uint8_t *answer;
	size_t size;

	(void)state;
	assert_int_equal(sandbox_run(&job, &answer, &size), 0);
	assert_int_equal(size, (size_t)10 << 20);
	for (size_t i = 0; i < size; i += 4099)
		assert_int_equal(answer[i], (uint8_t)(i * 7));
	free(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_locked_child_has_no_rights_left),
		cmocka_unit_test(computing_goes_on_as_before),
		cmocka_unit_test(the_parent_opens_only_what_looks_like_split_dwarf),
		cmocka_unit_test(a_crash_a_hang_and_silence_are_errors),
		cmocka_unit_test(a_long_answer_arrives_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
