/* SPDX-License-Identifier: MIT */
/*
 * "[OBJ:]FN" as people type it: where the object ends and the function begins, although both may
 * have colons.  Knows no probes.
 */
#ifndef CTRACE_LOADER_UPROBE_SPEC_H
#define CTRACE_LOADER_UPROBE_SPEC_H

/*
 * Splits @spec.  A colon of a path is written "\:", or just typed where that is the path of a file;
 * "::" belongs to a name.  *ret_object: NULL if there is none, else to be freed; *ret_function:
 * within @spec.
 */
void uprobe_spec_split(const char *spec, char **ret_object, const char **ret_function);
/* @object with its colons written "\:"; to be freed. */
char *uprobe_spec_escape(const char *object);

#endif
