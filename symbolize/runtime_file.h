/* SPDX-License-Identifier: MIT */
/*
 * Files that a language's runtime leaves for profilers where anyone may write: taken only from the
 * process's own user, and read whole, for whoever writes them may cut them short at any moment.
 */
#ifndef CTRACE_SYMBOLIZE_RUNTIME_FILE_H
#define CTRACE_SYMBOLIZE_RUNTIME_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads the file behind @fd, which the caller keeps; @ret_bytes is to be freed and has room for
 * one byte more.  -EPERM: not a regular file, or of neither @uid nor root; -E2BIG: over @max_bytes.
 */
int runtime_file_read(int fd, uid_t uid, uint64_t max_bytes, uint8_t **ret_bytes, size_t *ret_size);

#endif
