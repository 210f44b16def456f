/* SPDX-License-Identifier: MIT */
#include "elf_maker.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define PAGE		0x1000
#define FRAME_OFF	(PAGE + MAKER_TEXT_SIZE) /* text begins at PAGE of the file */
#define HEADER_VADDR	(MAKER_FRAME_VADDR + MAKER_FRAME_MAX)
#define HEADER_OFF	(FRAME_OFF + MAKER_FRAME_MAX)
#define HEADER_MAX	(12 + 8 * MAKER_MAX_FDES)
#define DEBUG_OFF	(HEADER_OFF + HEADER_MAX)
#define SECTIONS_OFF	(DEBUG_OFF + MAKER_FRAME_MAX)
#define FILE_SIZE	(SECTIONS_OFF + 5 * sizeof(Elf64_Shdr) + sizeof(section_names))
#define ENCODING_PCREL4 (DW_EH_PE_pcrel | DW_EH_PE_sdata4)

static const char section_names[] = "\0.text\0.eh_frame\0.debug_frame\0.shstrtab\0.gopclntab";

void maker_add_bytes(struct maker_frame *frame, const void *data, size_t size)
{
	assert(frame->size + size <= MAKER_FRAME_MAX);
	if (size)
		memcpy(frame->data + frame->size, data, size);
	frame->size += size;
}

static void put_number(struct maker_frame *frame, uint64_t value, size_t size)
{
	maker_add_bytes(frame, &value, size);
}

/* Fills the entry that begins at @start up to a multiple of 8 with nops and sets its length. */
static void finish_entry(struct maker_frame *frame, size_t start)
{
	uint32_t length;

	while ((frame->size - start) % 8 != 4)
		put_number(frame, DW_CFA_nop, 1);
	put_number(frame, 0, 4);
	length = (uint32_t)(frame->size - start - 4);
	memcpy(frame->data + start, &length, sizeof(length));
}

size_t maker_add_cie(struct maker_frame *frame, const char *augmentation, const uint8_t *program,
		     size_t size)
{
	size_t start = frame->size;

	put_number(frame, 0, 4);
	put_number(frame, frame->is_debug_frame ? UINT32_MAX : 0, 4);
	put_number(frame, 1, 1);
	maker_add_bytes(frame, augmentation, strlen(augmentation) + 1);
	put_number(frame, 1, 1);
	put_number(frame, 0x78, 1);
	put_number(frame, 16, 1);
	if (*augmentation == 'z') {
		put_number(frame, 1, 1);
		put_number(frame, ENCODING_PCREL4, 1);
	}
	maker_add_bytes(frame, program, size);
	finish_entry(frame, start);
	return start;
}

size_t maker_add_plain_cie(struct maker_frame *frame)
{
	return maker_add_cie(frame, frame->is_debug_frame ? "" : "zR",
			     MAKER_BYTES(DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1));
}

void maker_add_fde(struct maker_frame *frame, size_t cie, uint64_t begin, uint64_t length,
		   const uint8_t *program, size_t size)
{
	size_t start = frame->size;

	assert(frame->nr_fdes < MAKER_MAX_FDES);
	frame->fde_begin[frame->nr_fdes] = begin;
	frame->fde_off[frame->nr_fdes++] = start;
	put_number(frame, 0, 4);
	if (frame->is_debug_frame) {
		put_number(frame, cie, 4);
		put_number(frame, begin, 8);
		put_number(frame, length, 8);
	} else {
		put_number(frame, frame->size - cie, 4);
		put_number(frame, begin - (MAKER_FRAME_VADDR + frame->size), 4);
		put_number(frame, length, 4);
		put_number(frame, 0, 1);
	}
	maker_add_bytes(frame, program, size);
	finish_entry(frame, start);
}

void maker_add_terminator(struct maker_frame *frame)
{
	put_number(frame, 0, 4);
}

static void put_header(uint8_t *file, const struct maker_frame *frame)
{
	const uint8_t head[] = {1, ENCODING_PCREL4, DW_EH_PE_udata4,
				DW_EH_PE_datarel | DW_EH_PE_sdata4};
	int32_t distance = MAKER_FRAME_VADDR - (HEADER_VADDR + 4);
	uint32_t nr = (uint32_t)frame->nr_fdes;
	uint8_t *p = file + HEADER_OFF;

	memcpy(p, head, sizeof(head));
	memcpy(p + 4, &distance, 4);
	memcpy(p + 8, &nr, 4);
	p += 12;
	for (size_t i = 0; i < frame->nr_fdes; i++, p += 8) {
		int32_t pc = (int32_t)(frame->fde_begin[i] - HEADER_VADDR);
		int32_t fde = (int32_t)(MAKER_FRAME_VADDR + frame->fde_off[i] - HEADER_VADDR);

		memcpy(p, &pc, 4);
		memcpy(p + 4, &fde, 4);
	}
}

