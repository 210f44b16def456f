/* SPDX-License-Identifier: MIT */
/*
 * The images of code made at run time that one process registers for debuggers (the GDB JIT
 * interface: __jit_debug_descriptor), with their tables and names.  Read from its memory when
 * asked; whoever knows that there may be new ones asks.
 */
#ifndef CTRACE_LOADER_CODE_IMAGES_H
#define CTRACE_LOADER_CODE_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct code_images;
struct object;
struct object_set;
struct process;

/*
 * Looks what the present image of @process has registered by now; *@images is made at the first
 * look.  @surely: also where the process says nothing new.  Has anything changed?
 */
bool code_images_look(struct code_images **images, const struct process *process,
		      struct object_set *objects, bool surely);
void code_images_free(struct code_images *images);

/* Calls @fn for the code of the image @execs that is registered now, upward.  @images: or NULL. */
void code_images_each(const struct code_images *images, uint32_t execs,
		      void (*fn)(uint64_t start, uint64_t end, const struct object *object,
				 void *arg),
		      void *arg);
/* Does the image @execs register its code? */
bool code_images_exist(const struct code_images *images, uint32_t execs);

/* The function at @addr in the image @execs, the latest that was registered there, or NULL. */
const char *code_images_find(const struct code_images *images, uint32_t execs, uint64_t addr);

#endif
