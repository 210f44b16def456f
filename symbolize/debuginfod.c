/* SPDX-License-Identifier: MIT */
#include "symbolize/debuginfod.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/safe_open.h"
#include "symbolize/sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY	       "libdebuginfod.so.1"
#define URLS_VARIABLE  "DEBUGINFOD_URLS"
#define URLS_FILES     "/etc/debuginfod/*.urls" /* what a login shell makes the variable from */
#define MAX_URLS_BYTES 65536

/* The client library's functions (elfutils 0.188). */
struct client_library {
	void *(*begin)(void);
	void (*end)(void *client);
	int (*find_debuginfo)(void *client, const unsigned char *id, int id_size, char **ret_path);
	void (*set_progressfn)(void *client, int (*fn)(void *client, long done, long total));
	void (*set_user_data)(void *client, void *data);
};

struct fetch {
	const struct build_id *id;
	const struct debuginfod_options *options;
};

static int load_library(struct client_library *library)
{
	const struct {
		const char *name;
		void *pointer;
	} functions[] = {
		{"debuginfod_begin", &library->begin},
		{"debuginfod_end", &library->end},
		{"debuginfod_find_debuginfo", &library->find_debuginfo},
		{"debuginfod_set_progressfn", &library->set_progressfn},
		{"debuginfod_set_user_data", &library->set_user_data},
	};
	/* Global, so that forward_progress() finds it again. */
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_GLOBAL);

	if (!handle)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *symbol = dlsym(handle, functions[i].name);

		if (!symbol)
			return -EOPNOTSUPP;
		memcpy(functions[i].pointer, &symbol, sizeof(symbol));
	}
	return 0;
}

static void append_file(FILE *out, const char *path)
{
	_cleanup_fclose_ FILE *file = safe_fopen_input(path);
	size_t nr = 0;
	int c;

	while (file && (c = getc(file)) != EOF && nr++ < MAX_URLS_BYTES)
		putc(c == '\n' ? ' ' : c, out);
	putc(' ', out);
}

/* sudo takes the variable away; the files it is made from stay. */
static int set_servers(void)
{
	const char *urls = getenv(URLS_VARIABLE);
	_cleanup_free_ char *joined = NULL;
	glob_t found = {0};
	size_t size;
	FILE *out;

	if (urls)
		return *urls ? 0 : -ENODATA;
	out = open_memstream(&joined, &size);
	if (!out)
		die_oom();
	if (glob(URLS_FILES, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			append_file(out, found.gl_pathv[i]);
	globfree(&found);
	fclose(out);
	if (strspn(joined, " ") == size)
		return -ENODATA;
	return setenv(URLS_VARIABLE, joined, 1) < 0 ? -errno : 0;
}

/* Called by the library, which hands over no more than the client. */
static int forward_progress(void *client, long done, long total)
{
	void *symbol = dlsym(RTLD_DEFAULT, "debuginfod_get_user_data");
	const struct debuginfod_options *options;
	void *(*get_user_data)(void *client);

	if (!symbol)
		return 0;
	memcpy(&get_user_data, &symbol, sizeof(symbol));
	options = get_user_data(client);
	options->progress(options->progress_arg, done > 0 ? (uint64_t)done : 0,
			  total > 0 ? (uint64_t)total : 0);
	return 0;
}

static int fetch_path(const struct fetch *fetch, char **ret_path)
{
	struct client_library library;
	void *client;
	int err, fd;

	err = set_servers();
	if (!err)
		err = load_library(&library);
	if (err)
		return err;
	client = library.begin();
	if (!client)
		return -ENOMEM;
	if (fetch->options->progress) {
		library.set_user_data(client, (void *)(uintptr_t)fetch->options);
		library.set_progressfn(client, forward_progress);
	}
	fd = library.find_debuginfo(client, fetch->id->data, fetch->id->size, ret_path);
	library.end(client);
	return fd < 0 ? fd : 0;
}

/* The answer is the result as an int, and the path if that is 0. */
static void run_fetch(struct sandbox *sandbox, void *arg, uint8_t **ret_answer, size_t *ret_size)
{
	char *path = NULL;
	int result = fetch_path(arg, &path);
	size_t len = result == 0 ? strlen(path) + 1 : 0;

	(void)sandbox;
	*ret_size = sizeof(result) + len;
	*ret_answer = xmalloc(*ret_size);
	memcpy(*ret_answer, &result, sizeof(result));
	if (len)
		memcpy(*ret_answer + sizeof(result), path, len);
}

int debuginfod_fetch(const struct build_id *id, const struct debuginfod_options *options,
		     char **ret_path)
{
	struct fetch fetch = {.id = id, .options = options};
	struct sandbox_job job = {
		.run = run_fetch,
		.arg = &fetch,
		.timeout_ms = options->timeout_ms ? options->timeout_ms
						  : DEBUGINFOD_DEFAULT_TIMEOUT_MS,
	};
	_cleanup_free_ uint8_t *answer = NULL;
	size_t size;
	int err, result;

	if (id->size == 0)
		return -ENOENT;
	err = sandbox_run(&job, &answer, &size);
	if (err)
		return err;
	if (size < sizeof(result))
		return -EBADMSG;
	memcpy(&result, answer, sizeof(result));
	if (result != 0)
		return result;
	if (size == sizeof(result) || answer[size - 1] != '\0')
		return -EBADMSG;
	*ret_path = xstrdup((const char *)answer + sizeof(result));
	return 0;
}
