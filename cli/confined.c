/* SPDX-License-Identifier: MIT */
#include "cli/confined.h"

#include "cli/invoking_user.h"
#include "common/alloc.h"
#include "common/log.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define UID_NOBODY 65534 /* the kernel's overflowuid: exists everywhere, owns nothing */

/* Reading is what the work is for: the program's own binaries may be readable by root alone. */
static int keep_reading_only(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
	uint32_t wanted = 1u << CAP_DAC_READ_SEARCH;

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	wanted &= data[0].permitted;
	memset(data, 0, sizeof(data));
	data[0].permitted = data[0].effective = wanted;
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int give_up_rights(void)
{
	uid_t uid = UID_NOBODY;
	gid_t gid = UID_NOBODY;

	invoking_user(&uid, &gid);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return keep_reading_only();
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	log_error("reading symbols or writing outputs ended by signal %d (%s)", WTERMSIG(status),
		  strsignal(WTERMSIG(status)));
	return -ECHILD;
}

int confined_run(int (*work)(void *arg), void *arg)
{
	pid_t child;
	int err;

	if (geteuid() != 0)
		return work(arg);
	fflush(NULL);
	child = fork();
	if (child < 0)
		return log_errno(errno, "cannot fork");
	if (child > 0)
		return wait_for(child);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* A user namespace may lack the ids; a recording is worth more than the precaution. */
	err = give_up_rights();
	if (err < 0)
		log_verbose("symbols are read with all rights: %s", strerror(-err));
	err = work(arg);
	fflush(NULL);
	_exit(err < 0 ? -err : 0);
}

void *confined_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die_oom();
	return memory;
}

void confined_memory_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}
