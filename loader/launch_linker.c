/* SPDX-License-Identifier: MIT */
#include "loader/launch_linker.h"

#include "common/cleanup.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MAX_SEGMENTS 64
#define MAX_DYNAMIC  256   /* linkers have about 25 entries */
#define MAX_CHAIN    65536 /* symbols looked at for one name */

/* What is needed of a linker's dynamic section; addresses in the process. */
struct linker_image {
	int memory_fd;
	uint64_t base;
	uint64_t symbols, strings, gnu_hash, hash;
};

static int read_at(const struct linker_image *image, uint64_t addr, void *buffer, size_t size)
{
	ssize_t got = pread(image->memory_fd, buffer, size, (off_t)addr);

	if (got < 0)
		return -errno;
	return (size_t)got == size ? 0 : -EIO;
}

static int find_dynamic(const struct linker_image *image, Elf64_Phdr *ret_segment)
{
	Elf64_Phdr segments[MAX_SEGMENTS];
	Elf64_Ehdr header;
	int ret = read_at(image, image->base, &header, sizeof(header));

	if (ret < 0)
		return ret;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > MAX_SEGMENTS)
		return -EBADMSG;
	ret = read_at(image, image->base + header.e_phoff, segments,
		      header.e_phnum * sizeof(segments[0]));
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < header.e_phnum; i++) {
		if (segments[i].p_type != PT_DYNAMIC)
			continue;
		*ret_segment = segments[i];
		return 0;
	}
	return -ENOENT;
}

/* The linker has not run yet: its own addresses are not relocated. */
static int read_dynamic(struct linker_image *image)
{
	Elf64_Dyn entries[MAX_DYNAMIC];
	Elf64_Phdr segment;
	size_t nr;
	int ret = find_dynamic(image, &segment);

	if (ret < 0)
		return ret;
	nr = segment.p_memsz / sizeof(entries[0]);
	if (nr > MAX_DYNAMIC)
		return -EBADMSG;
	ret = read_at(image, image->base + segment.p_vaddr, entries, nr * sizeof(entries[0]));
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < nr && entries[i].d_tag != DT_NULL; i++) {
		uint64_t addr = image->base + entries[i].d_un.d_ptr;

		if (entries[i].d_tag == DT_SYMTAB)
			image->symbols = addr;
		else if (entries[i].d_tag == DT_STRTAB)
			image->strings = addr;
		else if (entries[i].d_tag == DT_GNU_HASH)
			image->gnu_hash = addr;
		else if (entries[i].d_tag == DT_HASH)
			image->hash = addr;
	}
	return image->symbols && image->strings ? 0 : -ENOENT;
}

/* Is symbol @index of that name, and defined?  Its address, or -ENOENT. */
static int take_symbol(const struct linker_image *image, uint32_t index, const char *name,
		       uint64_t *ret_addr)
{
	char text[32] = "";
	size_t size = strlen(name) + 1;
	Elf64_Sym symbol;
	int ret = read_at(image, image->symbols + index * sizeof(symbol), &symbol, sizeof(symbol));

	if (ret == 0 && size <= sizeof(text))
		ret = read_at(image, image->strings + symbol.st_name, text, size);
	if (ret < 0)
		return ret;
	if (memcmp(text, name, size) || symbol.st_shndx == SHN_UNDEF)
		return -ENOENT;
	*ret_addr = image->base + symbol.st_value;
	return 0;
}

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static int find_by_gnu_hash(const struct linker_image *image, const char *name, uint64_t *ret_addr)
{
	struct {
		uint32_t nr_buckets, first, nr_bloom, bloom_shift;
	} header;
	uint32_t hash = gnu_hash_of(name), index, link = 0;
	uint64_t buckets, chain;
	int ret = read_at(image, image->gnu_hash, &header, sizeof(header));

	if (ret < 0)
		return ret;
	if (!header.nr_buckets)
		return -ENOENT;
	buckets = image->gnu_hash + sizeof(header) + header.nr_bloom * sizeof(uint64_t);
	chain = buckets + header.nr_buckets * sizeof(uint32_t);
	ret = read_at(image, buckets + hash % header.nr_buckets * sizeof(index), &index,
		      sizeof(index));
	if (ret < 0 || index < header.first)
		return ret < 0 ? ret : -ENOENT;
	for (uint32_t i = 0; i < MAX_CHAIN && !(link & 1); i++, index++) {
		ret = read_at(image, chain + (uint64_t)(index - header.first) * sizeof(link), &link,
			      sizeof(link));
		if (ret < 0)
			return ret;
		if ((link | 1) != (hash | 1))
			continue;
		ret = take_symbol(image, index, name, ret_addr);
		if (ret != -ENOENT)
			return ret;
	}
	return -ENOENT;
}

/* A table that has the older hash only: short enough to be read from one end to the other. */
static int find_by_number(const struct linker_image *image, const char *name, uint64_t *ret_addr)
{
	struct {
		uint32_t nr_buckets, nr_symbols;
	} header;
	int ret = read_at(image, image->hash, &header, sizeof(header));

	for (uint32_t i = 1; ret == 0 && i < header.nr_symbols && i < MAX_CHAIN; i++) {
		ret = take_symbol(image, i, name, ret_addr);
		if (ret != -ENOENT)
			return ret;
		ret = 0;
	}
	return ret < 0 ? ret : -ENOENT;
}

static int find_symbol(const struct linker_image *image, const char *name, uint64_t *ret_addr)
{
	if (image->gnu_hash)
		return find_by_gnu_hash(image, name, ret_addr);
	return image->hash ? find_by_number(image, name, ret_addr) : -ENOENT;
}

static int open_memory(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int launch_linker_find(pid_t pid, uint64_t base, struct launch_linker *ret_linker)
{
	_cleanup_close_ int memory = base ? open_memory(pid) : -ENOENT;
	struct linker_image image = {.memory_fd = memory, .base = base};
	struct launch_linker linker = {0};
	int ret;

	if (memory < 0)
		return memory;
	ret = read_dynamic(&image);
	if (ret == 0)
		ret = find_symbol(&image, "_dl_debug_state", &linker.hook);
	if (ret == 0)
		ret = find_symbol(&image, "_r_debug", &linker.debug);
	/* musl's has no name of its own */
	if (ret == -ENOENT && linker.hook)
		ret = find_symbol(&image, "_dl_debug_addr", &linker.pointer_to_debug);
	if (ret < 0)
		return ret;
	*ret_linker = linker;
	return 0;
}

bool launch_linker_has_mapped(pid_t pid, const struct launch_linker *linker)
{
	_cleanup_close_ int memory = open_memory(pid);
	struct linker_image image = {.memory_fd = memory};
	uint64_t debug = linker->debug;
	int state;

	if (memory < 0)
		return true;
	if (!debug && read_at(&image, linker->pointer_to_debug, &debug, sizeof(debug)) < 0)
		return true;
	if (read_at(&image, debug + offsetof(struct r_debug, r_state), &state, sizeof(state)) < 0)
		return true;
	return state == RT_CONSISTENT;
}
