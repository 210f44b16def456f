/* SPDX-License-Identifier: MIT */
/*
 * The SVG's picture, data and engine in an HTML page, with a table of functions beside them.  One
 * file, and its own policy forbids it to load anything.
 */
#include "common/cleanup.h"
#include "flamegraph/engine.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/markup.h"
#include "flamegraph/page.h"

#include <errno.h>

static void put_head(const struct page *page, FILE *out)
{
	_cleanup_free_ char *title = page_title(page->profile, page->options);

	fprintf(out, "<!doctype html>\n<html lang=\"en\" class=\"ctrace-page %s%s%s\"", page->scope,
		*page_theme(page) ? " " : "", page_theme(page));
	fputs(">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "script-src 'unsafe-inline'; style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
	      out);
	markup_text(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", engine_html_css());
}

static int write_html(const struct profile *profile, const struct format_options *options,
		      FILE *out)
{
	struct page page;
	int ret;

	ret = page_init(&page, profile, options);
	if (ret < 0)
		return ret;
	put_head(&page, out);
	page_write_svg(&page, "ctrace", out);
	fputs("</svg>\n</main>\n<script type=\"application/json\" id=\"ctrace-meta\">", out);
	page_write_meta(&page, out);
	fputs("</script>\n<script type=\"application/x-ctrace\" id=\"ctrace-data\">", out);
	page_write_data(&page, out);
	fprintf(out, "</script>\n<script>\n%s</script>\n</body>\n</html>\n", engine_html_script());
	page_release(&page);
	return ferror(out) ? -EIO : 0;
}

const struct format format_html = {
	.name = "html",
	.suffix = ".html",
	.what = "the same as a web page, with a table of functions",
	.compares = true,
	.write = write_html,
};
