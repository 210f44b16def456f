/* SPDX-License-Identifier: MIT */
/*
 * Files that debug information asks for by name.  It is untrusted and may name anything, so only
 * what looks like split DWARF, by name and by contents, is handed out.
 */
#ifndef CTRACE_SYMBOLIZE_NAMED_FILE_H
#define CTRACE_SYMBOLIZE_NAMED_FILE_H

/*
 * A descriptor of @path inside @root (a string, NULL for the host's), else on the host.  -EPERM:
 * not named *.dwo or *.dwp, or no ELF file; else as root_open().
 */
int named_file_open(const void *root, const char *path);

#endif
