/* SPDX-License-Identifier: MIT */
/*
 * One program in every shape debug information comes in, and llvm-symbolizer as judge: chains,
 * names of inlined functions and lines have to be the same at 10,000 addresses of each.  What LLVM
 * 19 cannot read is judged by its answers for the same code in a shape it can.
 *
 * Differences of policy that are no failures: the outermost function has the symbol table's name
 * here (LLVM takes the debug information's for some files), plain names have their scopes before
 * them (shapes::grow, LLVM: grow), code outside any function is named by
 * its FDE, and a file without a line (LLVM: from STT_FILE) is not shown.
 */
#include "common/alloc.h"
#include "common/intern.h"
#include "fixtures.h"
#include "symbolize/demangle.h"
#include "symbolize/symbolizer.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JUDGE	     "llvm-symbolizer-19"
#define NR_ADDRESSES 10000
#define MAX_LINE     65536

/* What the judge reads in place of a file it cannot read. */
static const char *const stand_ins[][2] = {
	{"gcc5-zdebug", "gcc5"},    /* LLVM 19 dropped zlib-gnu */
	{"dwz-multi/prog", "gcc4"}, /* and never followed .gnu_debugaltlink */
};

struct comparison {
	const char *build;
	size_t nr_frames;
	size_t nr_failures;
	size_t nr_policy;
	struct symbolize_address *addrs;
};

static void fill_addresses(const char *path, struct symbolize_address *addrs)
{
	_cleanup_(elf_image_closep) struct elf_image *image = open_fixture(path);
	int index = elf_image_find_section(image, ".text");
	const Elf64_Shdr *text;
	unsigned int seed = 42;
	size_t nr;

	assert_true(index >= 0);
	text = &elf_image_sections(image, &nr)[index];
	for (size_t i = 0; i < NR_ADDRESSES; i++)
		addrs[i].vaddr = text->sh_addr + (uint64_t)rand_r(&seed) % text->sh_size;
}

/* Runs the judge over the addresses; its answers come line by line. */
static FILE *ask_judge(const char *path, const struct symbolize_address *addrs)
{
	_cleanup_free_ char *list = xasprintf("%s.addresses", path);
	_cleanup_free_ char *command = xasprintf(
		"cd '%s' && " JUDGE " --output-style=GNU -f -i -a --no-demangle -e '%s' "
		"<'%s' 2>/dev/null",
		SYMBOLIZE_MATRIX, path, list);
	FILE *file = fopen(list, "w");

	assert_non_null(file);
	for (size_t i = 0; i < NR_ADDRESSES; i++)
		fprintf(file, "0x%llx\n", (unsigned long long)addrs[i].vaddr);
	fclose(file);
	file = popen(command, "r");
	assert_non_null(file);
	return file;
}

