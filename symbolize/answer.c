/* SPDX-License-Identifier: MIT */
#include "symbolize/answer.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/intern.h"

#include <string.h>

void symbolize_release(struct symbolize_address *addrs, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(addrs[i].frames);
		addrs[i].frames = NULL;
		addrs[i].nr_frames = 0;
	}
}

const char *symbolize_module_name(struct intern *strings, const char *path)
{
	_cleanup_free_ char *text = NULL;
	const char *slash;

	if (!path || !path[0])
		return intern_string(strings, "[unknown]");
	if (path[0] == '[')
		return intern_string(strings, path);
	slash = strrchr(path, '/');
	text = xasprintf("[%s]", slash && slash[1] ? slash + 1 : path);
	return intern_string(strings, text);
}
