/* SPDX-License-Identifier: MIT */
/*
 * Loads a BPF object as the loader does and says what the verifier made of each program:
 *
 *     load_objects OBJECT [FUNCTION]
 *
 * FUNCTION is the kernel function the fentry program is tried on; without it that one is left out
 * (some kernels permit tracepoints with BTF and refuse fentry).  Prints TAP; 0 when all loaded.
 */
#include "bpf/abi.h"
#include "common/alloc.h"
#include "common/cleanup.h"
#include "tests/unit/loader/require_bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The study's shape takes 16 k (unwinders.md 3.3), a search inlined by mistake 439 k: in between,
 * a program has grown without anyone meaning it to.
 */
#define MAX_VERIFIED_INSNS 60000

#define LOG_BYTES     (1 << 24)
#define REFUSAL_LINES 12

/* BPF_LOG_LEVEL1 and BPF_LOG_STATS of the kernel's bpf_verifier.h. */
#define VERIFIER_TALKS	    1
#define VERIFIER_STATISTICS 4

/* What the verifier's statistics say, e.g. "processed 16297 insns (limit 1000000) ...". */
static unsigned long statistic(const char *log, const char *before)
{
	const char *at = strstr(log, before);

	return at ? strtoul(at + strlen(before), NULL, 10) : 0;
}

static bool is_fentry(const struct bpf_program *program)
{
	return bpf_program__expected_attach_type(program) == BPF_TRACE_FENTRY;
}

/* As a recording asks for everything: what is switched off, the verifier does not look at. */
static bool configure(struct bpf_object *object)
{
	const struct program_config config = {
		.max_frames = CTRACE_MAX_FRAMES,
		.want_kernel = 1,
		.want_user = 1,
		.follow_children = 1,
	};
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (strstr(bpf_map__name(map), ".rodata"))
			return bpf_map__set_initial_value(map, &config, sizeof(config)) == 0;
	}
	return false;
}

/*
 * Loads the one program of that name, so that one's refusal does not hide another's.  0 or a
 * negative errno; @log (LOG_BYTES) gets what the verifier says at @log_level.
 */
static int load_one(const char *path, const char *name, const char *function, uint32_t log_level,
		    char *log)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program, *wanted = NULL;
	int err;

	if (!object)
		return -errno;
	if (!configure(object)) {
		bpf_object__close(object);
		return -EINVAL;
	}
	bpf_object__for_each_program(program, object)
	{
		bool is_wanted = !strcmp(bpf_program__name(program), name);

		bpf_program__set_autoload(program, is_wanted);
		if (is_wanted)
			wanted = program;
	}
	if (is_fentry(wanted))
		bpf_program__set_attach_target(wanted, 0, function);
	bpf_program__set_log_level(wanted, log_level);
	bpf_program__set_log_buf(wanted, log, LOG_BYTES);
	err = bpf_object__load(object);
	bpf_object__close(object);
	return err;
}

/* The end of the verifier's own words, where it says what it objects to. */
static void print_refusal(const char *log)
{
	const char *from = log + strlen(log);

	for (int lines = 0; from > log && lines <= REFUSAL_LINES; from--)
		lines += from[-1] == '\n';
	while (*from) {
		int length = (int)strcspn(from, "\n");

		printf("#   %.*s\n", length, from);
		from += length + (from[length] == '\n');
	}
}

static bool check_one(const char *path, const char *name, const char *function)
{
	_cleanup_free_ char *log = xcalloc(1, LOG_BYTES);
	int err = load_one(path, name, function, VERIFIER_STATISTICS, log);
	unsigned long insns = statistic(log, "processed ");
	bool good = err == 0 && insns && insns <= MAX_VERIFIED_INSNS;

	printf("%s - %s: ", good ? "ok" : "not ok", name);
	if (err == 0) {
		printf("%lu instructions verified in %lu us\n", insns,
		       statistic(log, "verification time "));
		return good;
	}
	printf("%s\n", strerror(-err));
	load_one(path, name, function, VERIFIER_TALKS, log);
	print_refusal(log);
	return false;
}

int main(int argc, char **argv)
{
	const char *function = argc > 2 ? argv[2] : NULL;
	struct bpf_object *object;
	struct bpf_program *program;
	int nr = 0;
	bool good = true;

	if (argc < 2) {
		fprintf(stderr, "usage: load_objects OBJECT [FUNCTION]\n");
		return 2;
	}
	require_bpf();
	libbpf_set_print(NULL);
	object = bpf_object__open_file(argv[1], NULL);
	if (!object) {
		fprintf(stderr, "load_objects: '%s': %s\n", argv[1], strerror(errno));
		return 1;
	}
	bpf_object__for_each_program(program, object)
	{
		if (is_fentry(program) && !function)
			continue;
		good = check_one(argv[1], bpf_program__name(program), function) && good;
		nr++;
	}
	bpf_object__close(object);
	printf("1..%d\n", nr);
	return good && nr ? 0 : 1;
}
