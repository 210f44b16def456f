/* SPDX-License-Identifier: MIT */
#include "symbolize/sandbox.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "symbolize/sandbox_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define UID_NOBODY    65534 /* the kernel's overflowuid: exists everywhere, owns nothing */
#define MAX_ADDRESSES ((rlim_t)24 << 30) /* bytes; sections may unpack to 4 GB each */
#define READ_BYTES    ((size_t)1 << 16)
#define MAX_REQUESTS  65536 /* files opened for one child */

/* Address space limits and AddressSanitizer's shadow exclude each other. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_LIMIT 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_LIMIT 0
#endif
#endif
#ifndef HAS_ADDRESS_LIMIT
#define HAS_ADDRESS_LIMIT 1
#endif

struct sandbox {
	int requests; /* socket to the parent */
	int answer;   /* pipe to the parent */
};

/* The parent's side. */
struct supervisor {
	const struct sandbox_job *job;
	pid_t child;
	int requests;
	int answer;
	uint64_t deadline_ms;
	size_t nr_requests;
	uint8_t *bytes;
	size_t nr;
	size_t cap;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		bytes += written;
		size -= (size_t)written;
	}
}

/* Closes all descriptors but the two to the parent and standard error. */
static void close_others(const struct sandbox *sandbox)
{
	int low = sandbox->requests < sandbox->answer ? sandbox->requests : sandbox->answer;
	int high = sandbox->requests < sandbox->answer ? sandbox->answer : sandbox->requests;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	if (low > 3)
		close_range(3, (unsigned int)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned int)low + 1, (unsigned int)high - 1, 0);
	close_range((unsigned int)high + 1, UINT_MAX, 0);
}

static void limit_resources(void)
{
	const struct rlimit none = {0};
	const struct rlimit addresses = {.rlim_cur = MAX_ADDRESSES, .rlim_max = MAX_ADDRESSES};

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &none);
	if (HAS_ADDRESS_LIMIT)
		setrlimit(RLIMIT_AS, &addresses);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

/* Root without capabilities still owns its files. */
static int drop_user(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(UID_NOBODY, UID_NOBODY, UID_NOBODY) < 0 ||
	    setresuid(UID_NOBODY, UID_NOBODY, UID_NOBODY) < 0)
		return -errno;
	return 0;
}

int sandbox_lock(struct sandbox *sandbox)
{
	int err, other;

	close_others(sandbox);
	limit_resources();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	err = drop_user();
	other = drop_capabilities();
	if (!err)
		err = other;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	other = sandbox_filter_install();
	return err ? err : other;
}

