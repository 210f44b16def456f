/* SPDX-License-Identifier: MIT */
/* Chooses the command; everything else is the commands' business. */
#include "cli/command_word.h"
#include "cli/commands.h"
#include "cli/record_options.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/path_search.h"
#include "loader/near_names.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

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

static const char usage[] = "Usage: ctrace [OPTIONS] PROGRAM [ARG...]\n"
			    "       ctrace [record] [OPTIONS] PROBE... -- PROGRAM [ARG...]\n"
			    "       ctrace COMMAND [OPTIONS] ...\n";

static void print_help(FILE *out)
{
	fprintf(out,
		"%s\nFlame graphs of any Linux program, with complete stacks: they are walked "
		"inside\n"
		"the kernel, by DWARF call frame information, at the moment of the "
		"event.\n\nCommands:\n",
		usage);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "  %-12s %s\n  %-12s %s\n", "help", "print this, or the help of a command",
		"version", "print the version");
	fputs("\n`ctrace COMMAND --help` tells more; `ctrace record --help` lists the probes.\n\n"
	      "EXAMPLES\n"
	      "  ctrace ./prog                             where its CPU time goes\n"
	      "  ctrace profile:hz:99 -- ./prog            the same, 99 times a second\n"
	      "  ctrace uprobe:libc:malloc -- ./prog       who allocates\n"
	      "  ctrace kprobe:vfs_read -- ./prog          who gets there in the kernel\n\n"
	      "They write ctrace.folded and ctrace.svg in the working directory.\n",
	      out);
}

/* A word that is a command but for a letter, and no program, was meant to be that command. */
static bool report_misspelt_command(const char *word)
{
	_cleanup_free_ char *question = NULL, *path = NULL;
	struct near_names near;

	if (strchr(word, '/') || path_search(word, &path) == 0)
		return false;
	near_names_init(&near, word);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		near_names_add(&near, commands[i].name);
	question = near_names_question(&near);
	if (!*question)
		return false;
	log_error("'%s' is neither a command nor a program in PATH%s", word, question);
	return true;
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

/* Behind `help`, `-h` and the like may stand the command whose help is wanted. */
static int help(int argc, char **argv)
{
	static char option[] = "--help";
	const struct command *command = argc > 2 ? find_command(argv[2]) : NULL;
	char *of_command[] = {NULL, option, NULL};

	if (argc > 2 && !command) {
		log_error("there is no command '%s'; see ctrace --help", argv[2]);
		return EXIT_USAGE;
	}
	if (command)
		return run_command(command, 2, of_command, 0);
	print_help(stdout);
	return 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

static int choose(int argc, char **argv)
{
	static const char *const help_words[] = {"--help", "-h", "-?", "help", NULL};
	static const char *const version_words[] = {"--version", "-V", "version", NULL};
	const struct command *command;
	int word;

	if (argc == 1) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], help_words))
		return help(argc, argv);
	if (argc == 2 && is_one_of(argv[1], version_words)) {
		puts("ctrace " CTRACE_VERSION);
		return 0;
	}
	word = command_word_find(argc, (const char *const *)argv, &record_options_argp);
	command = word ? find_command(argv[word]) : NULL;
	if (!command && word && !strchr(argv[word], ':') && report_misspelt_command(argv[word]))
		return EXIT_NOT_FOUND;
	argp_err_exit_status = EXIT_USAGE;
	return command ? run_command(command, argc, argv, word)
		       : run_command(&commands[0], argc, argv, 0);
}

/* With a handler a write beyond the limit (ulimit -f) fails; a program we start has the default. */
static void on_file_size(int signal)
{
	(void)signal;
}

static void survive_file_size(void)
{
	const struct sigaction action = {.sa_handler = on_file_size, .sa_flags = SA_RESTART};
	struct sigaction before;

	if (sigaction(SIGXFSZ, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
		sigaction(SIGXFSZ, &action, NULL);
}

/*
 * A file with capabilities runs undumpable, and then may not even look into its own /proc/self/fd,
 * by which the kernel is told of files.  Whoever wants to trace it needs the same capabilities
 * still (capabilities(7), ptrace(2)).
 */
static void open_own_proc(void)
{
	if (prctl(PR_GET_DUMPABLE) != 1)
		prctl(PR_SET_DUMPABLE, 1);
}

int main(int argc, char **argv)
{
	int status;

	open_own_proc();
	survive_file_size();
	status = choose(argc, argv);

	/* --help and the like: a full disk behind standard output is a failure too. */
	if (fflush(stdout) && !status) {
		log_error("cannot write standard output");
		return EXIT_FAILED;
	}
	return status;
}
