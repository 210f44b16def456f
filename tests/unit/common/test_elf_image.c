/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "common/elf_image.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

#define CONTENT_SIZE 5000

enum { SEC_NULL, SEC_NOTE, SEC_ZLIB, SEC_ZSTD, SEC_ZDEBUG, SEC_BSS, SEC_BOMB, SEC_NAMES, NR_SECS };

/* A file made by hand: two segments that share a page of it, and one section of every kind. */
struct elf_file {
	Elf64_Ehdr header;
	Elf64_Phdr segment[3];
	Elf64_Shdr section[NR_SECS];
	uint8_t note[36];
	char names[80];
	uint8_t zlib[1024];
	uint8_t zstd[1024];
	uint8_t zdebug[1024];
};

static uint8_t content_at(size_t i)
{
	return (uint8_t)(i * i % 7);
}

static void add_name(struct elf_file *f, size_t *len, int section, const char *name)
{
	f->section[section].sh_name = (uint32_t)*len;
	memcpy(f->names + *len, name, strlen(name) + 1);
	*len += strlen(name) + 1;
}

static void put_section(struct elf_file *f, int index, uint32_t type, const void *data, size_t size)
{
	f->section[index].sh_type = type;
	f->section[index].sh_offset = (uint64_t)((const uint8_t *)data - (const uint8_t *)f);
	f->section[index].sh_size = size;
}

static void put_compressed(struct elf_file *f)
{
	Elf64_Chdr chdr = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = CONTENT_SIZE};
	uint64_t big_endian = htobe64(CONTENT_SIZE);
	uint8_t content[CONTENT_SIZE];
	uLongf len;
	size_t size;

	for (size_t i = 0; i < CONTENT_SIZE; i++)
		content[i] = content_at(i);
	len = sizeof(f->zlib) - sizeof(chdr);
	memcpy(f->zlib, &chdr, sizeof(chdr));
	assert_int_equal(compress2(f->zlib + sizeof(chdr), &len, content, CONTENT_SIZE, 9), Z_OK);
	put_section(f, SEC_ZLIB, SHT_PROGBITS, f->zlib, sizeof(chdr) + len);
	f->section[SEC_ZLIB].sh_flags = SHF_COMPRESSED;

	memcpy(f->zdebug, "ZLIB", 4);
	memcpy(f->zdebug + 4, &big_endian, 8);
	memcpy(f->zdebug + 12, f->zlib + sizeof(chdr), len);
	put_section(f, SEC_ZDEBUG, SHT_PROGBITS, f->zdebug, 12 + len);

	chdr.ch_type = ELFCOMPRESS_ZSTD;
	memcpy(f->zstd, &chdr, sizeof(chdr));
	size = ZSTD_compress(f->zstd + sizeof(chdr), sizeof(f->zstd) - sizeof(chdr), content,
			     CONTENT_SIZE, 3);
	assert_false(ZSTD_isError(size));
	put_section(f, SEC_ZSTD, SHT_PROGBITS, f->zstd, sizeof(chdr) + size);
	f->section[SEC_ZSTD].sh_flags = SHF_COMPRESSED;

	put_section(f, SEC_BOMB, SHT_PROGBITS, f->zlib, f->section[SEC_ZLIB].sh_size);
	f->section[SEC_BOMB].sh_flags = SHF_COMPRESSED;
}

static void make_file(struct elf_file *f)
{
	const Elf64_Nhdr note = {.n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID};
	size_t names = 1;

	memset(f, 0, sizeof(*f));
	memcpy(f->header.e_ident, ELFMAG, SELFMAG);
	f->header.e_ident[EI_CLASS] = ELFCLASS64;
	f->header.e_ident[EI_DATA] = ELFDATA2LSB;
	f->header.e_phoff = offsetof(struct elf_file, segment);
	f->header.e_phentsize = sizeof(Elf64_Phdr);
	f->header.e_phnum = 3;
	f->header.e_shoff = offsetof(struct elf_file, section);
	f->header.e_shentsize = sizeof(Elf64_Shdr);
	f->header.e_shnum = NR_SECS;
	f->header.e_shstrndx = SEC_NAMES;
	f->segment[0] = (Elf64_Phdr){.p_type = PT_LOAD,
				     .p_flags = PF_R,
				     .p_vaddr = 0x10000,
				     .p_filesz = 0x400,
				     .p_memsz = 0x400};
	f->segment[1] = (Elf64_Phdr){.p_type = PT_LOAD,
				     .p_flags = PF_R | PF_X,
				     .p_offset = 0x400,
				     .p_vaddr = 0x21400,
				     .p_filesz = 0x10000,
				     .p_memsz = 0x10000};
	f->segment[2] = (Elf64_Phdr){.p_type = PT_NOTE,
				     .p_filesz = sizeof(f->note),
				     .p_align = 4,
				     .p_offset = offsetof(struct elf_file, note)};
	memcpy(f->note, &note, sizeof(note));
	memcpy(f->note + sizeof(note), "GNU", 4);
	for (int i = 0; i < 20; i++)
		f->note[16 + i] = (uint8_t)(0xa0 + i);
	put_section(f, SEC_NOTE, SHT_NOTE, f->note, sizeof(f->note));
	put_section(f, SEC_BSS, SHT_NOBITS, f->note, (size_t)1 << 40);
	put_section(f, SEC_NAMES, SHT_STRTAB, f->names, sizeof(f->names));
	add_name(f, &names, SEC_NOTE, ".note.gnu.build-id");
	add_name(f, &names, SEC_ZLIB, ".debug_info");
	add_name(f, &names, SEC_ZSTD, ".debug_str");
	add_name(f, &names, SEC_ZDEBUG, ".zdebug_line");
	add_name(f, &names, SEC_BSS, ".bss");
	put_compressed(f);
}

