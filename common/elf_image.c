/* SPDX-License-Identifier: MIT */
#include "common/elf_image.h"

#include "common/alloc.h"
#include "common/elf_image_internal.h"
#include "common/log.h"
#include "common/safe_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ELF_PAGE_SIZE ((uint64_t)4096) /* what the kernel maps PT_LOADs in on x86-64 */

static bool is_inside(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

static int check_header(const struct elf_image *image)
{
	const Elf64_Ehdr *header = &image->header;

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		return -ENOEXEC;
	return 0;
}

/* Header 0 of the sections, which holds the counts that do not fit into 16 bits. */
static bool read_section_zero(const struct elf_image *image, Elf64_Shdr *ret_zero)
{
	const Elf64_Ehdr *header = &image->header;

	if (!header->e_shoff || header->e_shentsize != sizeof(Elf64_Shdr) ||
	    !is_inside(header->e_shoff, sizeof(*ret_zero), image->size))
		return false;
	memcpy(ret_zero, image->data + header->e_shoff, sizeof(*ret_zero));
	return true;
}

static int read_segments(struct elf_image *image)
{
	const Elf64_Ehdr *header = &image->header;
	uint64_t nr = header->e_phnum;
	Elf64_Shdr zero;

	if (nr == PN_XNUM && read_section_zero(image, &zero))
		nr = zero.sh_info;
	if (!nr || !header->e_phoff)
		return 0;
	if (header->e_phentsize != sizeof(Elf64_Phdr) ||
	    !is_inside(header->e_phoff, nr * sizeof(Elf64_Phdr), image->size))
		return -EBADMSG;
	image->segments = xmemdup(image->data + header->e_phoff, nr * sizeof(Elf64_Phdr));
	image->nr_segments = nr;
	return 0;
}

/*
 * Nothing at run time needs sections, so a file whose section table lies outside of it (cut off,
 * packed, or a vdso of which less was read) counts as one without sections.
 */
static void read_sections(struct elf_image *image)
{
	const Elf64_Ehdr *header = &image->header;
	uint64_t nr = header->e_shnum, names = header->e_shstrndx;
	const Elf64_Shdr *section;
	Elf64_Shdr zero;

	if (!read_section_zero(image, &zero))
		return;
	if (nr == 0)
		nr = zero.sh_size;
	if (names == SHN_XINDEX)
		names = zero.sh_link;
	if (nr > image->size / sizeof(Elf64_Shdr) ||
	    !is_inside(header->e_shoff, nr * sizeof(Elf64_Shdr), image->size)) {
		log_debug("section headers outside the file: ignored");
		return;
	}
	image->sections = xmemdup(image->data + header->e_shoff, nr * sizeof(Elf64_Shdr));
	image->nr_sections = nr;
	if (names >= nr)
		return;
	section = &image->sections[names];
	if (section->sh_type == SHT_NOBITS ||
	    !is_inside(section->sh_offset, section->sh_size, image->size))
		return;
	image->names = (const char *)image->data + section->sh_offset;
	image->names_size = section->sh_size;
}

/* Takes @map, which @data is in, or NULL. */
static int open_bytes(const void *data, size_t size, struct file_map *map,
		      struct elf_image **ret_image)
{
	_cleanup_(elf_image_closep) struct elf_image *image = xcalloc(1, sizeof(*image));
	int err;

	pthread_mutex_init(&image->lock, NULL);
	image->data = data;
	image->size = size;
	image->file_size = size;
	image->map = map;
	if (size < sizeof(image->header))
		return -ENOEXEC;
	memcpy(&image->header, data, sizeof(image->header));
	err = check_header(image);
	if (err)
		return err;
	err = read_segments(image);
	if (err)
		return err;
	read_sections(image);
	*ret_image = TAKE_PTR(image);
	return 0;
}

int elf_image_open_memory(const void *data, size_t size, struct elf_image **ret_image)
{
	return open_bytes(data, size, NULL, ret_image);
}

static uint64_t modified_ns(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
}

/* A sparse file may claim terabytes, which nobody can read, nor even map in the sandbox. */
static size_t readable_size(const struct stat *st)
{
	uint64_t size = (uint64_t)st->st_size, plausible = safe_plausible_size(st);

	if (size > plausible)
		size = plausible;
	return size > ELF_IMAGE_MAX_FILE ? ELF_IMAGE_MAX_FILE : size;
}

int elf_image_open_fd(int fd, struct elf_image **ret_image)
{
	struct file_map *map;
	struct stat st;
	size_t size;
	int err;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(Elf64_Ehdr))
		return -ENOEXEC;
	size = readable_size(&st);
	err = file_map_new(fd, size, &map);
	if (!err)
		err = open_bytes(file_map_data(map), size, map, ret_image);
	if (!err) {
		(*ret_image)->file_size = (uint64_t)st.st_size;
		(*ret_image)->modified_ns = modified_ns(&st);
	}
	return err;
}

