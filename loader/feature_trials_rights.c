/* SPDX-License-Identifier: MIT */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "loader/feature_trials.h"
#include "loader/rights.h"
#include "symbolize/kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>

int feature_try_capabilities(char **ret_detail)
{
	_cleanup_free_ char *missing = rights_missing();

	if (!missing)
		return 0;
	*ret_detail = xasprintf("missing: %s", missing);
	return -EPERM;
}

int feature_try_ptrace(char **ret_detail)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	char text[16];

	/* 3 forbids it to everyone; children can be traced under all others */
	if (!file || !fgets(text, sizeof(text), file) || *text != '3')
		return 0;
	*ret_detail = xstrdup("kernel.yama.ptrace_scope is 3");
	return -EPERM;
}

int feature_try_kallsyms(char **ret_detail)
{
	_cleanup_(kallsyms_freep) struct kallsyms *syms = NULL;
	int ret = kallsyms_load("/proc/kallsyms", &syms);

	if (ret == -EACCES)
		*ret_detail = xstrdup("the addresses are hidden (kernel.kptr_restrict)");
	return ret;
}

int feature_try_map_files(char **ret_detail)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/map_files");
	const struct dirent *entry;
	_cleanup_close_ int fd = -1;

	(void)ret_detail;
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : 0;
	}
	return -ENOENT;
}
