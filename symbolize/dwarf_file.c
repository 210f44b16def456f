/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_file.h"

#include "common/alloc.h"
#include "common/log.h"
#include "symbolize/dwarf_units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define uthash_fatal(msg) die_oom()
#include <uthash.h>

#define SECTION_NAME_BYTES 32
#define PARALLEL_BYTES	   ((size_t)4 << 20) /* file size from which threads unpack together */

/* Work a file may cost for each byte of its debug sections, and in any case. */
#define BUDGET_FACTOR 64
#define BUDGET_BASE   ((int64_t)64 << 20)

/* What an abbreviation table depends on besides its bytes. */
struct abbrev_key {
	uint64_t off;
	uint8_t old_references; /* DWARF 2: references as wide as an address */
	uint8_t address_size;
	uint8_t offset_size;
	uint8_t padding[5];
};

struct dwarf_abbrev_set {
	struct abbrev_key key;
	struct dwarf_abbrevs abbrevs;
	UT_hash_handle hh;
};

static const char *const section_names[NR_DWARF_SECTIONS] = {
	[DWARF_INFO] = ".debug_info",
	[DWARF_ABBREV] = ".debug_abbrev",
	[DWARF_STR] = ".debug_str",
	[DWARF_LINE] = ".debug_line",
	[DWARF_LINE_STR] = ".debug_line_str",
	[DWARF_RNGLISTS] = ".debug_rnglists",
	[DWARF_RANGES] = ".debug_ranges",
	[DWARF_ADDR] = ".debug_addr",
	[DWARF_STR_OFFSETS] = ".debug_str_offsets",
	[DWARF_ARANGES] = ".debug_aranges",
};

/* Sections to load, taken by threads one after the other, the largest first. */
struct section_loader {
	struct dwarf_file *file;
	bool is_split;
	atomic_int next;
	int errors[NR_DWARF_SECTIONS];
};

static void *load_sections(void *arg)
{
	struct section_loader *loader = arg;
	struct dwarf_file *file = loader->file;
	int i;

	while ((i = atomic_fetch_add(&loader->next, 1)) < NR_DWARF_SECTIONS) {
		char name[SECTION_NAME_BYTES];
		int err;

		snprintf(name, sizeof(name), "%s%s", section_names[i],
			 loader->is_split ? ".dwo" : "");
		err = elf_image_section_by_name(file->image, name, &file->sections[i]);
		if (err)
			file->sections[i] = (struct elf_span){0};
		loader->errors[i] = err;
	}
	return NULL;
}

/* Only the first two sections have to be there.  A helper pays where much is to be unpacked. */
static int open_sections(struct dwarf_file *file, bool is_split)
{
	struct section_loader loader = {.file = file, .is_split = is_split};
	bool has_helper = file->budget->nr_threads > 1 &&
			  elf_image_bytes(file->image).size >= PARALLEL_BYTES;
	pthread_t helper;

	if (has_helper && pthread_create(&helper, NULL, load_sections, &loader) != 0)
		has_helper = false;
	load_sections(&loader);
	if (has_helper)
		pthread_join(helper, NULL);
	for (int i = 0; i < NR_DWARF_SECTIONS; i++) {
		int err = loader.errors[i] == -ENODATA ? -ENOENT : loader.errors[i];

		if (err && (i == DWARF_INFO || i == DWARF_ABBREV))
			return err;
		if (err && err != -ENOENT)
			log_debug("%s cannot be read: %s", section_names[i], strerror(-err));
	}
	return 0;
}

/*
 * Where the first code is.  GNU ld moves the ranges of discarded code to address 0 and counts on
 * from there.
 */
static uint64_t find_code_start(const struct elf_image *image)
{
	uint64_t start = UINT64_MAX;
	size_t nr;
	const Elf64_Phdr *segments = elf_image_segments(image, &nr);

	if (elf_image_header(image)->e_type == ET_REL)
		return 0;
	for (size_t i = 0; i < nr; i++)
		if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X) &&
		    segments[i].p_vaddr < start)
			start = segments[i].p_vaddr;
	return start == UINT64_MAX ? 1 : start;
}

static void grant_budget(struct dwarf_budget *budget, const struct dwarf_file *file)
{
	int64_t size = 0;

	for (int i = 0; i < NR_DWARF_SECTIONS; i++)
		size += (int64_t)file->sections[i].size;
	atomic_fetch_add(&budget->left, size * BUDGET_FACTOR + BUDGET_BASE);
}

int dwarf_file_open(struct elf_image *image, bool is_split, struct dwarf_budget *budget,
		    struct dwarf_file **ret_file)
{
	_cleanup_(dwarf_file_freep) struct dwarf_file *file = xcalloc(1, sizeof(*file));
	int err;

	pthread_mutex_init(&file->lock, NULL);
	file->image = image;
	file->budget = budget;
	file->code_start = find_code_start(image);
	err = open_sections(file, is_split);
	if (err)
		return err;
	err = dwarf_units_list(file);
	if (err)
		return err;
	grant_budget(budget, file);
	*ret_file = TAKE_PTR(file);
	return 0;
}

void dwarf_file_free(struct dwarf_file *file)
{
	struct dwarf_abbrev_set *set, *next;

	if (!file)
		return;
	HASH_ITER (hh, file->abbrev_sets, set, next) {
		HASH_DEL(file->abbrev_sets, set);
		dwarf_abbrevs_release(&set->abbrevs);
		free(set);
	}
	free(file->units);
	pthread_mutex_destroy(&file->lock);
	free(file);
}

const struct dwarf_abbrevs *dwarf_file_abbrevs(struct dwarf_file *file, uint64_t off,
					       struct dwarf_format format)
{
	struct dwarf_abbrev_set *set;
	struct abbrev_key key = {.off = off,
				 .old_references = format.version <= 2,
				 .address_size = format.address_size,
				 .offset_size = format.offset_size};
	size_t size;

	HASH_FIND(hh, file->abbrev_sets, &key, sizeof(key), set);
	if (set)
		return &set->abbrevs;
	set = xcalloc(1, sizeof(*set));
	set->key = key;
	if (dwarf_abbrevs_read(file->sections[DWARF_ABBREV], off, format, &set->abbrevs, &size) <
		    0 ||
	    !dwarf_budget_take(file->budget, size)) {
		dwarf_abbrevs_release(&set->abbrevs);
		free(set);
		return NULL;
	}
	HASH_ADD(hh, file->abbrev_sets, key, sizeof(key), set);
	return &set->abbrevs;
}