bool elf_image_is_torn(const struct elf_image *image)
{
	return image->map && file_map_is_torn(image->map);
}

bool elf_image_has_changed(const struct elf_image *image, int fd)
{
	struct stat st;

	if (elf_image_is_torn(image) || fstat(fd, &st) < 0)
		return true;
	return (uint64_t)st.st_size != image->file_size || modified_ns(&st) != image->modified_ns;
}

uint64_t elf_image_modified_ns(const struct elf_image *image)
{
	return image->modified_ns;
}

int elf_image_open(const char *path, struct elf_image **ret_image)
{
	_cleanup_close_ int fd = safe_open(path);

	if (fd < 0)
		return fd == -EINVAL ? -ENOEXEC : fd;
	return elf_image_open_fd(fd, ret_image);
}

void elf_image_close(struct elf_image *image)
{
	if (!image)
		return;
	elf_image_release_sections(image);
	free(image->segments);
	free(image->sections);
	file_map_free(image->map);
	pthread_mutex_destroy(&image->lock);
	free(image);
}

const Elf64_Ehdr *elf_image_header(const struct elf_image *image)
{
	return &image->header;
}

bool elf_image_is_whole(const struct elf_image *image)
{
	return image->size == image->file_size;
}

struct elf_span elf_image_bytes(const struct elf_image *image)
{
	return (struct elf_span){.data = image->data, .size = image->size};
}

const Elf64_Phdr *elf_image_segments(const struct elf_image *image, size_t *ret_nr)
{
	*ret_nr = image->nr_segments;
	return image->segments;
}

struct elf_span elf_image_at_vaddr(const struct elf_image *image, uint64_t vaddr)
{
	for (size_t i = 0; i < image->nr_segments; i++) {
		const Elf64_Phdr *segment = &image->segments[i];
		uint64_t skip = vaddr - segment->p_vaddr;
		uint64_t off, size;

		if (segment->p_type != PT_LOAD || vaddr < segment->p_vaddr ||
		    skip >= segment->p_filesz)
			continue;
		if (__builtin_add_overflow(segment->p_offset, skip, &off) || off >= image->size)
			continue;
		size = segment->p_filesz - skip;
		if (size > image->size - off)
			size = image->size - off;
		return (struct elf_span){.data = image->data + off, .size = size, .vaddr = vaddr};
	}
	return (struct elf_span){0};
}

int elf_image_off_to_vaddr(const struct elf_image *image, uint64_t off, uint64_t *ret_vaddr)
{
	for (size_t i = 0; i < image->nr_segments; i++) {
		const Elf64_Phdr *segment = &image->segments[i];

		if (segment->p_type == PT_LOAD && off >= segment->p_offset &&
		    off - segment->p_offset < segment->p_filesz) {
			*ret_vaddr = segment->p_vaddr + (off - segment->p_offset);
			return 0;
		}
	}
	return -ENOENT;
}

