/* SPDX-License-Identifier: MIT */
/*
 * The subcommands, one file cmd_<name>.c each, and the exit statuses they share.  A command gets
 * its own argument vector, argv[0] being "ctrace <name>", and returns the exit status.
 */
#ifndef CTRACE_CLI_COMMANDS_H
#define CTRACE_CLI_COMMANDS_H

/* cli.md "Exit status": with a program to launch the first set, without one the second. */
enum {
	EXIT_CTRACE_FAILED = 125,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL_BASE = 128,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_flamegraph(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_unwind(int argc, char **argv);
int cmd_symbolize(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#endif
