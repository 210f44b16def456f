/* SPDX-License-Identifier: MIT */
/*
 * Compares tables with libdw, row by row: for every row libdw's CFI reader finds in the code of a
 * file, the table's answer at its first address, one byte further and at its last address must
 * give the same caller on a random machine.  Code libdw knows nothing of must be a hole in the
 * table, unless it is code ctrace knows by itself.
 *
 *   row_oracle FILE...     exit status 1 if any file has a mismatch
 */
#include "common/elf_image.h"
#include "machine.h"
#include "unwind/arch_x86_64.h"
#include "unwind/table.h"

#include <elfutils/libdw.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_REPORTED 5	       /* mismatches printed of one file */
#define MAX_PADDING  15	       /* holes up to this long keep the row in front of them */
#define MAX_SILENCE  (1 << 24) /* addresses without CFI tried one by one in one file */

struct tally {
	uint64_t files;
	uint64_t rows;
	uint64_t points;
	uint64_t mismatches;
	uint64_t hole_mismatches;
	uint64_t judge_silent; /* rows libdw cannot evaluate */
	uint64_t none[NR_UNWIND_NONE];
};

struct subject {
	const char *path;
	struct elf_image *image;
	struct unwind_table *table;
	Elf *elf;
	Dwarf *dwarf;
	Dwarf_CFI *eh;
	Dwarf_CFI *debug;
	bool debug_is_padded; /* libdw stops at the first zero in .debug_frame, as Go pads it */
	struct tally tally;
	uint64_t silence;
};

static const char *const none_names[] = {
#define X(name, json, text) json,
	CTRACE_NONE_REASONS(X)
#undef X
};

static void report(struct subject *s, uint64_t vaddr, const struct unwind_rule *rule,
		   const char *what)
{
	if (s->tally.mismatches + s->tally.hole_mismatches > MAX_REPORTED)
		return;
	printf("%s: %" PRIx64 ": %s; table: cfa kind %d off %d rbp kind %d off %d flags %d x %d\n",
	       s->path, vaddr, what, rule->cfa_kind, rule->cfa_off, rule->rbp_kind,
	       rule->rbp_off8 * 8, rule->flags, rule->x);
}

static bool judge(Dwarf_Frame *frame, uint64_t vaddr, const struct unwind_rule *rule, uint64_t seed,
		  bool *ret_silent)
{
	struct caller ours, theirs;
	struct machine m;

	machine_init(&m, seed);
	m.pc = vaddr;
	*ret_silent = machine_apply_frame(&m, frame, &theirs) < 0;
	if (*ret_silent)
		return true;
	machine_apply_rule(&m, rule, &ours);
	return caller_equal(&ours, &theirs);
}

static void check_point(struct subject *s, Dwarf_Frame *frame, uint64_t vaddr)
{
	bool silent, equal, is_signal;
	struct unwind_rule rule;

	unwind_table_lookup(s->table, vaddr, &rule);
	s->tally.points++;
	if (rule.cfa_kind == CFA_NONE && rule.x != NONE_GAP) {
		s->tally.none[rule.x]++;
		return;
	}
	if (rule.cfa_kind == CFA_NONE) {
		s->tally.mismatches++;
		report(s, vaddr, &rule, "a hole where there is CFI");
		return;
	}
	dwarf_frame_info(frame, NULL, NULL, &is_signal);
	if (is_signal != (rule.cfa_kind == CFA_SIGNAL)) {
		s->tally.mismatches++;
		report(s, vaddr, &rule, "a signal frame for one of two");
	}
	equal = judge(frame, vaddr, &rule, vaddr, &silent) &&
		judge(frame, vaddr, &rule, ~vaddr, &silent);
	if (silent)
		s->tally.judge_silent++;
	if (!equal) {
		s->tally.mismatches++;
		report(s, vaddr, &rule, "another caller");
	}
}

/*
 * The frame libdw has for @vaddr, from the source ctrace prefers too; NULL if there is none.
 * *ret_refused: there is CFI, which libdw declines to read.
 */
static Dwarf_Frame *frame_at(struct subject *s, uint64_t vaddr, bool *ret_refused)
{
	Dwarf_CFI *const sources[] = {s->eh, s->debug};
	Dwarf_Frame *frame = NULL;

	*ret_refused = false;
	for (size_t i = 0; i < 2 && !*ret_refused; i++) {
		if (!sources[i])
			continue;
		if (dwarf_cfi_addrframe(sources[i], vaddr, &frame) == 0)
			return frame;
		*ret_refused = strcmp(dwarf_errmsg(-1), "no matching address range") != 0;
	}
	return NULL;
}

