/* SPDX-License-Identifier: MIT */
/* `ctrace unwind`: what the table compiler makes of a file. */
#include "cli/commands.h"
#include "common/elf_image.h"
#include "common/log.h"
#include "unwind/rows.h"
#include "unwind/table.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_ROWS = 0x100, OPTION_JSON, OPTION_CFI_ONLY };

struct unwind_arguments {
	bool rows;
	bool json;
	bool cfi_only;
	int nr_files;
	char **files;
};

static const struct {
	const char *json;
	const char *text;
} reasons[] = {
#define X(name, json, text) {json, text},
	CTRACE_NONE_REASONS(X)
#undef X
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct unwind_arguments *args = state->input;

	(void)arg;
	switch (key) {
	case OPTION_ROWS:
		args->rows = true;
		return 0;
	case OPTION_JSON:
		args->json = true;
		return 0;
	case OPTION_CFI_ONLY:
		args->cfi_only = true;
		return 0;
	case ARGP_KEY_ARGS:
		args->files = state->argv + state->next;
		args->nr_files = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no ELF file given");
		return EINVAL;
	case ARGP_KEY_SUCCESS:
		if (args->rows && args->json)
			argp_error(state, "--rows and --json exclude each other");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{"rows", OPTION_ROWS, NULL, 0,
	 "Print the table, one line per row: address, CFA, RBP and return address as "
	 "`readelf --debug-dump=frames-interp` spells them",
	 0},
	{"cfi-only", OPTION_CFI_ONLY, NULL, 0,
	 "Leave out what Go's own tables and the code itself tell where there is no CFI", 0},
	{"json", OPTION_JSON, NULL, 0, "Print the figures as a JSON array, one object per file", 0},
	{0},
};

static const struct argp unwind_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "ELF...",
	.doc = "Compiles the call frame information of ELF files into unwind tables, as a "
	       "recording "
	       "does for every object it meets, and prints what became of it.\v"
	       "EXAMPLES\n"
	       "  ctrace unwind /usr/bin/python3           size, speed, rows not expressed\n"
	       "  ctrace unwind --rows ./prog | less       the table itself\n"
	       "  ctrace unwind --json /usr/lib/x86_64-linux-gnu/libc.so.6\n",
};

static uint64_t unexpressed_rows(const struct unwind_stats *stats)
{
	uint64_t sum = 0;

	for (int i = NONE_INEXPRESSIBLE; i < NR_UNWIND_NONE; i++)
		sum += stats->none[i];
	return sum;
}

/* What a search touches: rows and index.  The rules are shared by all objects of a process. */
static uint64_t row_bytes(const struct unwind_table *table)
{
	return table->stats.bytes - (uint64_t)table->nr_rules * sizeof(*table->rules);
}

static double per_row(uint64_t value, const struct unwind_stats *stats)
{
	return stats->cfi_rows ? (double)value / (double)stats->cfi_rows : 0;
}

static void print_text(const char *path, const struct unwind_table *table)
{
	const struct unwind_stats *stats = &table->stats;

	printf("%s\n", path);
	printf("  %-24s %" PRIu64 "\n", "FDEs", stats->fdes);
	printf("  %-24s %" PRIu64 "\n", "CFI rows", stats->cfi_rows);
	printf("  %-24s %" PRIu64 " (%" PRIu64 " of them holes)\n", "table rows", stats->rows,
	       stats->gap_rows);
	printf("  %-24s %" PRIu64 "\n", "bytes of rows and index", row_bytes(table));
	printf("  %-24s %.2f\n", "bytes per CFI row", per_row(row_bytes(table), stats));
	printf("  %-24s %" PRIu32 " (%" PRIu64 " bytes)\n", "distinct rules", table->nr_rules,
	       stats->bytes - row_bytes(table));
	printf("  %-24s %" PRIu64 "\n", "rows not expressed", unexpressed_rows(stats));
	for (int i = NONE_INEXPRESSIBLE; i < NR_UNWIND_NONE; i++)
		if (stats->none[i])
			printf("    %-22" PRIu64 " %s\n", stats->none[i], reasons[i].text);
	if (stats->bad_fdes)
		printf("  %-24s %" PRIu64 "\n", "damaged FDEs", stats->bad_fdes);
	printf("  %-24s %.3f ms (%.1f ns per CFI row)\n", "time", (double)stats->build_ns / 1e6,
	       per_row(stats->build_ns, stats));
}

