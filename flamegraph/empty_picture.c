/* SPDX-License-Identifier: MIT */
#include "flamegraph/empty_picture.h"

#include "common/cleanup.h"
#include "flamegraph/capture.h"
#include "flamegraph/format.h"
#include "flamegraph/markup.h"
#include "flamegraph/page_text.h"
#include "flamegraph/profile.h"

#include <errno.h>
#include <inttypes.h>

#define WIDTH	   1200
#define LINE_PX	   24
#define FIRST_LINE 32

static void begin_line(FILE *out, unsigned int row)
{
	fprintf(out, "<text x=\"16\" y=\"%u\">", FIRST_LINE + row * LINE_PX);
}

static void end_line(FILE *out)
{
	fputs("</text>\n", out);
}

int empty_picture_write(const struct profile *profile, const struct format_options *options,
			FILE *out)
{
	const struct capture_info *info = profile_info(profile);
	_cleanup_free_ char *title = page_title(profile, options);

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"120\" "
		"viewBox=\"0 0 %d 120\" role=\"img\" font-family=\"monospace\" font-size=\"14\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#f8f8f8\"/>\n<title>",
		WIDTH, WIDTH);
	markup_text(out, title);
	fputs("</title>\n", out);
	begin_line(out, 0);
	markup_text(out, title);
	end_line(out);
	begin_line(out, 1);
	fputs(info ? "No samples: the probes were not hit." : "No stacks in the input.", out);
	end_line(out);
	if (info) {
		begin_line(out, 2);
		for (size_t i = 0; i < info->nr_probes; i++) {
			fputs(i ? ", " : "", out);
			markup_text(out, info->probes[i]);
		}
		fprintf(out, " in %.2f s, %" PRIu64 " lost", (double)info->duration_ns / 1e9,
			info->lost);
		end_line(out);
	}
	fputs("</svg>\n", out);
	return ferror(out) ? -EIO : 0;
}
