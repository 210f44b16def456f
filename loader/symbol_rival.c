/* SPDX-License-Identifier: MIT */
#include "loader/symbol_rival.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "common/safe_open.h"
#include "loader/object_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define MAX_OBJECTS  1024
#define MAX_AUXV     64
#define MAX_SEGMENTS 128
#define MAX_DYNAMIC  512

struct target {
	pid_t pid;
	uint64_t phdr, nr_phdr;
};

static bool read_memory(pid_t pid, uint64_t addr, void *bytes, size_t size)
{
	struct iovec local = {bytes, size};
	/* An address of the other process: it is never used as a pointer here. */
	struct iovec remote = {NULL, size};

	memcpy(&remote.iov_base, &addr, sizeof(addr));
	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static bool read_auxv(struct target *target)
{
	_cleanup_close_ int fd = -1;
	Elf64_auxv_t auxv[MAX_AUXV];
	char path[64];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/auxv", target->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, auxv, sizeof(auxv));
	for (size_t i = 0; size > 0 && i < (size_t)size / sizeof(auxv[0]); i++) {
		if (auxv[i].a_type == AT_PHDR)
			target->phdr = auxv[i].a_un.a_val;
		else if (auxv[i].a_type == AT_PHNUM)
			target->nr_phdr = auxv[i].a_un.a_val;
	}
	return target->phdr && target->nr_phdr && target->nr_phdr <= MAX_SEGMENTS;
}

/* Where the program's dynamic section lies in the process. */
static bool find_dynamic(const struct target *target, uint64_t *ret_addr)
{
	Elf64_Phdr segments[MAX_SEGMENTS];
	uint64_t bias = 0, dynamic = 0;

	if (!read_memory(target->pid, target->phdr, segments,
			 target->nr_phdr * sizeof(segments[0])))
		return false;
	for (uint64_t i = 0; i < target->nr_phdr; i++) {
		if (segments[i].p_type == PT_PHDR)
			bias = target->phdr - segments[i].p_vaddr;
		else if (segments[i].p_type == PT_DYNAMIC)
			dynamic = segments[i].p_vaddr;
	}
	*ret_addr = bias + dynamic;
	return dynamic != 0;
}

static bool find_link_map(const struct target *target, uint64_t *ret_addr)
{
	struct r_debug debug;
	uint64_t addr;

	if (!find_dynamic(target, &addr))
		return false;
	for (int i = 0; i < MAX_DYNAMIC; i++, addr += sizeof(Elf64_Dyn)) {
		Elf64_Dyn entry;

		if (!read_memory(target->pid, addr, &entry, sizeof(entry)) ||
		    entry.d_tag == DT_NULL)
			return false;
		if (entry.d_tag != DT_DEBUG)
			continue;
		if (!read_memory(target->pid, entry.d_un.d_ptr, &debug, sizeof(debug)))
			return false;
		*ret_addr = (uintptr_t)debug.r_map;
		return *ret_addr != 0;
	}
	return false;
}

/* A string of unknown length, which may end a page before the next one that is mapped. */
static bool read_string(pid_t pid, uint64_t addr, char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!read_memory(pid, addr + i, &text[i], 1))
			return false;
		if (!text[i])
			return true;
	}
	return false;
}

static int open_object(pid_t pid, const char *name)
{
	_cleanup_free_ char *path = *name ? xasprintf("/proc/%d/root%s", pid, name)
					  : xasprintf("/proc/%d/exe", pid);

	return safe_open(path);
}

static int exports(const struct object_symbol *symbol, void *arg)
{
	return symbol->is_dynamic && symbol->bind != STB_LOCAL &&
	       (symbol->type == STT_FUNC || symbol->type == STT_GNU_IFUNC) &&
	       strcmp(symbol->name, arg) == 0;
}

bool symbol_rival_exports(int fd, const char *name)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;

	return elf_image_open_fd(fd, &image) == 0 &&
	       object_symbols_each(image, exports, (void *)(uintptr_t)name) > 0;
}

char *symbol_rival_find(pid_t pid, const char *path, const char *name)
{
	struct target target = {.pid = pid};
	struct stat wanted, st;
	uint64_t addr;

	if (stat(path, &wanted) < 0 || !read_auxv(&target) || !find_link_map(&target, &addr))
		return NULL;
	for (int i = 0; i < MAX_OBJECTS && addr; i++) {
		_cleanup_close_ int fd = -1;
		char object[PATH_MAX];
		struct link_map map;

		if (!read_memory(pid, addr, &map, sizeof(map)) ||
		    !read_string(pid, (uintptr_t)map.l_name, object, sizeof(object)))
			return NULL;
		addr = (uintptr_t)map.l_next;
		if (*object && *object != '/')
			continue; /* the vdso */
		fd = open_object(pid, object);
		if (fd < 0 || fstat(fd, &st) < 0)
			continue;
		if (st.st_ino == wanted.st_ino && st.st_dev == wanted.st_dev)
			return NULL;
		if (symbol_rival_exports(fd, name))
			return *object ? xstrdup(object) : xstrdup("the program itself");
	}
	return NULL;
}
