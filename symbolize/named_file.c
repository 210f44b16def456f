/* SPDX-License-Identifier: MIT */
#include "symbolize/named_file.h"

#include "common/cleanup.h"
#include "symbolize/root_open.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool has_suffix(const char *path, const char *suffix)
{
	size_t len = strlen(path);
	size_t suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(path + len - suffix_len, suffix) == 0;
}

int named_file_open(const void *root, const char *path)
{
	_cleanup_close_ int fd = -1;
	char magic[SELFMAG];

	if (!has_suffix(path, ".dwo") && !has_suffix(path, ".dwp"))
		return -EPERM;
	if (root)
		fd = root_open(root, path);
	if (fd < 0)
		fd = root_open(NULL, path);
	if (fd < 0)
		return fd;
	if (pread(fd, magic, sizeof(magic), 0) != SELFMAG || memcmp(magic, ELFMAG, SELFMAG) != 0)
		return -EPERM;
	return TAKE_FD(fd);
}
