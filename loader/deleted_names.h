/* SPDX-License-Identifier: MIT */
/*
 * Names of functions in files that are deleted when the recording ends: with the last descriptor
 * closed nobody can look them up, so they are kept in the capture, the symbols' without inlined
 * functions.  Reports made at once do not need them: they still have the file.
 */
#ifndef CTRACE_LOADER_DELETED_NAMES_H
#define CTRACE_LOADER_DELETED_NAMES_H

#include "common/cleanup.h"

#include <stdint.h>

struct capture;
struct deleted_names;
struct object;

struct deleted_names *deleted_names_new(void);
void deleted_names_free(struct deleted_names *names);
DEFINE_CLEANUP(struct deleted_names *, deleted_names_free);

/* @vaddr was hit in @object, which is @index in the capture; does nothing if its file is there. */
void deleted_names_note(struct deleted_names *names, uint32_t index, const struct object *object,
			uint64_t vaddr);
/* Looks up what was noted and puts it into @capture. */
void deleted_names_store(struct deleted_names *names, struct capture *capture);

#endif
