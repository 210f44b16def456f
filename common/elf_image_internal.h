/* SPDX-License-Identifier: MIT */
/* The insides of an ELF image, shared by elf_image.c and elf_sections.c only. */
#ifndef CTRACE_COMMON_ELF_IMAGE_INTERNAL_H
#define CTRACE_COMMON_ELF_IMAGE_INTERNAL_H

#include "common/elf_image.h"

#include "common/file_map.h"

#include <pthread.h>

/* A decompressed section: an anonymous mapping, NULL while nobody asked for it. */
struct section_cache {
	uint8_t *data;
	size_t size;
};

struct elf_image {
	const uint8_t *data;
	size_t size;
	uint64_t file_size; /* larger than size where the rest is not read */
	uint64_t modified_ns;
	struct file_map *map; /* that data is in; NULL when it is borrowed memory */

	/* Copies: a file may hold its headers unaligned. */
	Elf64_Ehdr header;
	Elf64_Phdr *segments;
	Elf64_Shdr *sections;
	size_t nr_segments;
	size_t nr_sections;

	const char *names; /* section names, not necessarily terminated */
	size_t names_size;

	pthread_mutex_t lock;	     /* guards cache */
	struct section_cache *cache; /* one a section; NULL until one is decompressed */
	uint64_t unpacked;	     /* bytes that it holds, or is about to; guarded by the lock */
};

void elf_image_release_sections(struct elf_image *image);

#endif
