/* SPDX-License-Identifier: MIT */
/*
 * Finds the word of a command line that chooses the command: the first one that is neither an
 * option nor an option's value.  Parses nothing else.
 */
#ifndef CTRACE_CLI_COMMAND_WORD_H
#define CTRACE_CLI_COMMAND_WORD_H

struct argp;

/*
 * Index of that word in @argv, or 0 if there is none before "--" or the end.  @argp tells which
 * options take a separate value.
 */
int command_word_find(int argc, const char *const *argv, const struct argp *argp);

#endif
