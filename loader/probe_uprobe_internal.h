/* SPDX-License-Identifier: MIT */
/* What the files that find a uprobe's places share: what was found, and what spoke against it. */
#ifndef CTRACE_LOADER_PROBE_UPROBE_INTERNAL_H
#define CTRACE_LOADER_PROBE_UPROBE_INTERNAL_H

#include "loader/object_functions.h"
#include "loader/probe_internal.h"

struct uprobe_collection {
	struct probe *probe;
	struct object_functions *object;
	pid_t pid;
	size_t nr_short;       /* functions that end before the offset */
	size_t nr_unprobeable; /* whose instruction there the kernel refuses */
	size_t nr_between;     /* that have no instruction beginning there */
	size_t nr_data;	       /* that are no functions */
	uint64_t size;	       /* of one of the short ones */
	char *between;	       /* of one of those: what is there, and what is near */
	uint64_t vaddr;	       /* of the function that was found last */
	char *name;	       /* its raw name */
	size_t nr_choosers;    /* chosen at run time, and nobody tells as what */
	char *choices;	       /* what others were chosen as; or NULL */
	int err;
};

/*
 * "+3 is inside an instruction; nearest are +2 and +5": why nothing can be put @off bytes behind
 * @vaddr, in the function at @start.  @as_address: offsets are told as addresses.  NULL if it can;
 * else to be freed.
 */
char *uprobe_check_boundary(struct object_functions *object, const struct object_function *function,
			    uint64_t off, bool as_address);

/* The sentence for a probe that names nothing, and its error. */
int uprobe_explain_nothing(const struct uprobe_collection *found, char **ret_error);
/* Appends that functions are chosen at run time, nobody knows as what, and what there is. */
void uprobe_note_choosers(const struct uprobe_collection *found, char **ret_note);
/* Appends to *ret_note what is worth saying of the one function that was found. */
void uprobe_note_names(const struct uprobe_collection *found, char **ret_note);
void uprobe_note_add(char **ret_note, char *sentence);

#endif
