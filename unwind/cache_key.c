/* SPDX-License-Identifier: MIT */
#include "common/elf_image.h"
#include "unwind/table.h"

#include <string.h>

/* First bytes of a key made up here: no hash of a linker's begins like this but by chance. */
static const uint8_t made_up[4] = {0, 'k', 'e', 'y'};

/*
 * Two lanes of multiply and fold.  Not against forgers: who writes the file and its cache entry
 * is the same user.
 */
struct digest {
	uint64_t lane[2];
};

static void mix(struct digest *d, uint64_t a, uint64_t b)
{
	d->lane[0] = (d->lane[0] ^ a) * 0x9e3779b97f4a7c15ull;
	d->lane[1] = (d->lane[1] ^ b) * 0xc2b2ae3d27d4eb4full;
	d->lane[0] ^= d->lane[0] >> 29;
	d->lane[1] ^= d->lane[1] >> 31;
	d->lane[1] += d->lane[0];
}

static void add(struct digest *d, const void *data, size_t size)
{
	const uint8_t *p = data;
	uint64_t words[2] = {};

	for (size_t at = 0; at + sizeof(words) <= size; at += sizeof(words)) {
		memcpy(words, p + at, sizeof(words));
		mix(d, words[0], words[1]);
	}
	memset(words, 0, sizeof(words));
	memcpy(words, p + size / sizeof(words) * sizeof(words), size % sizeof(words));
	mix(d, words[0], words[1]);
	mix(d, size, 0);
}

/*
 * Sections whose bytes make rows: CFI, and small code that is recognised.  All other code may make
 * rows too, but reading it would cost more than it saves: the time of writing stands for it.
 */
static bool makes_rows(const char *name)
{
	static const char *const names[] = {".eh_frame", ".init", ".fini", ".gopclntab",
					    ".data.rel.ro.gopclntab"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return !strncmp(name, ".plt", 4);
}

struct build_id unwind_cache_key(struct elf_image *image)
{
	struct build_id key = elf_image_build_id(image);
	struct digest d = {};
	const Elf64_Shdr *sections;
	const Elf64_Phdr *segments;
	struct elf_span span;
	size_t nr;

	if (key.size)
		return key;
	segments = elf_image_segments(image, &nr);
	add(&d, segments, nr * sizeof(*segments));
	sections = elf_image_sections(image, &nr);
	if (nr == 0)
		return key;
	mix(&d, elf_image_modified_ns(image), elf_image_bytes(image).size);
	add(&d, sections, nr * sizeof(*sections));
	for (size_t i = 0; i < nr; i++)
		if (makes_rows(elf_image_section_name(image, i)) &&
		    elf_image_section_data(image, i, &span) == 0)
			add(&d, span.data, span.size);
	memcpy(key.data, made_up, sizeof(made_up));
	memcpy(key.data + sizeof(made_up), d.lane, sizeof(d.lane));
	key.size = sizeof(made_up) + sizeof(d.lane);
	return key;
}