static struct elf_image *open_file(const struct elf_file *f)
{
	struct elf_image *image = NULL;

	assert_int_equal(elf_image_open_memory(f, sizeof(*f), &image), 0);
	return image;
}

static void assert_content(struct elf_image *image, const char *name)
{
	struct elf_span span;

	assert_int_equal(elf_image_section_by_name(image, name, &span), 0);
	assert_int_equal(span.size, CONTENT_SIZE);
	for (size_t i = 0; i < CONTENT_SIZE; i++)
		assert_int_equal(span.data[i], content_at(i));
}

static void test_sections_of_every_compression_give_the_same_bytes(void **state)
{
	struct elf_image *image;
	struct elf_file f;

	(void)state;
	make_file(&f);
	image = open_file(&f);
	assert_content(image, ".debug_info");
	assert_content(image, ".debug_str");
	assert_content(image, ".debug_line");
	elf_image_drop_section(image, SEC_ZLIB);
	assert_content(image, ".debug_info");
	elf_image_close(image);
}

static void test_section_errors_have_their_names(void **state)
{
	struct elf_image *image;
	struct elf_span span;
	struct elf_file f;

	(void)state;
	make_file(&f);
	f.section[SEC_NOTE].sh_size = sizeof(f);
	image = open_file(&f);
	assert_int_equal(elf_image_section_data(image, SEC_BSS, &span), -ENODATA);
	assert_int_equal(elf_image_section_data(image, SEC_NOTE, &span), -EBADMSG);
	assert_int_equal(elf_image_section_data(image, NR_SECS, &span), -EBADMSG);
	assert_int_equal(elf_image_section_by_name(image, ".nothing", &span), -ENOENT);
	assert_int_equal(elf_image_find_section(image, ".bss"), SEC_BSS);
	elf_image_close(image);
}

static int data_error(struct elf_file *f, uint32_t type, uint64_t size)
{
	const Elf64_Chdr chdr = {.ch_type = type, .ch_size = size};
	struct elf_image *image;
	struct elf_span span;
	int err;

	memcpy(f->zlib, &chdr, sizeof(chdr));
	image = open_file(f);
	err = elf_image_section_data(image, SEC_BOMB, &span);
	elf_image_close(image);
	return err;
}

static void test_lying_sizes_and_streams_are_refused(void **state)
{
	struct elf_file f;

	(void)state;
	make_file(&f);
	assert_int_equal(data_error(&f, ELFCOMPRESS_ZLIB, CONTENT_SIZE), 0);
	assert_int_equal(data_error(&f, ELFCOMPRESS_ZLIB, CONTENT_SIZE + 1), -EBADMSG);
	assert_int_equal(data_error(&f, ELFCOMPRESS_ZLIB, CONTENT_SIZE - 1), -EBADMSG);
	assert_int_equal(data_error(&f, ELFCOMPRESS_ZLIB, 0), -EBADMSG);
	assert_int_equal(data_error(&f, ELFCOMPRESS_ZLIB, (uint64_t)3 << 30), -EBADMSG);
	assert_int_equal(data_error(&f, ELFCOMPRESS_ZLIB, ELF_IMAGE_MAX_SECTION + 1), -E2BIG);
	assert_int_equal(data_error(&f, ELFCOMPRESS_ZSTD, CONTENT_SIZE), -EBADMSG);
	assert_int_equal(data_error(&f, ELFCOMPRESS_ZSTD, UINT64_MAX), -E2BIG);
	assert_int_equal(data_error(&f, 77, CONTENT_SIZE), -EOPNOTSUPP);
}