static void print_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_json(const char *path, const struct unwind_table *table, bool is_first)
{
	const struct unwind_stats *stats = &table->stats;

	printf("%s\n  {\"file\": ", is_first ? "" : ",");
	print_json_string(path);
	printf(", \"fdes\": %" PRIu64 ", \"damaged_fdes\": %" PRIu64 ", \"cfi_rows\": %" PRIu64
	       ", \"rows\": %" PRIu64 ", \"gap_rows\": %" PRIu64 ", \"bytes\": %" PRIu64
	       ", \"row_bytes\": %" PRIu64 ", \"bytes_per_cfi_row\": %.4f, \"rules\": %" PRIu32
	       ", \"build_ns\": %" PRIu64 ", \"unsupported_rows\": %" PRIu64
	       ", \"unsupported_by\": {",
	       stats->fdes, stats->bad_fdes, stats->cfi_rows, stats->rows, stats->gap_rows,
	       stats->bytes, row_bytes(table), per_row(row_bytes(table), stats), table->nr_rules,
	       stats->build_ns, unexpressed_rows(stats));
	for (int i = NONE_INEXPRESSIBLE; i < NR_UNWIND_NONE; i++)
		printf("%s\"%s\": %" PRIu64, i == NONE_INEXPRESSIBLE ? "" : ", ", reasons[i].json,
		       stats->none[i]);
	printf("}}");
}

/* 0, or -1 after a message. */
static int build_table(const char *path, bool cfi_only, struct unwind_table **ret_table)
{
	_cleanup_(elf_image_closep) struct elf_image *image = NULL;
	const struct unwind_options build_options = {.cfi_only = cfi_only};
	int err = elf_image_open(path, &image);

	if (err == -ENOEXEC)
		log_error("'%s' is not a 64-bit ELF file", path);
	else if (err == -EBADMSG)
		log_error("'%s' has damaged ELF headers", path);
	else if (err)
		log_errno(err, "cannot open '%s'", path);
	if (err)
		return -1;
	err = unwind_table_build(image, &build_options, ret_table);
	if (err == -ENODATA)
		log_error("'%s' has no unwind information", path);
	else if (err == -EBADMSG)
		log_error("the unwind information of '%s' is damaged", path);
	else if (err)
		log_errno(err, "cannot compile the unwind information of '%s'", path);
	return err ? -1 : 0;
}

int cmd_unwind(int argc, char **argv)
{
	struct unwind_arguments args = {0};
	int status = 0, nr_done = 0;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&unwind_argp, argc, argv, 0, NULL, &args);
	if (args.json)
		printf("[");
	for (int i = 0; i < args.nr_files; i++) {
		_cleanup_(unwind_table_freep) struct unwind_table *table = NULL;

		if (build_table(args.files[i], args.cfi_only, &table) < 0) {
			status = EXIT_FAILED;
			continue;
		}
		if (args.rows && args.nr_files > 1)
			printf("%s%s:\n", nr_done ? "\n" : "", args.files[i]);
		if (args.json)
			print_json(args.files[i], table, nr_done == 0);
		else if (!args.rows)
			print_text(args.files[i], table);
		else if (unwind_rows_print(table, stdout) < 0)
			break;
		nr_done++;
	}
	if (args.json)
		printf("%s]\n", nr_done ? "\n" : "");
	if (fflush(stdout) || ferror(stdout)) {
		log_errno(EIO, "cannot write to standard output");
		return EXIT_FAILED;
	}
	return status;
}