/* In .init or .fini, whose frame glibc's crti.S and crtn.S make without CFI. */
static bool is_frame_stub(const struct subject *s, uint64_t vaddr)
{
	const Elf64_Shdr *sections;
	size_t nr;

	sections = elf_image_sections(s->image, &nr);
	for (size_t i = 0; i < nr; i++) {
		const char *name = elf_image_section_name(s->image, i);

		if (vaddr - sections[i].sh_addr < sections[i].sh_size &&
		    sections[i].sh_flags & SHF_ALLOC &&
		    (strcmp(name, ".init") == 0 || strcmp(name, ".fini") == 0))
			return true;
	}
	return false;
}

/* Code without CFI that ctrace knows: entry stub, signal trampolines, .init and .fini. */
static bool is_known_code(const struct subject *s, uint64_t vaddr, const struct unwind_rule *rule)
{
	uint64_t entry = elf_image_header(s->image)->e_entry;

	if (rule->cfa_kind == CFA_STOP)
		return vaddr >= entry && vaddr - entry < ARCH_ENTRY_STUB;
	if (rule->cfa_kind == CFA_RSP)
		return (rule->cfa_off == 8 || rule->cfa_off == 16) && is_frame_stub(s, vaddr);
	return rule->cfa_kind == CFA_SIGNAL;
}

/* The row in front lasts through the few bytes up to code that is known, or behind it. */
static bool is_padding(const struct subject *s, uint64_t vaddr)
{
	for (uint64_t skip = 1; skip <= MAX_PADDING; skip++) {
		struct unwind_rule rule;

		unwind_table_lookup(s->table, vaddr + skip, &rule);
		if (is_known_code(s, vaddr + skip, &rule))
			return true;
		unwind_table_lookup(s->table, vaddr - skip, &rule);
		if (is_known_code(s, vaddr - skip, &rule))
			return true;
	}
	return false;
}

static void check_hole(struct subject *s, uint64_t begin, uint64_t end)
{
	const uint64_t points[] = {begin, begin + (end - begin) / 2, end - 1};

	if (end - begin <= MAX_PADDING)
		return;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct unwind_rule rule;

		unwind_table_lookup(s->table, points[i], &rule);
		s->tally.points++;
		if ((rule.cfa_kind == CFA_NONE && rule.x == NONE_GAP) ||
		    is_known_code(s, points[i], &rule) || is_padding(s, points[i]))
			continue;
		if (s->debug_is_padded) {
			s->tally.judge_silent++;
			continue;
		}
		s->tally.hole_mismatches++;
		report(s, points[i], &rule, "a rule where there is no CFI");
	}
}

/* A signal trampoline overrides its CFI: that is its point. */
static bool is_overridden(const struct subject *s, uint64_t vaddr)
{
	struct elf_span span = elf_image_at_vaddr(s->image, vaddr);
	struct unwind_rule rule;

	unwind_table_lookup(s->table, vaddr, &rule);
	if (rule.cfa_kind != CFA_SIGNAL)
		return false;
	for (size_t back = 0; back < ARCH_MAX_TRAMPOLINE + 1; back++) {
		span = elf_image_at_vaddr(s->image, vaddr + 1 - back);
		if (span.data && arch_signal_trampoline(span.data, span.size))
			return true;
	}
	return false;
}

static void check_code(struct subject *s, uint64_t begin, uint64_t end)
{
	uint64_t vaddr = begin, hole = begin;

	while (vaddr < end) {
		bool is_signal, is_refused;
		Dwarf_Frame *frame = frame_at(s, vaddr, &is_refused);
		Dwarf_Addr row_begin, row_end;

		if (is_refused) {
			check_hole(s, hole, vaddr);
			s->tally.judge_silent++;
			hole = ++vaddr;
			continue;
		}
		if (!frame) {
			if (++s->silence > MAX_SILENCE)
				return;
			vaddr++;
			continue;
		}
		check_hole(s, hole, vaddr);
		dwarf_frame_info(frame, &row_begin, &row_end, &is_signal);
		if (row_end <= vaddr)
			row_end = vaddr + 1;
		s->tally.rows++;
		if (!is_overridden(s, vaddr)) {
			check_point(s, frame, vaddr);
			if (vaddr + 1 < row_end)
				check_point(s, frame, vaddr + 1);
			if (vaddr + 2 < row_end)
				check_point(s, frame, row_end - 1);
		}
		free(frame);
		vaddr = hole = row_end;
	}
	check_hole(s, hole, end);
}

