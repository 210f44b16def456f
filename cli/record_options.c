/* SPDX-License-Identifier: MIT */
#include "cli/record_options.h"

#include "cli/command_word.h"
#include "cli/commands.h"
#include "common/alloc.h"
#include "common/log.h"
#include "common/number.h"
#include "common/path_search.h"
#include "loader/cpus.h"
#include "loader/probe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* In --help the shared options stand behind those of recording. */
#define CHILD_GROUP 9

enum {
	KEY_MAX_FRAMES = 0x200,
	KEY_NO_KERNEL,
	KEY_NO_USER,
	KEY_NO_CHILDREN,
	KEY_WAIT_ALL,
	KEY_CPUS,
	KEY_USER,
	KEY_BPF_STATS,
	KEY_TIMELINE,
	KEY_PID = 'p',
	KEY_ALL = 'a',
};

/* Shorter ones would mean more hits that find a new map, and publish their stacks again. */
#define TIMELINE_SLICE_NS 100000000u

static const struct argp_option options[] = {
	{.doc = "Recording:"},
	{.name = "duration",
	 .key = 'd',
	 .arg = "TIME",
	 .doc = "Stop recording after TIME: 10s, 500ms, 2m (default: when PROGRAM "
		"ends); with it, processes that outlive PROGRAM are recorded, too"},
	{.name = "events", .key = 'n', .arg = "NUMBER", .doc = "Stop recording after NUMBER hits"},
	{.name = "max-frames",
	 .key = KEY_MAX_FRAMES,
	 .arg = "NUMBER",
	 .doc = "Walk at most NUMBER user frames, 1 to 512 (default: 512)"},
	{.name = "no-kernel", .key = KEY_NO_KERNEL, .doc = "Leave out kernel frames"},
	{.name = "no-user", .key = KEY_NO_USER, .doc = "Leave out user frames"},
	{.name = "no-children",
	 .key = KEY_NO_CHILDREN,
	 .doc = "Record PROGRAM's own process, not those it starts"},
	{.name = "wait-all",
	 .key = KEY_WAIT_ALL,
	 .doc = "Record until the last process PROGRAM has started ends, not PROGRAM's own"},
	{.name = "cpus", .key = KEY_CPUS, .arg = "LIST", .doc = "Sample on these CPUs: 0-3,8"},
	{.name = "user",
	 .key = KEY_USER,
	 .arg = "NAME",
	 .doc = "Run PROGRAM as this user (default: the one behind sudo or doas)"},
	{.name = "timeline",
	 .key = KEY_TIMELINE,
	 .doc = "Record when stacks were hit, in tenths of a second, for the HTML page"},
	{.name = "bpf-stats",
	 .key = KEY_BPF_STATS,
	 .doc = "Let the kernel measure the BPF side during the run, for --stats"},
	{.name = "pid", .key = KEY_PID, .arg = "PID", .flags = OPTION_HIDDEN},
	{.name = "all", .key = KEY_ALL, .flags = OPTION_HIDDEN},
	{0}};

/* For a program alone: often enough for a run of a second, and cheap in one of days. */
static const char default_probe[] = "profile:hz:999";

static const char examples[] =
	"\nEXAMPLES\n"
	"  ctrace ./prog                                      where the CPU time goes\n"
	"  ctrace profile:hz:99 -- ./server --port 80         the same, 99 times a second\n"
	"  ctrace uprobe:libc:malloc -o m.svg -- python3 x.py who allocates\n"
	"  ctrace kprobe:vfs_read -d 10s -o - -- ./load       who reads, as text\n"
	"  ctrace tracepoint:syscalls:sys_enter_openat -o o.ctrace -- make\n"
	"  ctrace report o.ctrace -o o.svg                    the same, drawn later\n\n"
	"Exit status: PROGRAM's own (128+N if signal N ended it); 125 if ctrace failed,\n"
	"126 if PROGRAM cannot run, 127 if it is not found.  The first Ctrl-C or\n"
	"SIGTERM ends the recording and writes every output; one a second later gives up.\n";

static void append_probe(struct record_arguments *args, const char *text)
{
	GROW_ARRAY(args->probes, args->nr_probes, args->cap_probes);
	args->probes[args->nr_probes++] = text;
}

static void add_probe(struct record_arguments *args, const char *text, struct argp_state *state)
{
	if (!strchr(text, ':'))
		argp_error(state,
			   "'%s' is not a probe (those have a ':', as in profile:hz:99); "
			   "a program to launch goes after --",
			   text);
	append_probe(args, text);
}

static uint64_t parse_number(const char *name, const char *text, uint64_t min, uint64_t max,
			     struct argp_state *state)
{
	uint64_t value = 0;
	int err = parse_uint(text, min, max, &value);

	if (err == -ERANGE)
		argp_error(state, "%s %s: must be from %" PRIu64 " to %" PRIu64, name, text, min,
			   max);
	else if (err < 0)
		argp_error(state, "%s '%s': not a number", name, text);
	return value;
}

static void parse_run_time(struct record_arguments *args, const char *text,
			   struct argp_state *state)
{
	uint64_t ns = 0;
	int err = parse_duration(text, &ns);

	if (err == -EINVAL)
		argp_error(state, "-d '%s': not a duration (10s, 500ms, 2m)", text);
	else if (err < 0 || ns == 0 || ns > INT64_MAX)
		argp_error(state, "-d %s: must be from 1ns to %" PRId64 "s", text,
			   INT64_MAX / 1000000000);
	args->record.duration_ns = ns;
}

