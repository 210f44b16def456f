/* SPDX-License-Identifier: MIT */
/* Why a uprobe saw nothing: what can be known of that when the recording is over. */
#include "common/alloc.h"
#include "loader/object_functions.h"
#include "loader/probe_internal.h"
#include "symbolize/demangle.h"
#include "symbolize/function_search.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_CALLERS 3 /* in one sentence */

uint64_t probe_object_inode(const struct probe *probe)
{
	struct stat st;

	return probe->object_path && fstat(probe->object_fd, &st) == 0 ? st.st_ino : 0;
}

/* "a, b and c": the first of what a function was inlined into. */
static char *name_callers(const struct function_search *inlined)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < inlined->nr_callers && i < MAX_CALLERS; i++) {
		_cleanup_free_ char *name = demangle_name(inlined->callers[i], DEMANGLE_SHORT);
		char *longer = xasprintf("%s%s'%s'", text, i ? ", " : "", name);

		free(text);
		text = longer;
	}
	return text;
}

/* It has code of its own, but its callers may have theirs: NULL if nothing tells. */
static char *explain_inlined(const struct probe *probe)
{
	_cleanup_(object_functions_closep) struct object_functions *object = NULL;
	_cleanup_free_ char *callers = NULL;
	const struct function_search *inlined;

	if (object_functions_open(probe->object_fd, probe->object_path, &object) < 0)
		return NULL;
	inlined = object_functions_inlined(object, probe->name);
	if (!inlined || !inlined->nr_inlined)
		return NULL;
	callers = name_callers(inlined);
	return xasprintf("'%s' itself was never called: it is inlined at %" PRIu64
			 " place%s, whose "
			 "calls a probe does not see%s%s%s",
			 probe->name, inlined->nr_inlined, inlined->nr_inlined > 1 ? "s" : "",
			 *callers ? " (in " : "", callers, *callers ? ")" : "");
}

const char *probe_function(const struct probe *probe)
{
	return probe->object_path && probe->name && !probe_is_glob(probe->name) ? probe->name
										: NULL;
}

char *probe_explain_silence(const struct probe *probe, const struct probe_silence *silence)
{
	char *inlined = NULL;

	if (!probe->object_path || probe->nr_points == 0)
		return NULL;
	if (!silence->was_mapped)
		return xasprintf("'%s' saw nothing: the program never loaded '%s'", probe->text,
				 probe->object_path);
	if (!probe->name)
		return xasprintf("'%s' saw nothing: the code there never ran", probe->text);
	if (probe->rival)
		return xasprintf("'%s' saw nothing: calls of '%s' go to %s, which comes before "
				 "'%s'",
				 probe->text, probe->name, probe->rival, probe->object_path);
	if (silence->another)
		return xasprintf(
			"'%s' saw nothing: '%s' has '%s' too, and calls may have gone there",
			probe->text, silence->another, probe->name);
	if (probe->off)
		return xasprintf("'%s' saw nothing: the code there never ran", probe->text);
	if (!probe_is_glob(probe->name))
		inlined = explain_inlined(probe);
	if (inlined)
		return inlined;
	if (probe->nr_points > 1)
		return xasprintf("'%s' saw nothing: none of its %zu functions was called",
				 probe->text, probe->nr_points);
	return xasprintf("'%s' was never called", probe->name);
}
