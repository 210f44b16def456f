/* SPDX-License-Identifier: MIT */
/*
 * An SVG that is a picture everywhere and an application where scripts run: still picture, data
 * block and engine in one file that needs nothing else and is the same, byte by byte, for the same
 * profile.
 */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "flamegraph/engine.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/page.h"

#include <errno.h>

static int write_svg(const struct profile *profile, const struct format_options *options, FILE *out)
{
	_cleanup_free_ char *classes = NULL;
	struct page page;
	int ret;

	ret = page_init(&page, profile, options);
	if (ret < 0)
		return ret;
	classes = xasprintf("ctrace %s%s%s", page.scope, *page_theme(&page) ? " " : "",
			    page_theme(&page));
	page_write_svg(&page, classes, out);
	fputs("<metadata id=\"ctrace-meta\">", out);
	page_write_meta(&page, out);
	fputs("</metadata>\n<script type=\"application/x-ctrace\" id=\"ctrace-data\">", out);
	page_write_data(&page, out);
	fprintf(out, "</script>\n<script><![CDATA[\n%s]]></script>\n</svg>\n", engine_script());
	page_release(&page);
	return ferror(out) ? -EIO : 0;
}

const struct format format_svg = {
	.name = "svg",
	.suffix = ".svg",
	.what = "flame graph: a picture everywhere, an application in a browser",
	.compares = true,
	.write = write_svg,
};
