/* SPDX-License-Identifier: MIT */
/* The functions as CSV (RFC 4180), heaviest first. */
#include "common/cleanup.h"
#include "flamegraph/call_graph.h"
#include "flamegraph/format.h"
#include "flamegraph/format_writers.h"
#include "flamegraph/markup.h"
#include "flamegraph/profile.h"
#include "flamegraph/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void put_field(FILE *out, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	putc('"', out);
	while (len) {
		uint32_t character;
		size_t nr = utf8_decode(text, len, &character);
		char bytes[UTF8_MAX];

		if (character == '"')
			putc('"', out);
		fwrite(bytes, 1, utf8_encode(character, bytes), out);
		text += nr;
		len -= nr;
	}
	putc('"', out);
}

static const char *kind_text(unsigned int kind)
{
	static const char *const texts[NR_FRAME_KINDS] = {
		[FRAME_KIND_USER] = "user",	  [FRAME_KIND_KERNEL] = "kernel",
		[FRAME_KIND_INLINED] = "inlined", [FRAME_KIND_JIT] = "jit",
		[FRAME_KIND_MODULE] = "module",	  [FRAME_KIND_UNKNOWN] = "unknown",
		[FRAME_KIND_MARK] = "mark",
	};

	return texts[kind];
}

static int write_table(const struct profile *profile, const struct format_options *options,
		       FILE *out)
{
	const struct profile_before *before = profile_before(profile);
	uint64_t whole = profile_total(profile);
	_cleanup_free_ uint32_t *order = NULL;
	struct call_graph graph;

	(void)options;
	if (!whole && !(before && before[0].total))
		return -ENODATA;
	call_graph_init(&graph, profile);
	order = call_graph_order(&graph, false);
	fprintf(out, "function,self,self_percent,total,total_percent,kind,module,file,line%s\r\n",
		before ? ",self_before,total_before" : "");
	for (size_t i = 0; i < graph.nr_functions; i++) {
		const struct call_graph_function *row = &graph.functions[order[i]];

		put_field(out, row->frame->name);
		fprintf(out, ",%" PRIu64 ",%.4f,%" PRIu64 ",%.4f,%s,", row->self,
			markup_percent(row->self, whole), row->total,
			markup_percent(row->total, whole), kind_text(row->frame->kind));
		put_field(out, row->frame->module);
		putc(',', out);
		put_field(out, row->frame->file);
		fprintf(out, ",%" PRIu32, row->frame->line);
		if (before)
			fprintf(out, ",%" PRIu64 ",%" PRIu64, row->self_before, row->total_before);
		fputs("\r\n", out);
	}
	call_graph_release(&graph);
	return ferror(out) ? -EIO : 0;
}

const struct format format_csv = {
	.name = "csv",
	.suffix = ".csv",
	.what = "functions as a table: self, total",
	.compares = true,
	.write = write_table,
};
