/* SPDX-License-Identifier: MIT */
/* Which probes of a recording saw nothing, and why. */
#include "flamegraph/capture.h"
#include "loader/object_set.h"
#include "loader/probe.h"
#include "loader/recording.h"
#include "loader/symbol_rival.h"

#include <string.h>

static bool has_samples(const struct capture *capture, size_t probe)
{
	size_t nr;
	const struct capture_stack *stacks = capture_stacks(capture, &nr);

	for (size_t i = 0; i < nr; i++)
		if (stacks[i].probe == probe)
			return true;
	return false;
}

/* Search of the objects that were mapped. */
struct silence_search {
	uint64_t inode;	      /* of the probe's object */
	const char *function; /* or NULL */
	struct probe_silence found;
};

static bool is_loader(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strncmp(slash ? slash + 1 : path, "ld-", 3) == 0;
}

/* By inode, not by device: of layered filesystems maps and stat() tell different ones. */
static int look_at(const struct object *object, void *arg)
{
	struct silence_search *search = arg;

	if (object->kind != OBJECT_ELF)
		return 0;
	if (object->inode == search->inode)
		search->found.was_mapped = true;
	/* What the loader exports it uses itself, before there are libraries. */
	else if (search->function && !search->found.another && object->fd >= 0 &&
		 !is_loader(object->path) && symbol_rival_exports(object->fd, search->function))
		search->found.another = object->path;
	return 0;
}

char *record_explain_silence(const struct record_result *result, size_t probe)
{
	const struct recording *r = result->recording;
	struct silence_search search = {0};

	if (probe >= r->nr_probes || has_samples(result->capture, probe))
		return NULL;
	search.inode = probe_object_inode(r->probes[probe]);
	if (!search.inode)
		return NULL;
	search.function = probe_function(r->probes[probe]);
	object_set_each(r->objects, look_at, &search);
	return probe_explain_silence(r->probes[probe], &search.found);
}
