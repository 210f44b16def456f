/* SPDX-License-Identifier: MIT */
#include "symbolize/sandbox_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define NR_OFF	   offsetof(struct seccomp_data, nr)
#define ARCH_OFF   offsetof(struct seccomp_data, arch)
#define ARG_OFF(n) (offsetof(struct seccomp_data, args) + 8 * (n)) /* low half, little-endian */

#define LOAD(off)	   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, off)
#define RETURN(action)	   BPF_STMT(BPF_RET | BPF_K, action)
#define SKIP_IF(value, n)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, n, 0)
#define SKIP_UNLESS(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1)

#define DENY SECCOMP_RET_ERRNO | EPERM

/* Allowed whatever the arguments. */
#define ALLOW(call) SKIP_UNLESS(__NR_##call), RETURN(SECCOMP_RET_ALLOW)

/* Allowed if argument @n has none of @bits. */
#define ALLOW_WITHOUT(call, n, bits)                                              \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 4), LOAD(ARG_OFF(n)), \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1), RETURN(DENY),   \
		RETURN(SECCOMP_RET_ALLOW)

/* Allowed if argument @n has all of @bits. */
#define ALLOW_WITH(call, n, bits)                                                          \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 5), LOAD(ARG_OFF(n)),          \
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits), SKIP_IF(bits, 1), RETURN(DENY), \
		RETURN(SECCOMP_RET_ALLOW)

int sandbox_filter_install(void)
{
	static const struct sock_filter filter[] = {
		LOAD(ARCH_OFF),
		SKIP_IF(AUDIT_ARCH_X86_64, 1),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(NR_OFF),
		/* Memory, but nothing executable. */
		ALLOW_WITHOUT(mmap, 2, PROT_EXEC),
		ALLOW_WITHOUT(mprotect, 2, PROT_EXEC),
		ALLOW(munmap),
		ALLOW(mremap),
		ALLOW(madvise),
		ALLOW(brk),
		/* Threads, but no processes; glibc goes back to clone() when clone3() is unknown.
		 */
		ALLOW_WITH(clone, 0, CLONE_VM | CLONE_THREAD),
		SKIP_UNLESS(__NR_clone3),
		RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		ALLOW(futex),
		ALLOW(set_robust_list),
		ALLOW(rseq),
		ALLOW(sched_yield),
		ALLOW(sched_getaffinity),
		ALLOW(gettid),
		ALLOW(getpid),
		ALLOW(exit),
		ALLOW(exit_group),
		ALLOW(rt_sigprocmask),
		ALLOW(rt_sigaction),
		ALLOW(rt_sigreturn),
		ALLOW(sigaltstack),
		ALLOW(clock_gettime),
		ALLOW(clock_nanosleep),
		ALLOW(getrandom),
		/* The descriptors it has. */
		ALLOW(read),
		ALLOW(write),
		ALLOW(close),
		ALLOW(fstat),
		ALLOW(newfstatat), /* how glibc does fstat() */
		ALLOW(lseek),
		ALLOW(recvmsg),
		ALLOW(sendto),
		RETURN(DENY),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]),
				     .filter = (struct sock_filter *)(uintptr_t)filter};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	return 0;
}
