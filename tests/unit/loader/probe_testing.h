/* SPDX-License-Identifier: MIT */
/* Runs the target program under one probe and counts. */
#ifndef CTRACE_TESTS_PROBE_TESTING_H
#define CTRACE_TESTS_PROBE_TESTING_H

#include "launch_testing.h"

#include "count_program.h"

struct probe_run {
	struct launch *launch;
	struct output output;
	struct count_program program;
	struct probe_environment env;
};

/* The target stands at its entry.  @filter: the programs count it only, not its children. */
static inline void probe_run_start(struct probe_run *run, char *const *argv, bool filter)
{
	const struct launch_options options = {.argv = argv};

	run->launch = start(&options, &run->output);
	assert_int_equal(launch_to_start(run->launch), 0);
	count_program_init(&run->program, filter ? launch_pid(run->launch) : -1);
	run->env = (struct probe_environment){
		.pid = launch_pid(run->launch),
		.follow_children = true,
		.prog_fd = count_program_fd,
		.arg = &run->program,
	};
}

/* Lets it run to its end. */
static inline void probe_run_finish(struct probe_run *run)
{
	assert_int_equal(launch_detach(run->launch), 0);
	assert_int_equal(wait_end(run->launch), 0);
}

static inline void probe_run_release(struct probe_run *run)
{
	count_program_release(&run->program);
	launch_free(run->launch);
	close(run->output.fd);
}

static inline struct probe *parse(const char *text, unsigned int index)
{
	struct probe *probe = NULL;
	char *error = NULL;
	int ret = probe_parse(text, index, &probe, &error);

	if (ret < 0)
		print_error("%s: %s\n", text, error);
	assert_int_equal(ret, 0);
	return probe;
}

/* Parsed, resolved, attached, enabled. */
static inline struct probe *attach(const char *text, unsigned int index,
				   const struct probe_environment *env)
{
	struct probe *probe = parse(text, index);
	char *error = NULL, *note = NULL;
	int ret = probe_resolve(probe, env, &error, &note);

	if (ret == 0)
		ret = probe_attach(probe, env, &error);
	if (ret == 0)
		ret = probe_enable(probe);
	if (ret < 0)
		print_error("%s: %s (%s)\n", text, error, strerror(-ret));
	assert_int_equal(ret, 0);
	free(note);
	return probe;
}

/* Hits of one probe while the target does what @argv says. */
static inline uint64_t count_hits(const char *text, char *const *argv, bool follow_children,
				  bool filter)
{
	struct probe_run run;
	struct probe *probe;
	uint64_t hits;

	probe_run_start(&run, argv, filter);
	run.env.follow_children = follow_children;
	probe = attach(text, 3, &run.env);
	probe_run_finish(&run);
	hits = count_program_hits(&run.program, 3);
	probe_free(probe);
	probe_run_release(&run);
	return hits;
}

#endif
