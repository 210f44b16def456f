/* SPDX-License-Identifier: MIT */
/* The tables that threads of a Firefox profile share: strings, functions, frames, stacks, files. */
#ifndef CTRACE_FLAMEGRAPH_FIREFOX_TABLES_H
#define CTRACE_FLAMEGRAPH_FIREFOX_TABLES_H

struct json_writer;
struct profile;
struct profile_root;

/* Writes "libs" and "shared"; stack i is the profile's node i + 1. */
void firefox_put_tables(struct json_writer *json, const struct profile *profile,
			const struct profile_root *roots);

#endif