static void test_addresses_follow_the_segments(void **state)
{
	struct elf_image *image;
	struct elf_span span;
	struct elf_file f;
	uint64_t value;

	(void)state;
	make_file(&f);
	image = open_file(&f);
	span = elf_image_at_vaddr(image, 0x21410);
	assert_ptr_equal(span.data, (const uint8_t *)&f + 0x410);
	assert_int_equal(span.vaddr, 0x21410);
	assert_int_equal(span.size, sizeof(f) - 0x410); /* clipped: the segment says 0x10000 */
	assert_null(elf_image_at_vaddr(image, 0x10400).data);
	assert_null(elf_image_at_vaddr(image, 0x21400 + sizeof(f)).data);

	assert_int_equal(elf_image_off_to_vaddr(image, 0x3ff, &value), 0);
	assert_int_equal(value, 0x103ff);
	assert_int_equal(elf_image_off_to_vaddr(image, 0x400, &value), 0);
	assert_int_equal(value, 0x21400);
	assert_int_equal(elf_image_off_to_vaddr(image, 0x10400, &value), -ENOENT);
	assert_int_equal(elf_image_vaddr_to_off(image, 0x21400, &value), 0);
	assert_int_equal(value, 0x400);
	assert_int_equal(elf_image_vaddr_to_off(image, 0x20fff, &value), -ENOENT);
	elf_image_close(image);
}

static void test_a_mapping_of_a_shared_page_is_told_by_its_permission(void **state)
{
	struct elf_image *image;
	struct elf_file f;
	uint64_t value;

	(void)state;
	make_file(&f);
	image = open_file(&f);
	assert_int_equal(elf_image_mapping_vaddr(image, 0, false, &value), 0);
	assert_int_equal(value, 0x10000);
	assert_int_equal(elf_image_mapping_vaddr(image, 0, true, &value), 0);
	assert_int_equal(value, 0x21000);
	assert_int_equal(elf_image_mapping_vaddr(image, 0x1000, true, &value), 0);
	assert_int_equal(value, 0x22000);
	assert_int_equal(elf_image_mapping_vaddr(image, 0x20000, true, &value), -ENOENT);
	elf_image_close(image);
}

static void assert_id(const struct elf_file *f, const char *text)
{
	struct elf_image *image = open_file(f);
	struct build_id id = elf_image_build_id(image);
	char got[2 * BUILD_ID_MAX + 1];

	build_id_format(&id, got);
	assert_string_equal(got, text);
	elf_image_close(image);
}

static void test_build_id_comes_from_section_or_segment(void **state)
{
	static const char text[] = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3";
	struct elf_file f;

	(void)state;
	make_file(&f);
	assert_id(&f, text);
	f.segment[2].p_filesz = 0;
	assert_id(&f, text);
	make_file(&f);
	f.header.e_shoff = 0;
	assert_id(&f, text);
	f.note[4] = 21; /* one byte more than there is */
	assert_id(&f, "");
	f.note[4] = 20;
	f.note[0] = 0xff;
	f.note[1] = 0xff;
	f.note[2] = 0xff;
	f.note[3] = 0xff;
	assert_id(&f, "");
}

static void test_headers_outside_the_file(void **state)
{
	struct elf_image *image = NULL;
	struct elf_file f;
	size_t nr;

	(void)state;
	make_file(&f);
	assert_int_equal(elf_image_open_memory(&f, 63, &image), -ENOEXEC);
	assert_int_equal(elf_image_open_memory(&f, 100, &image), -EBADMSG);
	f.header.e_phoff = UINT64_MAX - 8;
	assert_int_equal(elf_image_open_memory(&f, sizeof(f), &image), -EBADMSG);
	make_file(&f);
	f.header.e_shoff = UINT64_MAX - 8;
	image = open_file(&f);
	elf_image_sections(image, &nr);
	assert_int_equal(nr, 0);
	elf_image_close(image);
	make_file(&f);
	f.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_int_equal(elf_image_open_memory(&f, sizeof(f), &image), -ENOEXEC);
}