static bool read_line(FILE *file, char *line)
{
	if (!fgets(line, MAX_LINE, file))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/* "std::vector<int>::push_back" and "push_back<int>" are "push_back". */
static char *base_name(const char *raw)
{
	_cleanup_free_ char *text = demangle_name(raw, DEMANGLE_SIMPLE);
	char *base = text;
	int depth = 0;
	size_t len;

	for (char *c = text; *c; c++) {
		depth += (*c == '<') - (*c == '>');
		if (depth == 0 && c[0] == ':' && c[1] == ':')
			base = c + 2;
	}
	len = strcspn(base, "<");
	return xstrndup(base, len ? len : strlen(base));
}

static bool is_same_outermost(const char *ours, const char *judges)
{
	_cleanup_free_ char *our_base = NULL;
	_cleanup_free_ char *judges_base = NULL;

	/* LLVM reads no symbols from debug files; test_symtab_libdw judges those. */
	if (strcmp(judges, "??") == 0)
		return true;
	our_base = base_name(ours);
	judges_base = base_name(judges);
	return strcmp(our_base, judges_base) == 0;
}

/* LLVM prints what the DIE says; here its scopes stand before it. */
static bool is_plain_name_of(const char *ours, const char *judges)
{
	size_t len = strlen(ours), judges_len = strlen(judges);

	return len > judges_len + 2 && strcmp(ours + len - judges_len, judges) == 0 &&
	       memcmp(ours + len - judges_len - 2, "::", 2) == 0;
}

static bool is_same_line(const struct frame *frame, char *judges)
{
	_cleanup_free_ char *ours = xasprintf("%s:%u", frame->file ? frame->file : "??",
					      frame->line);
	char *discriminator = strstr(judges, " (discriminator");
	char *colon;

	if (discriminator)
		*discriminator = '\0';
	colon = strrchr(judges, ':');
	/* Line 0 or "?": the judge may know a file, which says nothing. */
	if (colon && (strcmp(colon, ":0") == 0 || strcmp(colon, ":?") == 0))
		return frame->line == 0;
	return strcmp(ours, judges) == 0;
}

static void report(struct comparison *comparison, uint64_t vaddr, const char *what,
		   const char *ours, const char *judges)
{
	if (comparison->nr_failures++ < 5)
		print_message("%s: %#llx: %s: %s, for the judge %s\n", comparison->build,
			      (unsigned long long)vaddr, what, ours, judges);
}

/* Compares frame @index of @addr to the judge's two lines. */
static void compare_frame(struct comparison *comparison, const struct symbolize_address *addr,
			  uint32_t index, const char *name, char *line)
{
	const struct frame *frame = &addr->frames[index];
	bool is_outermost = index + 1 == addr->nr_frames;

	comparison->nr_frames++;
	if (!is_same_line(frame, line))
		report(comparison, addr->vaddr, "line", frame->file ? frame->file : "??", line);
	if (strcmp(frame->name, name) == 0)
		return;
	if (is_outermost && is_same_outermost(frame->name, name))
		comparison->nr_policy++;
	else if (is_plain_name_of(frame->name, name))
		comparison->nr_policy++;
	else
		report(comparison, addr->vaddr, is_outermost ? "outermost" : "inlined", frame->name,
		       name);
}

static void compare_answers(struct comparison *comparison, FILE *judge)
{
	_cleanup_free_ char *name = xmalloc(MAX_LINE);
	_cleanup_free_ char *line = xmalloc(MAX_LINE);
	size_t nr_seen = 0;
	uint32_t index = 0;

	while (read_line(judge, name)) {
		const struct symbolize_address *addr;

		if (strncmp(name, "0x", 2) == 0) {
			if (nr_seen && index != comparison->addrs[nr_seen - 1].nr_frames)
				report(comparison, comparison->addrs[nr_seen - 1].vaddr, "depth",
				       "more", "fewer");
			nr_seen++;
			index = 0;
			continue;
		}
		assert_in_range(nr_seen, 1, NR_ADDRESSES);
		assert_true(read_line(judge, line));
		addr = &comparison->addrs[nr_seen - 1];
		if (index < addr->nr_frames)
			compare_frame(comparison, addr, index, name, line);
		else
			report(comparison, addr->vaddr, "depth", "fewer", name);
		index++;
	}
	assert_int_equal(nr_seen, NR_ADDRESSES);
}

static const char *judged_build(const char *build)
{
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++)
		if (strcmp(build, stand_ins[i][0]) == 0)
			return stand_ins[i][1];
	return build;
}

static void compare_build(const char *build)
{
	static const struct symbolize_options options = {
		.inlines = true, .lines = true, .demangle = DEMANGLE_NONE};
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	_cleanup_free_ char *path = xasprintf("%s/%s", SYMBOLIZE_MATRIX, build);
	_cleanup_free_ char *judged = xasprintf("%s/%s", SYMBOLIZE_MATRIX, judged_build(build));
	_cleanup_free_ struct symbolize_address *addrs = xcalloc(NR_ADDRESSES, sizeof(*addrs));
	struct comparison comparison = {.build = build, .addrs = addrs};
	struct symbolize_stats stats;
	FILE *judge;

	fill_addresses(path, addrs);
	judge = ask_judge(judged, addrs);
	assert_int_equal(
		symbolize_object(path, NULL, NULL, &options, strings, addrs, NR_ADDRESSES, &stats),
		0);
	compare_answers(&comparison, judge);
	pclose(judge);
	print_message("%-20s %6zu frames, %zu differ, %zu by policy; %s\n", build,
		      comparison.nr_frames, comparison.nr_failures, comparison.nr_policy,
		      stats.source);
	symbolize_release(addrs, NR_ADDRESSES);
	assert_int_equal(comparison.nr_failures, 0);
	assert_true(comparison.nr_frames >= NR_ADDRESSES);
}

static void chains_and_lines_are_those_of_llvm(void **state)
{
	_cleanup_fclose_ FILE *made = fopen(SYMBOLIZE_MATRIX "/made", "r");
	char build[256];
	size_t nr = 0;

	(void)state;
	assert_non_null(made);
	while (fgets(build, sizeof(build), made)) {
		build[strcspn(build, "\n")] = '\0';
		compare_build(build);
		nr++;
	}
	assert_true(nr >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_and_lines_are_those_of_llvm),
	};

	if (system("command -v " JUDGE " >/dev/null") != 0) {
		print_message("no " JUDGE " here\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
