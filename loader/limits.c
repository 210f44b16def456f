/* SPDX-License-Identifier: MIT */
#include "loader/limits.h"

#include "common/alloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

void limits_raise_files(struct rlimit *ret_before)
{
	struct rlimit raised;

	if (getrlimit(RLIMIT_NOFILE, ret_before) < 0)
		*ret_before = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	raised = *ret_before;
	raised.rlim_cur = raised.rlim_max;
	setrlimit(RLIMIT_NOFILE, &raised);
}

/* What the kernel and libraries call a want of memory: mmap, threads, libbpf's maps and BTF. */
static bool may_be_memory(int err)
{
	return err == ENOMEM || err == EAGAIN || err == EBADFD || err == ESRCH;
}

char *limits_explain(int err)
{
	struct rlimit limit;

	if (err < 0)
		err = -err;
	if (err == EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0)
		return xasprintf("ctrace may open %llu files, which is not enough (ulimit -n)",
				 (unsigned long long)limit.rlim_cur);
	if (err == EFBIG && getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		return xasprintf("files may have %llu bytes here (ulimit -f)",
				 (unsigned long long)limit.rlim_cur);
	if (may_be_memory(err) && getrlimit(RLIMIT_AS, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY)
		return xasprintf("ctrace may use %llu MB of memory, which may be too little "
				 "(ulimit -v)",
				 (unsigned long long)limit.rlim_cur >> 20);
	return NULL;
}
