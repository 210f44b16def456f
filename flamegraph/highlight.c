/* SPDX-License-Identifier: MIT */
#include "flamegraph/highlight.h"

#include "common/alloc.h"
#include "common/frame.h"
#include "flamegraph/profile.h"

#include <regex.h>
#include <stddef.h>

bool highlight_is_valid(const char *regex)
{
	regex_t compiled;

	if (regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB))
		return false;
	regfree(&compiled);
	return true;
}

static bool is_found(const regex_t *compiled, const char *text)
{
	return text && !regexec(compiled, text, 0, NULL, 0);
}

bool *highlight_others(const struct profile *profile, const char *regex)
{
	size_t nr;
	const struct frame *frames = profile_frames(profile, &nr);
	regex_t compiled;
	bool *others;

	if (regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB))
		return NULL;
	others = xcalloc(nr + 1, sizeof(*others));
	for (size_t i = 0; i < nr; i++)
		others[i] = frames[i].kind != FRAME_KIND_MARK &&
			    !is_found(&compiled, frames[i].name) &&
			    !is_found(&compiled, frames[i].module);
	regfree(&compiled);
	return others;
}
