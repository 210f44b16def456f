/* SPDX-License-Identifier: MIT */
/*
 * One file that appears under its name whole or not at all: written without any, then given a
 * temporary one and renamed; owned by the user who started ctrace, who could have replaced what was
 * there.  Killing ctrace leaves nothing.  "-" is standard output; a device, pipe or descriptor is
 * written straight.  Every output of ctrace's is one of these; cli/output_place.h says where it may
 * go.  Does not print.
 */
#ifndef CTRACE_CLI_OUTPUT_FILE_H
#define CTRACE_CLI_OUTPUT_FILE_H

#include "common/cleanup.h"

#include <stdbool.h>
#include <stdio.h>

struct output_file;

/*
 * Opens @path and proves that a byte can be written there, so that a full disk or a read-only
 * directory shows before any work is done.  An existing file stays as it is until commit.
 * -EISDIR, -EROFS, -ENOSPC, -EACCES ... as the system gave them, and those of output_place_find().
 */
int output_file_open(const char *path, struct output_file **ret_file);

/* What such an error means, for whoever reads "cannot write 'x': ...". */
const char *output_file_error(int err);

/* Whether the commit takes the place of a file that holds something. */
bool output_file_would_replace(const struct output_file *file);
/* What to write to; owned by @file. */
FILE *output_file_stream(struct output_file *file);
const char *output_file_path(const struct output_file *file);
bool output_file_is_stdout(const struct output_file *file);

/* Flushes and checks every byte written so far; the stream is closed. */
int output_file_finish(struct output_file *file);
/* After a failed finish: gives its bytes back to the file system at once. */
void output_file_discard(struct output_file *file);
/* After finish: gives the file its name.  Until then nobody sees it. */
int output_file_commit(struct output_file *file);

/* Leaves nothing behind of what was not committed. */
void output_file_free(struct output_file *file);
DEFINE_CLEANUP(struct output_file *, output_file_free);

#endif