static void put_segments(uint8_t *file, const struct maker_elf *elf, Elf64_Ehdr *header)
{
	const Elf64_Phdr segments[] = {
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_X,
		 .p_offset = PAGE,
		 .p_vaddr = MAKER_TEXT_VADDR,
		 .p_filesz = MAKER_TEXT_SIZE,
		 .p_memsz = MAKER_TEXT_SIZE},
		{.p_type = PT_LOAD,
		 .p_flags = PF_R,
		 .p_offset = FRAME_OFF,
		 .p_vaddr = MAKER_FRAME_VADDR,
		 .p_filesz = MAKER_FRAME_MAX + HEADER_MAX,
		 .p_memsz = MAKER_FRAME_MAX + HEADER_MAX},
		{.p_type = PT_GNU_EH_FRAME,
		 .p_flags = PF_R,
		 .p_offset = HEADER_OFF,
		 .p_vaddr = HEADER_VADDR,
		 .p_filesz = HEADER_MAX,
		 .p_memsz = HEADER_MAX},
	};

	header->e_phoff = sizeof(*header);
	header->e_phentsize = sizeof(Elf64_Phdr);
	header->e_phnum = elf->eh_frame && !elf->no_header ? 3 : 2;
	memcpy(file + header->e_phoff, segments, header->e_phnum * sizeof(segments[0]));
}

static void put_sections(uint8_t *file, const struct maker_elf *elf, Elf64_Ehdr *header)
{
	const size_t names_off = SECTIONS_OFF + 5 * sizeof(Elf64_Shdr);
	const Elf64_Shdr sections[5] = {
		[1] = {.sh_name = 1,
		       .sh_type = SHT_PROGBITS,
		       .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
		       .sh_addr = MAKER_TEXT_VADDR,
		       .sh_offset = PAGE,
		       .sh_size = MAKER_TEXT_SIZE},
		[2] = {.sh_name = 7,
		       .sh_type = elf->eh_frame ? SHT_PROGBITS : SHT_NOBITS,
		       .sh_flags = SHF_ALLOC,
		       .sh_addr = MAKER_FRAME_VADDR,
		       .sh_offset = FRAME_OFF,
		       .sh_size = elf->eh_frame ? elf->eh_frame->size : 0},
		[3] = {.sh_name = elf->debug_is_go ? 40 : 17,
		       .sh_type = elf->debug_frame ? SHT_PROGBITS : SHT_NOBITS,
		       .sh_offset = DEBUG_OFF,
		       .sh_size = elf->debug_frame ? elf->debug_frame->size : 0},
		[4] = {.sh_name = 30,
		       .sh_type = SHT_STRTAB,
		       .sh_offset = names_off,
		       .sh_size = sizeof(section_names)},
	};

	header->e_shoff = SECTIONS_OFF;
	header->e_shentsize = sizeof(Elf64_Shdr);
	header->e_shnum = 5;
	header->e_shstrndx = 4;
	memcpy(file + SECTIONS_OFF, sections, sizeof(sections));
	memcpy(file + names_off, section_names, sizeof(section_names));
}

uint8_t *maker_make_elf(const struct maker_elf *elf, size_t *ret_size)
{
	uint8_t *file = calloc(1, FILE_SIZE);
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_entry = elf->entry,
	};

	assert(file);
	memset(file + PAGE, 0xcc, MAKER_TEXT_SIZE);
	if (elf->code)
		memcpy(file + PAGE + elf->code_off, elf->code, elf->code_size);
	if (elf->eh_frame) {
		memcpy(file + FRAME_OFF, elf->eh_frame->data, elf->eh_frame->size);
		put_header(file, elf->eh_frame);
	}
	if (elf->debug_frame)
		memcpy(file + DEBUG_OFF, elf->debug_frame->data, elf->debug_frame->size);
	put_segments(file, elf, &header);
	if (!elf->no_sections)
		put_sections(file, elf, &header);
	memcpy(file, &header, sizeof(header));
	*ret_size = FILE_SIZE;
	return file;
}