static void test_names_outside_the_string_table_are_empty(void **state)
{
	struct elf_image *image;
	struct elf_file f;

	(void)state;
	make_file(&f);
	f.section[SEC_ZLIB].sh_name = UINT32_MAX;
	memset(f.names + f.section[SEC_BSS].sh_name, 'x',
	       sizeof(f.names) - f.section[SEC_BSS].sh_name);
	image = open_file(&f);
	assert_string_equal(elf_image_section_name(image, SEC_ZLIB), "");
	assert_string_equal(elf_image_section_name(image, SEC_BSS), "");
	assert_string_equal(elf_image_section_name(image, SEC_ZSTD), ".debug_str");
	assert_string_equal(elf_image_section_name(image, 1000), "");
	elf_image_close(image);
}

static void test_files_that_are_no_elf_are_refused(void **state)
{
	struct elf_image *image = NULL;

	(void)state;
	assert_int_equal(elf_image_open("/nonexistent/file", &image), -ENOENT);
	assert_int_equal(elf_image_open("/dev/null", &image), -ENOEXEC);
	assert_int_equal(elf_image_open("/", &image), -ENOEXEC);
	assert_int_equal(elf_image_open("/proc/self/exe", &image), 0);
	assert_true(elf_image_header(image)->e_machine == EM_X86_64);
	elf_image_close(image);
}

static void *read_all_sections(void *arg)
{
	for (int i = 0; i < 50; i++) {
		assert_content(arg, ".debug_info");
		assert_content(arg, ".debug_str");
	}
	return NULL;
}

static void test_threads_share_one_decompression(void **state)
{
	struct elf_image *image;
	struct elf_span a, b;
	pthread_t thread[4];
	struct elf_file f;

	(void)state;
	make_file(&f);
	image = open_file(&f);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, read_all_sections, image), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(elf_image_section_data(image, SEC_ZLIB, &a), 0);
	assert_int_equal(elf_image_section_data(image, SEC_ZLIB, &b), 0);
	assert_ptr_equal(a.data, b.data);
	elf_image_close(image);
}

/* Sections that are all right one by one, and 40 of them in a file of 1 MB. */
static void test_many_small_bombs_are_one_large_one(void **state)
{
	enum { NR = 40, FULL = 16 << 20 };
	const size_t bound = ZSTD_compressBound(FULL);
	uint8_t *zeros = calloc(1, FULL), *packed = malloc(bound);
	size_t size = ZSTD_compress(packed, bound, zeros, FULL, 3), nr_good = 0;
	const Elf64_Chdr chdr = {.ch_type = ELFCOMPRESS_ZSTD, .ch_size = FULL};
	const size_t headers = sizeof(Elf64_Ehdr) + NR * sizeof(Elf64_Shdr);
	const size_t file_size = headers + sizeof(chdr) + size;
	uint8_t *file = calloc(1, file_size);
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB},
		.e_shoff = sizeof(header),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = NR};
	struct elf_image *image;
	struct elf_span span;

	(void)state;
	memcpy(file, &header, sizeof(header));
	for (size_t i = 0; i < NR; i++) {
		const Elf64_Shdr section = {.sh_type = SHT_PROGBITS,
					    .sh_flags = SHF_COMPRESSED,
					    .sh_offset = headers,
					    .sh_size = sizeof(chdr) + size};

		memcpy(file + sizeof(header) + i * sizeof(section), &section, sizeof(section));
	}
	memcpy(file + headers, &chdr, sizeof(chdr));
	memcpy(file + headers + sizeof(chdr), packed, size);
	assert_int_equal(elf_image_open_memory(file, file_size, &image), 0);
	for (size_t i = 0; i < NR; i++) {
		int err = elf_image_section_data(image, i, &span);

		nr_good += err == 0;
		assert_true(err == 0 || err == -E2BIG);
	}
	assert_in_range(nr_good, 8, 10);
	/* What is given back can be had again. */
	assert_int_equal(elf_image_section_data(image, NR - 1, &span), -E2BIG);
	elf_image_drop_section(image, 0);
	assert_int_equal(elf_image_section_data(image, NR - 1, &span), 0);
	elf_image_close(image);
	free(file);
	free(packed);
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections_of_every_compression_give_the_same_bytes),
		cmocka_unit_test(test_section_errors_have_their_names),
		cmocka_unit_test(test_lying_sizes_and_streams_are_refused),
		cmocka_unit_test(test_addresses_follow_the_segments),
		cmocka_unit_test(test_a_mapping_of_a_shared_page_is_told_by_its_permission),
		cmocka_unit_test(test_build_id_comes_from_section_or_segment),
		cmocka_unit_test(test_headers_outside_the_file),
		cmocka_unit_test(test_names_outside_the_string_table_are_empty),
		cmocka_unit_test(test_files_that_are_no_elf_are_refused),
		cmocka_unit_test(test_threads_share_one_decompression),
		cmocka_unit_test(test_many_small_bombs_are_one_large_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
