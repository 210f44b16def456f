/* SPDX-License-Identifier: MIT */
/*
 * A 64-bit little-endian ELF file held in memory, every header checked against the file's size
 * before use.  Gives segments, sections, build-id and addresses; decompresses debug sections.
 * Knows nothing of DWARF, symbols' meaning or processes.  An open image is immutable but for the
 * section cache, which elf_image_section_data() guards with a lock.
 */
#ifndef CTRACE_COMMON_ELF_IMAGE_H
#define CTRACE_COMMON_ELF_IMAGE_H

#include "common/cleanup.h"
#include "common/frame.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_IMAGE_MAX_FILE    ((uint64_t)8 << 30) /* chromium with all its DWARF takes 4 */
#define ELF_IMAGE_MAX_SECTION ((uint64_t)4 << 30) /* bytes, unpacked; a bomb ends here */

struct elf_image;

/* A piece of the image; data is NULL when there is none.  Borrowed from the image. */
struct elf_span {
	const uint8_t *data;
	size_t size;
	uint64_t vaddr; /* sh_addr or p_vaddr; 0 for sections that are not loaded */
};

/*
 * Maps @path (or the open file @fd, which the caller keeps) read-only.
 * -ENOEXEC: no 64-bit little-endian ELF; -EBADMSG: headers that contradict the file's size;
 * -ENOENT, -EACCES ... as the system gave them.  What is cut off a
 * mapped file later reads as zeros: see common/file_map.h.
 */
int elf_image_open(const char *path, struct elf_image **ret_image);
int elf_image_open_fd(int fd, struct elf_image **ret_image);
/* The same over @size bytes at @data, borrowed until the image is closed (fuzzers, vdso). */
int elf_image_open_memory(const void *data, size_t size, struct elf_image **ret_image);
/* Accepts NULL. */
void elf_image_close(struct elf_image *image);
DEFINE_CLEANUP(struct elf_image *, elf_image_close);

const Elf64_Ehdr *elf_image_header(const struct elf_image *image);
/* Whether bytes were missing when they were read, so that what was made of them may be wrong. */
bool elf_image_is_torn(const struct elf_image *image);
/* The same, or whether the file, which @fd is open on, has been written since it was opened. */
bool elf_image_has_changed(const struct elf_image *image, int fd);
/* When the file was last written, ns since 1970; 0 for an image out of memory. */
uint64_t elf_image_modified_ns(const struct elf_image *image);
/* False where the file claims to be larger than is plausible: the rest is not looked at. */
bool elf_image_is_whole(const struct elf_image *image);
/* The whole file, but for that. */
struct elf_span elf_image_bytes(const struct elf_image *image);

/* Program headers, checked; @ret_nr may be 0. */
const Elf64_Phdr *elf_image_segments(const struct elf_image *image, size_t *ret_nr);
/* Section headers; 0 of them in a sectionless file and in one whose table lies outside of it. */
const Elf64_Shdr *elf_image_sections(const struct elf_image *image, size_t *ret_nr);
/* Name of a section; "" if damaged. */
const char *elf_image_section_name(const struct elf_image *image, size_t index);
/* Index of the first section of that name, or -ENOENT. */
int elf_image_find_section(const struct elf_image *image, const char *name);

/*
 * Contents of a section, decompressed when SHF_COMPRESSED (zlib, zstd) or named .zdebug_*.
 * Kept until the image is closed or elf_image_drop_section().
 * -ENODATA: SHT_NOBITS; -EBADMSG: outside the file or damaged stream; -E2BIG: over
 * ELF_IMAGE_MAX_SECTION; -EOPNOTSUPP: unknown compression.  Thread-safe.
 */
int elf_image_section_data(struct elf_image *image, size_t index, struct elf_span *ret_span);
/* By name; also finds .zdebug_foo for .debug_foo.  -ENOENT as well. */
int elf_image_section_by_name(struct elf_image *image, const char *name, struct elf_span *ret_span);
void elf_image_drop_section(struct elf_image *image, size_t index);

/* Bytes of the file that are mapped at @vaddr by a PT_LOAD, up to the segment's file end. */
struct elf_span elf_image_at_vaddr(const struct elf_image *image, uint64_t vaddr);
/* PT_LOAD arithmetic.  -ENOENT: no segment covers it. */
int elf_image_off_to_vaddr(const struct elf_image *image, uint64_t off, uint64_t *ret_vaddr);
int elf_image_vaddr_to_off(const struct elf_image *image, uint64_t vaddr, uint64_t *ret_off);
/*
 * The vaddr of the first byte of a mapping that begins at the page-aligned file offset @off: load
 * bias = start of the mapping - that.  Unlike elf_image_off_to_vaddr() it knows that segments may
 * share a page of the file; @exec, the permission of the mapping, tells them apart.  -ENOENT.
 */
int elf_image_mapping_vaddr(const struct elf_image *image, uint64_t off, bool exec,
			    uint64_t *ret_vaddr);

/* NT_GNU_BUILD_ID from PT_NOTE or the section; size 0 if there is none. */
struct build_id elf_image_build_id(const struct elf_image *image);
/* Lower-case hexadecimal, NUL-terminated; @text holds 2 * BUILD_ID_MAX + 1 bytes. */
void build_id_format(const struct build_id *id, char *text);
bool build_id_equal(const struct build_id *a, const struct build_id *b);

#endif
