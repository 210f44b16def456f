/* SPDX-License-Identifier: MIT */
/* Against a server of one connection after the other, in a process of its own. */
#include "symbolize/debuginfod.h"

#include "common/intern.h"
#include "fixtures.h"
#include "symbolize/symbolizer.h"
#include "test.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/ctrace-debuginfod-XXXXXX";

struct server {
	pid_t pid;
	int port;
};

static void send_file(int connection, const char *path)
{
	int fd = open(path, O_RDONLY);
	char buffer[4096];
	struct stat st;
	ssize_t got;

	fstat(fd, &st);
	dprintf(connection, "HTTP/1.0 200 OK\r\nContent-Length: %lld\r\n\r\n",
		(long long)st.st_size);
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		if (write(connection, buffer, (size_t)got) < 0)
			break;
	close(fd);
}

/* Serves @path for any build, 404 if it is NULL, and nothing at all if @silent. */
static void __attribute__((noreturn)) serve(int listener, const char *path, bool silent)
{
	for (;;) {
		int connection = accept(listener, NULL, NULL);
		char request[4096];

		if (read(connection, request, sizeof(request)) <= 0)
			continue;
		if (silent)
			for (;;)
				pause();
		if (path)
			send_file(connection, path);
		else
			dprintf(connection, "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n");
		shutdown(connection, SHUT_WR);
		close(connection);
	}
}

static struct server start_server(const char *path, bool silent)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct server server;
	char url[64];

	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	server.port = ntohs(address.sin_port);
	server.pid = fork();
	if (server.pid == 0)
		serve(listener, path, silent);
	close(listener);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", server.port);
	setenv("DEBUGINFOD_URLS", url, 1);
	return server;
}

static void stop_server(struct server server)
{
	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
}

static int clear_cache(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s/cache", top);
	return system(command);
}

static const struct symbolize_options options = {
	.inlines = true, .lines = true, .debuginfod = true, .debuginfod_timeout_ms = 20000};

/* Name of "hidden" in the stripped fixture, and what the symbolizer says of it. */
static void name_hidden(struct intern *strings, const struct symbolize_options *used,
			const char **ret_name, const char **ret_source)
{
	struct symbolize_address addr = {.vaddr = symbol_vaddr(FIXTURE("symbols"), "hidden")};
	struct symbolize_stats stats;

	assert_int_equal(
		symbolize_object(FIXTURE("stripped"), NULL, NULL, used, strings, &addr, 1, &stats),
		0);
	*ret_name = addr.frames[0].name;
	*ret_source = stats.source;
	symbolize_release(&addr, 1);
}

static void a_server_that_has_the_file_names_the_function(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct server server = start_server(FIXTURE("symbols.debug"), false);
	const char *name, *source;

	(void)state;
	name_hidden(strings, &options, &name, &source);
	stop_server(server);
	assert_string_equal(name, "hidden");
	/* The client keeps it. */
	name_hidden(strings, &options, &name, &source);
	assert_string_equal(name, "hidden");
}

static void a_file_of_another_build_is_refused(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct server server = start_server(FIXTURE("other"), false);
	const char *name, *source;

	(void)state;
	name_hidden(strings, &options, &name, &source);
	stop_server(server);
	assert_string_not_equal(name, "hidden");
	assert_non_null(strstr(source, "build-id differs"));
}

static void a_server_without_the_file_says_so(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct server server = start_server(NULL, false);
	const char *name, *source;

	(void)state;
	name_hidden(strings, &options, &name, &source);
	stop_server(server);
	assert_non_null(strstr(source, "no server has it"));
}

static void a_silent_server_costs_the_time_allowed_and_no_more(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct server server = start_server(NULL, true);
	struct symbolize_options hasty = options;
	const char *name, *source;

	(void)state;
	hasty.debuginfod_timeout_ms = 300;
	name_hidden(strings, &hasty, &name, &source);
	stop_server(server);
	assert_non_null(strstr(source, "took too long"));
}

static void nothing_is_asked_unless_wanted(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct server server = start_server(FIXTURE("symbols.debug"), false);
	struct symbolize_options offline = options;
	const char *name, *source;

	(void)state;
	offline.debuginfod = false;
	name_hidden(strings, &offline, &name, &source);
	stop_server(server);
	assert_string_not_equal(name, "hidden");
	assert_null(strstr(source, "debuginfod"));
}

static void without_servers_it_says_so(void **state)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	const char *name, *source;

	(void)state;
	setenv("DEBUGINFOD_URLS", "", 1);
	name_hidden(strings, &options, &name, &source);
	assert_non_null(strstr(source, "names no server"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_server_that_has_the_file_names_the_function, clear_cache),
		cmocka_unit_test_setup(a_file_of_another_build_is_refused, clear_cache),
		cmocka_unit_test_setup(a_server_without_the_file_says_so, clear_cache),
		cmocka_unit_test_setup(a_silent_server_costs_the_time_allowed_and_no_more,
				       clear_cache),
		cmocka_unit_test_setup(nothing_is_asked_unless_wanted, clear_cache),
		cmocka_unit_test_setup(without_servers_it_says_so, clear_cache),
	};
	char path[128];
	int failed;

	if (!dlopen("libdebuginfod.so.1", RTLD_NOW)) {
		print_message("no libdebuginfod here\n");
		return 77;
	}
	if (!mkdtemp(top))
		return 1;
	snprintf(path, sizeof(path), "%s/cache", top);
	setenv("DEBUGINFOD_CACHE_PATH", path, 1);
	unsetenv("http_proxy");
	unsetenv("HTTP_PROXY");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof(path), "rm -r %s", top);
	return system(path) || failed;
}
