/* SPDX-License-Identifier: MIT */
/*
 * What a process executes: its entry point, the file that lies in, and whether ctrace may and can
 * follow it.  Only reads files and /proc.
 */
#ifndef CTRACE_LOADER_LAUNCH_IMAGE_H
#define CTRACE_LOADER_LAUNCH_IMAGE_H

#include <stdint.h>
#include <sys/types.h>

/* Where a stopped process begins to run its own code. */
struct launch_entry {
	uint64_t addr; /* AT_ENTRY: in the process's memory */
	uint64_t off;  /* in the file behind /proc/PID/exe */
};

/*
 * Of a process in its exec stop.  -EPERM: its exec changed credentials (setuid, setgid, file
 * capabilities); -EAFNOSUPPORT: no 64-bit program of this machine; -ENOEXEC: no entry point in a
 * mapped file; other errors of reading /proc.  @ret_error: a sentence, to be freed.
 */
int launch_image_entry(pid_t pid, struct launch_entry *ret_entry, char **ret_error);

/* Offset in its file of what is mapped at @addr of a process.  -ENOEXEC: no file is. */
int launch_image_offset(pid_t pid, uint64_t addr, uint64_t *ret_off);

/* -EAFNOSUPPORT with a sentence for an ELF program of another machine or word size; else 0. */
int launch_image_check_file(const char *path, char **ret_error);

/* The interpreter a script or a program names; to be freed; NULL: none. */
char *launch_image_interpreter(const char *path);

#endif
