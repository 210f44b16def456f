/* SPDX-License-Identifier: MIT */
/*
 * Addresses to functions, inlined callers and lines by the DWARF of one object.  Answers borrow
 * their strings from the reader.  Knows symbol tables and demangling as little as processes.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_READER_H
#define CTRACE_SYMBOLIZE_DWARF_READER_H

#include "symbolize/dwarf_line.h"
#include "symbolize/split_dwarf.h"

struct elf_image;
struct dwarf_reader;

struct dwarf_frame {
	const char *name;   /* NULL: the DIE has none */
	bool is_linkage;    /* a linkage name, not the plain one of the source */
	uint64_t scope_die; /* on the way: the DIE whose scopes the plain name lacks; 0: none */
	struct dwarf_path path;
	uint32_t line;
};

/* One address.  Fill pc, the rest is the answer. */
struct dwarf_query {
	uint64_t pc;
	/*
	 * Innermost first; each but the last was inlined.  A single frame without a name: only the
	 * line is known.  0: nothing is.
	 */
	struct dwarf_frame *frames;
	uint32_t nr_frames;
};

/* What to read; everything is borrowed. */
struct dwarf_reader_options {
	struct elf_image *image;     /* that has the debug sections */
	struct elf_image *alt_image; /* its dwz alternate file, or NULL */
	const char *path;	     /* of @image */
	const char *object_path;     /* of the object it describes; the same if not separate */
	const struct dwarf_opener *opener; /* for split DWARF */
	unsigned int nr_threads;	   /* >= 1 */
	bool want_inlines;		   /* else one frame per address */
};

/* -ENOENT: @image has no DWARF; other errors as dwarf_file_open(). */
int dwarf_reader_new(const struct dwarf_reader_options *options, struct dwarf_reader **ret_reader);
void dwarf_reader_free(struct dwarf_reader *reader);
DEFINE_CLEANUP(struct dwarf_reader *, dwarf_reader_free);

/*
 * Answers @queries, which are sorted by pc.  0, or -EBADMSG or -E2BIG if something on the way was
 * damaged or over a limit; what could be answered is.
 */
int dwarf_reader_find(struct dwarf_reader *reader, struct dwarf_query *queries, size_t nr);
/* Units whose .dwo file was wanted and not found. */
size_t dwarf_reader_nr_missing(const struct dwarf_reader *reader);
void dwarf_queries_release(struct dwarf_query *queries, size_t nr);

#endif