int elf_image_vaddr_to_off(const struct elf_image *image, uint64_t vaddr, uint64_t *ret_off)
{
	for (size_t i = 0; i < image->nr_segments; i++) {
		const Elf64_Phdr *segment = &image->segments[i];

		if (segment->p_type == PT_LOAD && vaddr >= segment->p_vaddr &&
		    vaddr - segment->p_vaddr < segment->p_filesz) {
			*ret_off = segment->p_offset + (vaddr - segment->p_vaddr);
			return 0;
		}
	}
	return -ENOENT;
}

int elf_image_mapping_vaddr(const struct elf_image *image, uint64_t off, bool exec,
			    uint64_t *ret_vaddr)
{
	const Elf64_Phdr *found = NULL;

	for (size_t i = 0; i < image->nr_segments; i++) {
		const Elf64_Phdr *segment = &image->segments[i];
		uint64_t first = segment->p_offset & ~(ELF_PAGE_SIZE - 1);

		if (segment->p_type != PT_LOAD || off < first ||
		    (off >= segment->p_offset && off - segment->p_offset >= segment->p_filesz))
			continue;
		/* Neighbours may share a page of the file; only the permission tells which. */
		if (!found || (((segment->p_flags & PF_X) != 0) == exec &&
			       ((found->p_flags & PF_X) != 0) != exec))
			found = segment;
	}
	if (!found)
		return -ENOENT;
	*ret_vaddr = found->p_vaddr + (off - found->p_offset);
	return 0;
}

/* The build-id among the notes at @data, or false. */
static bool find_build_id(const uint8_t *data, uint64_t size, uint64_t align,
			  struct build_id *ret_id)
{
	uint64_t pos = 0;

	align = align == 8 ? 8 : 4;
	while (size - pos >= sizeof(Elf64_Nhdr)) {
		uint64_t name, desc, end;
		Elf64_Nhdr note;

		memcpy(&note, data + pos, sizeof(note));
		name = pos + sizeof(note);
		desc = (name + note.n_namesz + align - 1) & ~(align - 1);
		end = (desc + note.n_descsz + align - 1) & ~(align - 1);
		if (desc > size || note.n_descsz > size - desc)
			return false;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(data + name, "GNU", 4) == 0) {
			/* The kernel knows no longer one either (lib/buildid.c). */
			if (note.n_descsz == 0 || note.n_descsz > BUILD_ID_MAX)
				return false;
			ret_id->size = (uint8_t)note.n_descsz;
			memcpy(ret_id->data, data + desc, note.n_descsz);
			return true;
		}
		if (end > size)
			return false;
		pos = end;
	}
	return false;
}

struct build_id elf_image_build_id(const struct elf_image *image)
{
	struct build_id id = {0};

	/* Sections first: a separate debug file keeps the segments of the file it was split from.
	 */
	for (size_t i = 0; i < image->nr_sections; i++) {
		const Elf64_Shdr *section = &image->sections[i];

		if (section->sh_type == SHT_NOTE &&
		    is_inside(section->sh_offset, section->sh_size, image->size) &&
		    find_build_id(image->data + section->sh_offset, section->sh_size,
				  section->sh_addralign, &id))
			return id;
	}
	for (size_t i = 0; i < image->nr_segments; i++) {
		const Elf64_Phdr *segment = &image->segments[i];

		if (segment->p_type == PT_NOTE &&
		    is_inside(segment->p_offset, segment->p_filesz, image->size) &&
		    find_build_id(image->data + segment->p_offset, segment->p_filesz,
				  segment->p_align, &id))
			return id;
	}
	return id;
}

void build_id_format(const struct build_id *id, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < id->size; i++) {
		*text++ = digits[id->data[i] >> 4];
		*text++ = digits[id->data[i] & 15];
	}
	*text = '\0';
}

bool build_id_equal(const struct build_id *a, const struct build_id *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}
