/* SPDX-License-Identifier: MIT */
/* Chooses the command; everything else is the commands' business. */
#include "cli/command_word.h"
#include "cli/commands.h"
#include "cli/record_options.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "loader/near_names.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	int (*fn)(int argc, char **argv);
	const char *title; /* argv[0] of the command: how its messages begin */
	const char *summary;
};

static const struct command commands[] = {
	{"record", cmd_record, "ctrace record", "record a program and draw it (the default)"},
	{"report", cmd_report, "ctrace report", "draw a recording kept earlier"},
	{"diff", cmd_diff, "ctrace diff", "draw what changed between two recordings"},
	{"flamegraph", cmd_flamegraph, "ctrace flamegraph", "draw folded stacks of any origin"},
	{"list", cmd_list, "ctrace list", "print the probes that match a pattern"},
	{"doctor", cmd_doctor, "ctrace doctor",
	 "what this machine allows, and the cure for the rest"},
	{"symbolize", cmd_symbolize, "ctrace symbolize", "addresses of an ELF file to functions"},
	{"unwind", cmd_unwind, "ctrace unwind", "what the table compiler makes of an ELF file"},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char usage[] = "Usage: ctrace [record] [OPTIONS] PROBE... -- PROGRAM [ARG...]\n"
			    "       ctrace COMMAND [OPTIONS] ...\n";

static void print_help(FILE *out)
{
	fprintf(out,
		"%s\nA flame graph of any Linux program, every stack whole: walked inside the\n"
		"kernel, by DWARF call frame information, at the moment of the "
		"event.\n\nCommands:\n",
		usage);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
	fputs("\nctrace COMMAND --help tells more, ctrace record --help lists the probes.\n\n"
	      "EXAMPLES\n"
	      "  ctrace profile:hz:99 -- ./prog            where its CPU time goes\n"
	      "  ctrace uprobe:libc:malloc -- ./prog       who allocates\n"
	      "  ctrace kprobe:vfs_read -- ./prog          who reads\n\n"
	      "They leave ctrace.folded and ctrace.svg in the working directory.\n",
	      out);
}

static void report_unknown_command(const char *word)
{
	_cleanup_free_ char *question = NULL;
	struct near_names near;

	near_names_init(&near, word);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		near_names_add(&near, commands[i].name);
	question = near_names_question(&near);
	if (*question)
		log_error("'%s' is not a ctrace command%s", word, question);
	else
		log_error("'%s' is neither a command nor a probe (those have a ':', as in "
			  "profile:hz:99); see ctrace --help",
			  word);
}

/* With a program to run, an exit status below 125 is that program's. */
static bool launches(int argc, char *const *argv)
{
	for (int i = 1; i + 1 < argc; i++) {
		if (!strcmp(argv[i], "--"))
			return true;
	}
	return false;
}

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i].name, word))
			return &commands[i];
	}
	return NULL;
}

/* Takes the command's word out and puts its title in the program's place. */
static int run_command(const struct command *command, int argc, char **argv, int word)
{
	if (word) {
		memmove(&argv[word], &argv[word + 1], (size_t)(argc - word) * sizeof(*argv));
		argc--;
	}
	argv[0] = (char *)(uintptr_t)command->title;
	return command->fn(argc, argv);
}

static int choose(int argc, char **argv)
{
	bool launching = launches(argc, argv);
	int word = command_word_find(argc, (const char *const *)argv, &record_options_argp);
	const struct command *command;

	argp_err_exit_status = launching ? EXIT_CTRACE_FAILED : EXIT_USAGE;
	if (!word && argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?"))) {
		print_help(stdout);
		return 0;
	}
	if (!word && argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		puts("ctrace " CTRACE_VERSION);
		return 0;
	}
	if (argc == 1) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	command = word ? find_command(argv[word]) : NULL;
	if (command)
		return run_command(command, argc, argv, word);
	if (!word || strchr(argv[word], ':'))
		return run_command(&commands[0], argc, argv, 0);
	report_unknown_command(argv[word]);
	return argp_err_exit_status;
}

int main(int argc, char **argv)
{
	int status = choose(argc, argv);

	/* --help and the like: a full disk behind standard output is a failure too. */
	if (fflush(stdout) && !status) {
		log_error("cannot write standard output");
		return EXIT_FAILED;
	}
	return status;
}
