/* SPDX-License-Identifier: MIT */
/* `ctrace symbolize`: addresses of one ELF file to functions and lines, for scripts. */
#include "cli/commands.h"
#include "cli/fetch_progress.h"
#include "cli/symbol_options.h"
#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/intern.h"
#include "common/log.h"
#include "common/number.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_THREADS 64

enum {
	OPTION_ROOT = 0x100,
	OPTION_THREADS,
};

struct symbolize_arguments {
	const char *elf;
	bool all_frames;
	bool print_addresses;
	bool verbose;
	struct symbol_options symbols;
	struct symbolize_address *addrs;
	size_t nr;
	size_t cap;
};

/* -EINVAL or -ERANGE if @text is no address. */
static int add_address(struct symbolize_arguments *args, const char *text)
{
	struct symbolize_address addr = {0};
	int err = parse_uint(text, 0, UINT64_MAX, &addr.vaddr);

	if (err)
		return err;
	GROW_ARRAY(args->addrs, args->nr, args->cap);
	args->addrs[args->nr++] = addr;
	return 0;
}

static error_t parse_value(int key, char *arg, struct argp_state *state)
{
	struct symbolize_arguments *args = state->input;
	uint64_t threads;

	switch (key) {
	case OPTION_ROOT:
		args->symbols.values.root = arg;
		return 0;
	case OPTION_THREADS:
		if (parse_uint(arg, 1, MAX_THREADS, &threads) < 0)
			argp_error(state, "--threads takes a number from 1 to %d, not '%s'",
				   MAX_THREADS, arg);
		args->symbols.values.nr_threads = (unsigned int)threads;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->symbols;
		return 0;
	case ARGP_KEY_ARG:
		if (add_address(args, arg) < 0)
			argp_error(state, "'%s' is no address (0x... or decimal)", arg);
		return 0;
	case ARGP_KEY_SUCCESS:
		if (!args->elf)
			argp_error(state, "no ELF file given (-e)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct symbolize_arguments *args = state->input;

	switch (key) {
	case 'e':
		args->elf = arg;
		return 0;
	case 'i':
		args->all_frames = true;
		return 0;
	case 'a':
		args->print_addresses = true;
		return 0;
	case 'f': /* always printed; scripts for addr2line and llvm-symbolizer say it */
		return 0;
	case 'v':
		args->verbose = true;
		return 0;
	default:
		return parse_value(key, arg, state);
	}
}

static const struct argp_option options[] = {
	{"exe", 'e', "ELF", 0, "The file the addresses are of", 0},
	{"inlines", 'i', NULL, 0, "Print the callers of inlined functions too, innermost first", 0},
	{"addresses", 'a', NULL, 0, "Print each address before its frames", 0},
	{"functions", 'f', NULL, 0, "Accepted for compatibility; functions are always printed", 0},
	{"root", OPTION_ROOT, "DIR", 0, "Look for debug files below DIR before the host's own", 0},
	{"threads", OPTION_THREADS, "N", 0, "Threads to read debug information with", 0},
	{"verbose", 'v', NULL, 0,
	 "Print on standard error which files were used, and what was missing", 0},
	{0},
};

static const struct argp_child children[] = {
	{.argp = &symbol_options_argp, .header = "Names:"},
	{0},
};

static const struct argp symbolize_argp = {
	.options = options,
	.children = children,
	.parser = parse_option,
	.args_doc = "-e ELF [ADDR...]",
	.doc = "Prints the function, file and line of each address, as `llvm-symbolizer "
	       "--output-style=GNU -f` does.  Without ADDR they are read from standard input, one "
	       "a "
	       "line, and answered when it ends: all at once is many times faster.\v"
	       "EXAMPLES\n"
	       "  ctrace symbolize -e ./prog -i 0x1139 0x1200\n"
	       "  ctrace symbolize -e ./prog -a --demangle none <addresses\n"
	       "  ctrace symbolize -e /usr/lib/x86_64-linux-gnu/libc.so.6 -v 0x98930\n",
};

/* 0, or -1 after a message. */
static int read_addresses(struct symbolize_arguments *args)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) >= 0) {
		while (len > 0 && strchr(" \t\r\n", line[len - 1]))
			line[--len] = '\0';
		if (len > 0 && add_address(args, line) < 0) {
			log_error("'%s' is no address (0x... or decimal)", line);
			return -1;
		}
	}
	if (ferror(stdin)) {
		log_errno(errno, "cannot read standard input");
		return -1;
	}
	return 0;
}

static void print_answers(const struct symbolize_arguments *args)
{
	for (size_t i = 0; i < args->nr; i++) {
		const struct symbolize_address *addr = &args->addrs[i];
		uint32_t nr = args->all_frames ? addr->nr_frames : 1;

		if (args->print_addresses)
			printf("0x%" PRIx64 "\n", addr->vaddr);
		for (uint32_t k = 0; k < nr; k++) {
			const struct frame *frame = &addr->frames[k];

			printf("%s\n%s:%" PRIu32 "\n", frame->name,
			       frame->file ? frame->file : "??", frame->line);
		}
	}
}

static int symbolize_all(struct symbolize_arguments *args)
{
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	struct symbolize_stats stats;
	int err;

	err = symbolize_object(args->elf, NULL, NULL, &args->symbols.values, strings, args->addrs,
			       args->nr, &stats);
	if (args->symbols.values.debuginfod)
		fetch_progress_end();
	if (err == -ENOEXEC)
		log_error("'%s' is not a 64-bit ELF file", args->elf);
	else if (err)
		log_errno(err, "cannot read '%s'", args->elf);
	if (!err)
		print_answers(args);
	if (!err && args->verbose)
		log_info("%s: %" PRIu64 " of %" PRIu64 " addresses named, %" PRIu64
			 " inlined frames, %.1f ms; %s",
			 args->elf, stats.named, stats.addresses, stats.inlined_frames,
			 (double)stats.ns / 1e6, stats.source);
	symbolize_release(args->addrs, args->nr);
	return err ? EXIT_FAILED : 0;
}

int cmd_symbolize(int argc, char **argv)
{
	struct symbolize_arguments args = {0};
	int status;

	symbol_options_init(&args.symbols);
	args.symbols.values.lines = true;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&symbolize_argp, argc, argv, 0, NULL, &args);
	if (args.nr == 0 && read_addresses(&args) < 0)
		status = EXIT_FAILED;
	else
		status = symbolize_all(&args);
	free(args.addrs);
	symbol_options_release(&args.symbols);
	return status;
}
