/* SPDX-License-Identifier: MIT */
/* Sections of an ELF image: names, contents, decompression and its cache. */
#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/elf_image_internal.h"
#include "common/log.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zstd.h>

#define ZDEBUG_MAGIC  "ZLIB"
#define ZDEBUG_HEADER 12 /* magic and the size as 64 bits big-endian */
/* Debug sections shrink to a tenth, very regular ones to a fiftieth; small ones may do as they
 * like. */
#define MAX_RATIO   256
#define RATIO_SLACK ((size_t)256 << 10)

/*
 * All sections of a file together: a hundred small bombs are one large one.  Whole files shrink to
 * a third or a quarter.
 */
#define MAX_FILE_RATIO 64
#define FILE_SLACK     ((uint64_t)128 << 20)

#define HUGE_PAGE_SIZE ((size_t)2 << 20)
#define ELF_PAGE_SIZE  ((uintptr_t)4096)

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2 /* elf.h of glibc 2.36 does not know it yet */
#endif

struct compressed {
	const uint8_t *data;
	size_t size;
	uint64_t full_size;
	uint32_t type; /* ELFCOMPRESS_* */
};

const Elf64_Shdr *elf_image_sections(const struct elf_image *image, size_t *ret_nr)
{
	*ret_nr = image->nr_sections;
	return image->sections;
}

const char *elf_image_section_name(const struct elf_image *image, size_t index)
{
	uint32_t off;

	if (index >= image->nr_sections || !image->names)
		return "";
	off = image->sections[index].sh_name;
	if (off >= image->names_size || !memchr(image->names + off, '\0', image->names_size - off))
		return "";
	return image->names + off;
}

int elf_image_find_section(const struct elf_image *image, const char *name)
{
	for (size_t i = 1; i < image->nr_sections; i++)
		if (strcmp(elf_image_section_name(image, i), name) == 0)
			return (int)i;
	return -ENOENT;
}

static int read_compression(const struct elf_image *image, size_t index, struct elf_span raw,
			    struct compressed *ret)
{
	const char *name = elf_image_section_name(image, index);

	if (image->sections[index].sh_flags & SHF_COMPRESSED) {
		Elf64_Chdr header;

		if (raw.size < sizeof(header))
			return -EBADMSG;
		memcpy(&header, raw.data, sizeof(header));
		*ret = (struct compressed){.data = raw.data + sizeof(header),
					   .size = raw.size - sizeof(header),
					   .full_size = header.ch_size,
					   .type = header.ch_type};
		return 1;
	}
	if (strncmp(name, ".zdebug_", 8) == 0 && raw.size >= ZDEBUG_HEADER &&
	    memcmp(raw.data, ZDEBUG_MAGIC, 4) == 0) {
		uint64_t size;

		memcpy(&size, raw.data + 4, sizeof(size));
		*ret = (struct compressed){.data = raw.data + ZDEBUG_HEADER,
					   .size = raw.size - ZDEBUG_HEADER,
					   .full_size = be64toh(size),
					   .type = ELFCOMPRESS_ZLIB};
		return 1;
	}
	return 0;
}

static int inflate_into(const struct compressed *in, uint8_t *out)
{
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
	enum libdeflate_result result;

	if (!decompressor)
		die_oom();
	result = libdeflate_zlib_decompress(decompressor, in->data, in->size, out, in->full_size,
					    NULL);
	libdeflate_free_decompressor(decompressor);
	return result == LIBDEFLATE_SUCCESS ? 0 : -EBADMSG;
}

