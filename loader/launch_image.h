/* SPDX-License-Identifier: MIT */
/*
 * What a process executes: its entry point, the file that lies in, its linker, and whether ctrace
 * may and can follow it.  Only reads files and /proc.
 */
#ifndef CTRACE_LOADER_LAUNCH_IMAGE_H
#define CTRACE_LOADER_LAUNCH_IMAGE_H

#include <stdint.h>
#include <sys/types.h>

/* An instruction of a process. */
struct launch_place {
	uint64_t addr; /* in its memory */
	uint64_t off;  /* in its file */
	char file[64]; /* by which that can be opened, below /proc/PID */
};

/* Where a process begins. */
struct launch_image {
	struct launch_place entry; /* AT_ENTRY: of the program's own code */
	uint64_t linker_base;	   /* AT_BASE; 0: there is no dynamic linker */
};

/*
 * Of a process in its exec stop.  -EPERM: its exec changed credentials (setuid, setgid, file
 * capabilities); -EAFNOSUPPORT: no 64-bit program of this machine; -ENOEXEC: no entry point in a
 * mapped file; other errors of reading /proc.  @ret_error: a sentence, to be freed.
 */
int launch_image_read(pid_t pid, struct launch_image *ret_image, char **ret_error);

/* What is mapped at @addr of a process.  -ENOEXEC: no file is. */
int launch_image_place(pid_t pid, uint64_t addr, struct launch_place *ret_place);
/* Its offset alone. */
int launch_image_offset(pid_t pid, uint64_t addr, uint64_t *ret_off);

/* -EAFNOSUPPORT with a sentence for an ELF program of another machine or word size; else 0. */
int launch_image_check_file(const char *path, char **ret_error);

/* The interpreter a script or a program names; to be freed; NULL: none. */
char *launch_image_interpreter(const char *path);

#endif