static void parse_cpus(struct record_arguments *args, const char *text, struct argp_state *state)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	size_t nr;
	int err;

	if (nr_cpus < 1)
		nr_cpus = 1;
	free(TAKE_PTR(args->cpus));
	err = cpus_parse(text, &args->cpus, &nr);
	if (err == 0 && args->cpus[nr - 1] >= nr_cpus)
		err = -ERANGE;
	args->record.nr_cpus = nr;
	if (err == -ERANGE)
		argp_error(state, "--cpus %s: CPUs are numbered from 0 to %ld, ranges go up", text,
			   nr_cpus - 1);
	else if (err < 0)
		argp_error(state, "--cpus '%s': not a list of CPUs (0-3,8)", text);
	args->record.cpus = args->cpus;
}

static void check_complete(struct record_arguments *args, struct argp_state *state)
{
	if (!args->record.argv)
		argp_error(state, "no program given: put it after --, as in `-- ./prog`");
	if (!args->nr_probes)
		append_probe(args, default_probe);
	if (args->record.no_kernel && args->record.no_user)
		argp_error(state, "--no-kernel and --no-user leave nothing to record");
}

static error_t parse_switch(struct record_options *record, int key)
{
	switch (key) {
	case KEY_NO_KERNEL:
		record->no_kernel = true;
		return 0;
	case KEY_NO_USER:
		record->no_user = true;
		return 0;
	case KEY_NO_CHILDREN:
		record->no_children = true;
		return 0;
	case KEY_WAIT_ALL:
		record->wait_all = true;
		return 0;
	case KEY_TIMELINE:
		record->slice_ns = TIMELINE_SLICE_NS;
		return 0;
	case KEY_BPF_STATS:
		record->bpf_stats = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct record_arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->report;
		return 0;
	case 'd':
		parse_run_time(args, arg, state);
		return 0;
	case 'n':
		args->record.max_samples = parse_number("-n", arg, 1, INT64_MAX, state);
		return 0;
	case KEY_MAX_FRAMES:
		args->record.max_frames = (uint32_t)parse_number("--max-frames", arg, 1,
								 CTRACE_MAX_FRAMES, state);
		return 0;
	case KEY_CPUS:
		parse_cpus(args, arg, state);
		return 0;
	case KEY_USER:
		args->record.user = arg;
		return 0;
	case KEY_PID:
	case KEY_ALL:
		argp_error(state,
			   "-%c: attaching to running processes is not supported yet; launch the "
			   "program: ctrace PROBE -- PROGRAM",
			   key);
		return 0;
	case ARGP_KEY_ARG:
		add_probe(args, arg, state);
		return 0;
	case ARGP_KEY_END:
		check_complete(args, state);
		return 0;
	default:
		return parse_switch(&args->record, key);
	}
}

static void print_probes(FILE *out)
{
	fputs("Probes:\n", out);
	probe_print_help(out);
	fputc('\n', out);
}

static char *filter_help(int key, const char *text, void *input)
{
	(void)input;
	if (key == ARGP_KEY_HELP_EXTRA)
		return report_help_extra(print_probes, true, examples);
	return (char *)(uintptr_t)text;
}

static const struct argp_child children[] = {
	{.argp = &report_options_argp, .header = "", .group = CHILD_GROUP}, {0}};

const struct argp record_options_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "PROGRAM [ARG...]\nPROBE... -- PROGRAM [ARG...]",
	.doc = "Runs PROGRAM, counts its stacks at every hit of the probes and writes a flame "
	       "graph.  The stacks are complete: they are walked inside the kernel.  Without a "
	       "probe it samples where the CPU time goes, 999 times a second.\v",
	.children = children,
	.help_filter = filter_help,
};

static bool is_program(const char *word)
{
	_cleanup_free_ char *path = NULL;

	return path_search(word, &path) == 0;
}

/*
 * Splits off the program: what stands behind "--", or from the first word on that is no probe.
 * Returns how many words are ours.
 */
static int split_program(int argc, char **argv, char ***ret_program)
{
	int word = command_word_find(argc, (const char *const *)argv, &record_options_argp);
	int end = 1;

	while (end < argc && strcmp(argv[end], "--") != 0)
		end++;
	/* `ctrace profil -- ./prog`: a misspelt probe, unless there is such a program. */
	if (word && !strchr(argv[word], ':') && (end + 1 >= argc || is_program(argv[word]))) {
		*ret_program = argv + word;
		return word;
	}
	*ret_program = end + 1 < argc ? argv + end + 1 : NULL;
	return *ret_program ? end : argc;
}

/* The program's words stay where they are; ours end with NULL, as argp wants them. */
static char **own_words(int argc, char **argv)
{
	char **words = xcalloc((size_t)argc + 1, sizeof(*words));

	memcpy(words, argv, (size_t)argc * sizeof(*words));
	return words;
}

void record_arguments_parse(int argc, char **argv, struct record_arguments *args)
{
	char **program;
	int nr = split_program(argc, argv, &program);
	_cleanup_free_ char **words = own_words(nr, argv);

	*args = (struct record_arguments){0};
	report_options_init(&args->report);
	args->record.argv = program;
	/* With a program, an exit status below 125 is that program's. */
	argp_err_exit_status = program ? EXIT_CTRACE_FAILED : EXIT_USAGE;
	argp_parse(&record_options_argp, nr, words, 0, NULL, args);
	args->record.probes = args->probes;
	args->record.nr_probes = args->nr_probes;
	args->record.per_thread = args->report.per_thread;
}

void record_arguments_release(struct record_arguments *args)
{
	report_options_release(&args->report);
	free(args->probes);
	free(args->cpus);
}