/* A request is the path; the answer one int, with the descriptor if that is 0. */
int sandbox_open(struct sandbox *sandbox, const char *path)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	int result = -EIO, fd = -1;
	struct iovec io = {.iov_base = &result, .iov_len = sizeof(result)};
	struct msghdr message = {.msg_iov = &io,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header;

	if (strlen(path) >= PATH_MAX ||
	    sendto(sandbox->requests, path, strlen(path) + 1, MSG_NOSIGNAL, NULL, 0) < 0 ||
	    recvmsg(sandbox->requests, &message, MSG_CMSG_CLOEXEC) != sizeof(result))
		return -EIO;
	if (result < 0)
		return result;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EIO;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static void send_descriptor(int socket, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	int result = fd < 0 ? fd : 0;
	struct iovec io = {.iov_base = &result, .iov_len = sizeof(result)};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
	struct cmsghdr *header;

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void serve_request(struct supervisor *supervisor)
{
	const struct sandbox_job *job = supervisor->job;
	char path[PATH_MAX];
	ssize_t len = recv(supervisor->requests, path, sizeof(path), MSG_DONTWAIT);
	_cleanup_close_ int fd = -EPERM;

	if (len <= 0) {
		if (len < 0 && (errno == EINTR || errno == EAGAIN))
			return;
		close(supervisor->requests);
		supervisor->requests = -1;
		return;
	}
	if (path[len - 1] == '\0' && job->open && supervisor->nr_requests++ < MAX_REQUESTS)
		fd = job->open(job->open_arg, path);
	send_descriptor(supervisor->requests, fd);
}

/* 1 at the end of the answer, 0 for more, or a negative errno. */
static int read_answer(struct supervisor *supervisor)
{
	ssize_t got;

	if (supervisor->cap - supervisor->nr < READ_BYTES) {
		if (supervisor->cap >= SANDBOX_MAX_ANSWER)
			return -E2BIG;
		supervisor->cap = supervisor->cap ? supervisor->cap * 2 : 4 * READ_BYTES;
		supervisor->bytes = xreallocarray(supervisor->bytes, supervisor->cap, 1);
	}
	got = read(supervisor->answer, supervisor->bytes + supervisor->nr,
		   supervisor->cap - supervisor->nr);
	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	supervisor->nr += (size_t)got;
	return got == 0;
}

/* Serves the child until its answer is complete. */
static int supervise(struct supervisor *supervisor)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = supervisor->answer, .events = POLLIN},
			{.fd = supervisor->requests, .events = POLLIN},
		};
		uint64_t now = now_ms();
		int ret;

		if (now >= supervisor->deadline_ms)
			return -ETIME;
		ret = poll(fds, 2, (int)(supervisor->deadline_ms - now));
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (ret <= 0)
			continue;
		if (fds[1].revents)
			serve_request(supervisor);
		if (fds[0].revents) {
			ret = read_answer(supervisor);
			if (ret != 0)
				return ret < 0 ? ret : 0;
		}
	}
}

static void __attribute__((noreturn))
run_child(const struct sandbox_job *job, int requests, int answer)
{
	/* Not where standard input or output may be about to be closed. */
	struct sandbox sandbox = {.requests = fcntl(requests, F_DUPFD_CLOEXEC, 3),
				  .answer = fcntl(answer, F_DUPFD_CLOEXEC, 3)};
	uint8_t *bytes = NULL;
	size_t size = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sandbox.requests < 0 || sandbox.answer < 0)
		_exit(1);
	job->run(&sandbox, job->arg, &bytes, &size);
	write_all(sandbox.answer, bytes, size);
	_exit(bytes ? 0 : 1);
}

/* Whether the child ended by itself and in order. */
static bool reap(pid_t child, bool kill_first)
{
	int status;

	if (kill_first)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	if (WIFSIGNALED(status))
		log_debug("symbolizing child ended by signal %d", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int run_with_channels(const struct sandbox_job *job, const int *sockets, const int *pipes,
			     struct supervisor *supervisor)
{
	int err;

	supervisor->child = fork();
	if (supervisor->child < 0)
		return -errno;
	if (supervisor->child == 0)
		run_child(job, sockets[1], pipes[1]);
	close(sockets[1]);
	close(pipes[1]);
	supervisor->requests = sockets[0];
	supervisor->answer = pipes[0];
	supervisor->deadline_ms = now_ms() + job->timeout_ms;
	err = supervise(supervisor);
	if (!reap(supervisor->child, err != 0) && !err)
		err = -ECHILD;
	if (supervisor->requests >= 0)
		close(supervisor->requests);
	close(supervisor->answer);
	return err;
}

static void close_pair(const int *pair)
{
	close(pair[0]);
	close(pair[1]);
}

int sandbox_run(const struct sandbox_job *job, uint8_t **ret_answer, size_t *ret_size)
{
	struct supervisor supervisor = {.job = job};
	int sockets[2], pipes[2];
	int err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		err = -errno;
		close_pair(sockets);
		return err;
	}
	err = run_with_channels(job, sockets, pipes, &supervisor);
	if (supervisor.child < 0) {
		close_pair(sockets);
		close_pair(pipes);
	}
	if (err) {
		free(supervisor.bytes);
		return err;
	}
	*ret_answer = supervisor.bytes;
	*ret_size = supervisor.nr;
	return 0;
}
