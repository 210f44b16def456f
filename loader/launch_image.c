/* SPDX-License-Identifier: MIT */
#include "loader/launch_image.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/elf_image.h"
#include "common/maps.h"
#include "common/safe_open.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define MAX_AUXV_ENTRIES   128 /* the kernel gives about 25 */
#define MAX_INTERPRETER	   PATH_MAX
#define BINPRM_BUFFER_SIZE 256 /* as much of a "#!" line as the kernel reads */

struct auxv_wanted {
	uint64_t entry;
	uint64_t base;
	uint64_t secure;
};

static int read_auxv(pid_t pid, struct auxv_wanted *ret_wanted)
{
	Elf64_auxv_t entries[MAX_AUXV_ENTRIES];
	_cleanup_close_ int fd = -1;
	char path[64];
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, entries, sizeof(entries));
	if (got < 0)
		return -errno;
	*ret_wanted = (struct auxv_wanted){0};
	for (size_t i = 0; i < (size_t)got / sizeof(entries[0]); i++) {
		if (entries[i].a_type == AT_ENTRY)
			ret_wanted->entry = entries[i].a_un.a_val;
		else if (entries[i].a_type == AT_BASE)
			ret_wanted->base = entries[i].a_un.a_val;
		else if (entries[i].a_type == AT_SECURE)
			ret_wanted->secure = entries[i].a_un.a_val;
	}
	return 0;
}

struct place_search {
	pid_t pid;
	struct launch_place place;
};

static int find_mapping(const struct maps_entry *entry, void *arg)
{
	struct place_search *search = arg;
	struct launch_place *place = &search->place;

	if (place->addr < entry->start || place->addr >= entry->end || !entry->inode)
		return 0;
	place->off = place->addr - entry->start + entry->off;
	snprintf(place->file, sizeof(place->file), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
		 search->pid, entry->start, entry->end);
	return 1;
}

int launch_image_place(pid_t pid, uint64_t addr, struct launch_place *ret_place)
{
	struct place_search search = {.pid = pid, .place.addr = addr};
	_cleanup_fclose_ FILE *maps = NULL;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	ret = maps_parse(maps, find_mapping, &search);
	if (ret < 0)
		return ret;
	if (ret == 0)
		return -ENOEXEC;
	*ret_place = search.place;
	return 0;
}

int launch_image_offset(pid_t pid, uint64_t addr, uint64_t *ret_off)
{
	struct launch_place place;
	int ret = launch_image_place(pid, addr, &place);

	if (ret < 0)
		return ret;
	*ret_off = place.off;
	return 0;
}

int launch_image_check_file(const char *path, char **ret_error)
{
	_cleanup_close_ int fd = safe_open(path);
	Elf64_Ehdr header;

	/* e_machine has the same place in both word sizes */
	if (fd < 0 || pread(fd, &header, 20, 0) != 20 || memcmp(header.e_ident, ELFMAG, SELFMAG))
		return 0;
	if (header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
	    header.e_machine == EM_X86_64)
		return 0;
	*ret_error = xasprintf("cannot follow '%s': it is a %s program, ctrace needs a 64-bit "
			       "x86-64 one",
			       path, header.e_ident[EI_CLASS] == ELFCLASS32 ? "32-bit" : "foreign");
	return -EAFNOSUPPORT;
}

/* The error of launch_image_check_file() names /proc; people know the program by its path. */
static int check_machine(pid_t pid, const char *name, char **ret_error)
{
	_cleanup_free_ char *ignored = NULL;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	ret = launch_image_check_file(path, &ignored);
	if (ret < 0)
		*ret_error = xasprintf("cannot follow '%s': it is no 64-bit x86-64 program", name);
	return ret;
}

int launch_image_read(pid_t pid, struct launch_image *ret_image, char **ret_error)
{
	struct launch_image image = {0};
	char link[64], name[PATH_MAX];
	struct auxv_wanted auxv = {0};
	ssize_t len;
	int ret;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	len = readlink(link, name, sizeof(name) - 1);
	name[len > 0 ? len : 0] = '\0';

	ret = check_machine(pid, name, ret_error);
	if (ret < 0)
		return ret;
	ret = read_auxv(pid, &auxv);
	if (ret < 0) {
		*ret_error = xasprintf("cannot read /proc/%d/auxv: %s", pid, strerror(-ret));
		return ret;
	}
	if (auxv.secure) {
		*ret_error = xasprintf("cannot follow '%s': it is a setuid or setgid program or "
				       "has file capabilities; run it as the user it changes to",
				       name);
		return -EPERM;
	}
	image.linker_base = auxv.base;
	ret = auxv.entry ? launch_image_place(pid, auxv.entry, &image.entry) : -ENOEXEC;
	if (ret < 0) {
		*ret_error = xasprintf("cannot find the entry point of '%s': %s", name,
				       strerror(-ret));
		return ret;
	}
	/* may be opened with fewer rights than the mapping */
	snprintf(image.entry.file, sizeof(image.entry.file), "/proc/%d/exe", pid);
	*ret_image = image;
	return 0;
}

static char *script_interpreter(const char *path)
{
	_cleanup_close_ int fd = safe_open(path);
	char line[BINPRM_BUFFER_SIZE];
	const char *name;
	ssize_t got;

	if (fd < 0)
		return NULL;
	got = pread(fd, line, sizeof(line) - 1, 0);
	if (got < 3 || memcmp(line, "#!", 2))
		return NULL;
	line[got] = '\0';
	name = line + 2 + strspn(line + 2, " \t");
	return xstrndup(name, strcspn(name, " \t\n"));
}

char *launch_image_interpreter(const char *path)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	char *script = script_interpreter(path);
	const Elf64_Phdr *segments;
	struct elf_span file;
	size_t nr;

	if (script)
		return script;
	if (elf_image_open(path, &image) < 0)
		return NULL;
	file = elf_image_bytes(image);
	segments = elf_image_segments(image, &nr);
	for (size_t i = 0; i < nr; i++) {
		const Elf64_Phdr *segment = &segments[i];

		if (segment->p_type != PT_INTERP || segment->p_filesz > MAX_INTERPRETER ||
		    segment->p_offset > file.size ||
		    segment->p_filesz > file.size - segment->p_offset)
			continue;
		return xstrndup((const char *)file.data + segment->p_offset, segment->p_filesz);
	}
	return NULL;
}