static int check_size(const struct compressed *in)
{
	if (!in->full_size)
		return -EBADMSG;
	if (in->full_size > ELF_IMAGE_MAX_SECTION)
		return -E2BIG;
	switch (in->type) {
	case ELFCOMPRESS_ZLIB:
	case ELFCOMPRESS_ZSTD:
		/* A bomb: the methods could do 1,000 and 30,000 to 1. */
		if (in->full_size / MAX_RATIO > in->size + RATIO_SLACK)
			return -EBADMSG;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* Sets room for @size unpacked bytes aside. */
static int take_room(struct elf_image *image, uint64_t size)
{
	uint64_t room = image->size * MAX_FILE_RATIO + FILE_SLACK;
	bool fits;

	pthread_mutex_lock(&image->lock);
	fits = image->unpacked <= room && size <= room - image->unpacked;
	if (fits)
		image->unpacked += size;
	pthread_mutex_unlock(&image->lock);
	return fits ? 0 : -E2BIG;
}

static void give_room_back(struct elf_image *image, uint64_t size)
{
	pthread_mutex_lock(&image->lock);
	image->unpacked -= size;
	pthread_mutex_unlock(&image->lock);
}

/* Nobody reads the packed bytes twice: their pages need not count as ours any longer. */
static void forget_input(const struct elf_image *image, const struct compressed *in)
{
	uintptr_t start = ((uintptr_t)in->data + ELF_PAGE_SIZE - 1) & ~(ELF_PAGE_SIZE - 1);
	uintptr_t end = ((uintptr_t)in->data + in->size) & ~(ELF_PAGE_SIZE - 1);

	if (image->map && start < end)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

static int decompress(const struct elf_image *image, const struct compressed *in,
		      struct section_cache *ret)
{
	uint8_t *out;
	int err = 0;

	/* A mapping: pages a lying header never fills cost nothing, and a refusal is no death. */
	out = mmap(NULL, in->full_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (out == MAP_FAILED)
		return -E2BIG;
	/* Most of the kernel's time for hundreds of megabytes is single page faults. */
	if (in->full_size >= HUGE_PAGE_SIZE)
		madvise(out, in->full_size, MADV_HUGEPAGE);
	if (in->type == ELFCOMPRESS_ZLIB)
		err = inflate_into(in, out);
	else if (ZSTD_decompress(out, in->full_size, in->data, in->size) != in->full_size)
		err = -EBADMSG;
	if (err) {
		munmap(out, in->full_size);
		return err;
	}
	mprotect(out, in->full_size, PROT_READ);
	forget_input(image, in);
	*ret = (struct section_cache){.data = out, .size = in->full_size};
	return 0;
}

static int decompress_within_room(struct elf_image *image, const struct compressed *in,
				  struct section_cache *ret)
{
	int err = check_size(in);

	if (!err)
		err = take_room(image, in->full_size);
	if (err)
		return err;
	err = decompress(image, in, ret);
	if (err)
		give_room_back(image, in->full_size);
	return err;
}

static bool find_cached(struct elf_image *image, size_t index, struct elf_span *ret_span)
{
	bool found;

	pthread_mutex_lock(&image->lock);
	found = image->cache && image->cache[index].data;
	if (found)
		*ret_span = (struct elf_span){.data = image->cache[index].data,
					      .size = image->cache[index].size,
					      .vaddr = image->sections[index].sh_addr};
	pthread_mutex_unlock(&image->lock);
	return found;
}

/*
 * Unpacking went on without the lock, so that threads can unpack different sections at once; if
 * two did the same one, the first to arrive here stays.
 */
static void keep_unpacked(struct elf_image *image, size_t index,
			  const struct section_cache *unpacked, struct elf_span *ret_span)
{
	pthread_mutex_lock(&image->lock);
	if (!image->cache)
		image->cache = xcalloc(image->nr_sections, sizeof(*image->cache));
	if (image->cache[index].data) {
		munmap(unpacked->data, unpacked->size);
		image->unpacked -= unpacked->size;
	} else {
		image->cache[index] = *unpacked;
	}
	*ret_span = (struct elf_span){.data = image->cache[index].data,
				      .size = image->cache[index].size,
				      .vaddr = image->sections[index].sh_addr};
	pthread_mutex_unlock(&image->lock);
}

int elf_image_section_data(struct elf_image *image, size_t index, struct elf_span *ret_span)
{
	const Elf64_Shdr *section;
	struct section_cache unpacked;
	struct compressed in;
	struct elf_span raw;
	int ret;

	if (index >= image->nr_sections)
		return -EBADMSG;
	section = &image->sections[index];
	if (section->sh_type == SHT_NOBITS)
		return -ENODATA;
	if (section->sh_offset > image->size || section->sh_size > image->size - section->sh_offset)
		return -EBADMSG;
	if (section->sh_size > ELF_IMAGE_MAX_SECTION)
		return -E2BIG;
	raw = (struct elf_span){.data = image->data + section->sh_offset,
				.size = section->sh_size,
				.vaddr = section->sh_addr};
	ret = read_compression(image, index, raw, &in);
	if (ret < 0)
		return ret;
	if (ret == 0) {
		*ret_span = raw;
		return 0;
	}

	if (find_cached(image, index, ret_span))
		return 0;
	ret = decompress_within_room(image, &in, &unpacked);
	if (ret) {
		log_debug("section %s: cannot decompress: error %d",
			  elf_image_section_name(image, index), -ret);
		return ret;
	}
	keep_unpacked(image, index, &unpacked, ret_span);
	return 0;
}

int elf_image_section_by_name(struct elf_image *image, const char *name, struct elf_span *ret_span)
{
	int index = elf_image_find_section(image, name);

	if (index < 0 && strncmp(name, ".debug_", 7) == 0) {
		_cleanup_free_ char *zdebug = xasprintf(".z%s", name + 1);

		index = elf_image_find_section(image, zdebug);
	}
	if (index < 0)
		return index;
	return elf_image_section_data(image, (size_t)index, ret_span);
}

void elf_image_drop_section(struct elf_image *image, size_t index)
{
	pthread_mutex_lock(&image->lock);
	if (image->cache && index < image->nr_sections && image->cache[index].data) {
		munmap(image->cache[index].data, image->cache[index].size);
		image->unpacked -= image->cache[index].size;
		image->cache[index] = (struct section_cache){0};
	}
	pthread_mutex_unlock(&image->lock);
}

void elf_image_release_sections(struct elf_image *image)
{
	for (size_t i = 0; image->cache && i < image->nr_sections; i++)
		if (image->cache[i].data)
			munmap(image->cache[i].data, image->cache[i].size);
	free(image->cache);
}