static void check_subject(struct subject *s)
{
	const Elf64_Shdr *sections;
	size_t nr;

	sections = elf_image_sections(s->image, &nr);
	for (size_t i = 0; i < nr; i++)
		if (sections[i].sh_flags & SHF_EXECINSTR && sections[i].sh_type != SHT_NOBITS)
			check_code(s, sections[i].sh_addr,
				   sections[i].sh_addr + sections[i].sh_size);
}

/* libdw finds CFI for any code at all. */
static bool has_frames(struct subject *s)
{
	const Elf64_Shdr *sections;
	bool is_refused;
	size_t nr;

	sections = elf_image_sections(s->image, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (!(sections[i].sh_flags & SHF_EXECINSTR) || sections[i].sh_type == SHT_NOBITS)
			continue;
		for (uint64_t off = 0; off < sections[i].sh_size && s->silence < MAX_SILENCE;
		     off++, s->silence++) {
			Dwarf_Frame *frame = frame_at(s, sections[i].sh_addr + off, &is_refused);

			free(frame);
			if (frame)
				return true;
		}
	}
	return false;
}

static void add(struct tally *sum, const struct tally *one)
{
	sum->files += one->files;
	sum->rows += one->rows;
	sum->points += one->points;
	sum->mismatches += one->mismatches;
	sum->hole_mismatches += one->hole_mismatches;
	sum->judge_silent += one->judge_silent;
	for (int i = 0; i < NR_UNWIND_NONE; i++)
		sum->none[i] += one->none[i];
}

static void print_tally(const char *name, const struct tally *t)
{
	printf("%s: files %" PRIu64 " rows %" PRIu64 " points %" PRIu64 " differences %" PRIu64
	       " judge_silent %" PRIu64,
	       name, t->files, t->rows, t->points, t->mismatches + t->hole_mismatches,
	       t->judge_silent);
	for (int i = 0; i < NR_UNWIND_NONE; i++)
		if (t->none[i])
			printf(" %s %" PRIu64, none_names[i], t->none[i]);
	printf("\n");
}

/* A zero in the place of a length, before the end. */
static bool is_padded(struct elf_image *image)
{
	struct elf_span span;
	uint32_t length;

	if (elf_image_section_by_name(image, ".debug_frame", &span) < 0)
		return false;
	for (uint64_t pos = 0; pos + 4 < span.size; pos += 4 + (uint64_t)length) {
		memcpy(&length, span.data + pos, sizeof(length));
		if (length == 0)
			return true;
	}
	return false;
}

/* Files that are no ELF, or have no CFI in either judge's eyes, are passed over. */
static void check_file(const char *path, struct tally *sum)
{
	const struct unwind_options options = {.cfi_only = true};
	struct subject s = {.path = path};
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || elf_image_open(path, &s.image) < 0)
		return;
	s.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	s.eh = s.elf ? dwarf_getcfi_elf(s.elf) : NULL;
	s.dwarf = s.elf ? dwarf_begin_elf(s.elf, DWARF_C_READ, NULL) : NULL;
	s.debug = s.dwarf ? dwarf_getcfi(s.dwarf) : NULL;
	if (elf_image_header(s.image)->e_type != ET_REL &&
	    unwind_table_build(s.image, &options, &s.table) == 0) {
		s.tally.files = 1;
		s.debug_is_padded = is_padded(s.image);
		check_subject(&s);
		add(sum, &s.tally);
		if (s.tally.mismatches || s.tally.hole_mismatches || s.tally.judge_silent)
			print_tally(path, &s.tally);
	} else if (elf_image_header(s.image)->e_type != ET_REL && has_frames(&s)) {
		printf("%s: libdw has CFI, ctrace has no table\n", path);
		sum->mismatches++;
	}
	unwind_table_free(s.table);
	dwarf_end(s.dwarf);
	if (s.eh)
		dwarf_cfi_end(s.eh);
	elf_end(s.elf);
	elf_image_close(s.image);
}

int main(int argc, char **argv)
{
	struct tally sum = {0};

	elf_version(EV_CURRENT);
	for (int i = 1; i < argc; i++)
		check_file(argv[i], &sum);
	print_tally("libdw", &sum);
	return sum.mismatches || sum.hole_mismatches;
}
