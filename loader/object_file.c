/* SPDX-License-Identifier: MIT */
#include "loader/object_file.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/safe_open.h"
#include "loader/object_set.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The vdso is a few pages; anything larger is not one. */
#define VDSO_MAX (64u << 10)

static int read_vdso(const struct object_mapping *m, struct object *o, struct elf_image **ret_image)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	ssize_t got;

	if (m->end - m->start > VDSO_MAX)
		return -E2BIG;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)m->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	o->vdso_size = (size_t)(m->end - m->start);
	o->vdso_image = xmalloc(o->vdso_size);
	got = pread(fd, o->vdso_image, o->vdso_size, (off_t)m->start);
	if (got != (ssize_t)o->vdso_size)
		return got < 0 ? -errno : -EIO;
	return elf_image_open_memory(o->vdso_image, o->vdso_size, ret_image);
}

/* The kernel marks the paths of deleted files; they are called what they were called. */
static char *name_file(const char *path)
{
	static const char mark[] = " (deleted)";
	size_t len = strlen(path), mark_len = sizeof(mark) - 1;

	if (len > mark_len && strcmp(path + len - mark_len, mark) == 0)
		len -= mark_len;
	return xstrndup(path, len);
}

/* The file at @path if it is the one that was mapped.  Descriptor or negative errno. */
static int open_if_mapped(const char *path, const struct object_mapping *m)
{
	_cleanup_close_ int fd = safe_open(path);
	_cleanup_free_ char *name = NULL, *expected = NULL;
	char target[PATH_MAX + 16];
	struct stat st;
	ssize_t len;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino == m->inode)
		return TAKE_FD(fd);
	/* File systems upon others tell two numbers of a file; /proc's links tell its path. */
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -ESTALE;
	target[len] = '\0';
	name = name_file(target);
	expected = name_file(m->path);
	return strcmp(name, expected) == 0 ? TAKE_FD(fd) : -ESTALE;
}

/*
 * Through the mapping itself first: that is the very file, deleted or in another namespace, unless
 * something else has been mapped there since.
 */
int object_file_open_mapped(const struct object_mapping *m)
{
	char path[PATH_MAX + 64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", (int)m->pid,
		 (unsigned long long)m->start, (unsigned long long)m->end);
	fd = open_if_mapped(path, m);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)m->pid, m->path);
	fd = open_if_mapped(path, m);
	return fd >= 0 ? fd : open_if_mapped(m->path, m);
}

static void take_segments(struct object *o, const struct elf_image *image)
{
	size_t nr, n = 0;
	const Elf64_Phdr *phdrs = elf_image_segments(image, &nr);

	o->segments = xcalloc(nr ? nr : 1, sizeof(*o->segments));
	o->text_begin = UINT64_MAX;
	for (size_t i = 0; i < nr; i++) {
		if (phdrs[i].p_type != PT_LOAD)
			continue;
		o->segments[n++] = (struct object_segment){
			.off = phdrs[i].p_offset,
			.file_size = phdrs[i].p_filesz,
			.vaddr = phdrs[i].p_vaddr,
			.exec = phdrs[i].p_flags & PF_X,
		};
		if (!(phdrs[i].p_flags & PF_X))
			continue;
		if (phdrs[i].p_vaddr < o->text_begin)
			o->text_begin = phdrs[i].p_vaddr;
		if (phdrs[i].p_vaddr + phdrs[i].p_memsz > o->text_end)
			o->text_end = phdrs[i].p_vaddr + phdrs[i].p_memsz;
	}
	o->nr_segments = n;
	o->build_id = elf_image_build_id(image);
}

/* A file that is mapped executable but is no ELF: shared memory of a JIT compiler. */
static bool is_jit_path(const char *path)
{
	return strncmp(path, "/memfd:", 7) == 0 || strncmp(path, "/dev/zero", 9) == 0 ||
	       strncmp(path, "/dev/shm/", 9) == 0 || strncmp(path, "/SYSV", 5) == 0;
}

static int open_file(const struct object_mapping *m, struct object *o, struct elf_image **ret_image)
{
	_cleanup_close_ int fd = object_file_open_mapped(m);
	struct stat st;
	int err;

	o->kind = is_jit_path(m->path) ? OBJECT_JIT : OBJECT_OPAQUE;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	o->file_size = (uint64_t)st.st_size;
	err = elf_image_open_fd(fd, ret_image);
	if (err < 0)
		return o->kind == OBJECT_JIT ? 0 : err;
	o->kind = OBJECT_ELF;
	o->fd = TAKE_FD(fd);
	take_segments(o, *ret_image);
	return 0;
}

int object_file_open(const struct object_mapping *m, struct object *o, struct elf_image **ret_image)
{
	int err;

	*ret_image = NULL;
	o->path = name_file(m->path);
	o->fd = -1;
	o->dev_major = m->dev_major;
	o->dev_minor = m->dev_minor;
	o->inode = m->inode;
	if (strcmp(m->path, "[uprobes]") == 0) {
		o->kind = OBJECT_UPROBES;
		return 0;
	}
	if (strcmp(m->path, "[vdso]") == 0) {
		o->kind = OBJECT_VDSO;
		err = read_vdso(m, o, ret_image);
		if (err == 0)
			take_segments(o, *ret_image);
		return err;
	}
	if (m->inode == 0 || m->path[0] != '/') {
		o->kind = OBJECT_JIT;
		return 0;
	}
	return open_file(m, o, ret_image);
}
