/* SPDX-License-Identifier: MIT */
/*
 * Where an output goes: its name is looked up once, link by link, and what was found is held open,
 * so that nobody can lead us elsewhere between the look and the use.  Links and devices are
 * followed and written only if they are root's, ours, or those of the user behind sudo.  Block
 * devices never are.  Makes nothing and does not print.
 */
#ifndef CTRACE_CLI_OUTPUT_PLACE_H
#define CTRACE_CLI_OUTPUT_PLACE_H

#include "common/cleanup.h"

#include <stdbool.h>

struct output_place {
	int fd;	    /* to be written straight: a pipe, terminal, device or descriptor; else -1 */
	int dir;    /* O_PATH, where a file is to be made; else -1 */
	char *name; /* of that file in @dir, which may be there already */
	bool is_there;
};

/*
 * A pipe is opened, so this waits for its reader.  -EISDIR; -ENOTBLK: a block device; -EPERM: it,
 * or a link on the way, is another user's; -ENXIO: a socket; -EBADF: /dev/fd/N that is not open for
 * writing; else as the system gave it.
 */
int output_place_find(const char *path, struct output_place *ret_place);
void output_place_release(struct output_place *place);

#endif
