/* SPDX-License-Identifier: MIT */
#include "symbolize/kallsyms.h"

#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static char dir[] = "/tmp/ctrace-kallsyms-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
	static char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return path;
}

static const char text[] = "ffffffff81000000 T _stext\n"
			   "ffffffff81000000 T _text\n"
			   "ffffffff81000000 T first_function\n"
			   "ffffffff81000100 t __pfx_vfs_read\n"
			   "ffffffff81000110 T vfs_read\n"
			   "ffffffff81000110 t alias_of_vfs_read\n"
			   "ffffffff81000200 T _etext\n"
			   "ffffffff81000300 D some_data\n"
			   "ffffffffc0002000 t mod_late\t[nf_nat]\n"
			   "ffffffffc0001000 t mod_early\t[nf_nat]\n"
			   "ffffffffc0005000 t bpf_prog_6deef7357e7b4530_dump\t[bpf]\n"
			   "0000000000000000 A zero\n"
			   "not a symbol line\n"
			   "ffffffffc0006000 t last_without_newline";

static const char modules[] = "nf_nat 8192 1 nft_nat, Live 0xffffffffc0001000\n"
			      "other 4096 0 - Live 0xffffffffc0004000\n";

static void assert_symbol(const struct kallsyms *syms, uint64_t addr, const char *name,
			  const char *module)
{
	const char *got_module = "unset";
	uint64_t start = 0;
	const char *got = kallsyms_find(syms, addr, &got_module, &start);

	if (!name) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, name);
	assert_true(start <= addr);
	if (module)
		assert_string_equal(got_module, module);
	else
		assert_null(got_module);
}

static int open_text(void **state)
{
	struct kallsyms *syms = NULL;

	write_file("modules", modules);
	if (kallsyms_load(write_file("kallsyms", text), &syms) < 0)
		return -1;
	*state = syms;
	return 0;
}

static int close_text(void **state)
{
	kallsyms_free(*state);
	return 0;
}

static void an_address_belongs_to_the_symbol_before_it(void **state)
{
	assert_symbol(*state, 0xffffffff81000000, "first_function", NULL);
	assert_symbol(*state, 0xffffffff810000ff, "first_function", NULL);
	assert_symbol(*state, 0xffffffff81000105, "__pfx_vfs_read", NULL);
	assert_symbol(*state, 0xffffffff80ffffff, NULL, NULL);
}

static void the_global_name_of_aliases_is_shown(void **state)
{
	assert_symbol(*state, 0xffffffff81000110, "vfs_read", NULL);
	assert_symbol(*state, 0xffffffff810001ff, "vfs_read", NULL);
}

static void data_and_end_markers_name_nothing(void **state)
{
	assert_symbol(*state, 0xffffffff81000210, NULL, NULL);
	assert_symbol(*state, 0xffffffff81000310, NULL, NULL);
}

static void modules_and_bpf_programs_have_their_names(void **state)
{
	assert_symbol(*state, 0xffffffffc0001010, "mod_early", "nf_nat");
	assert_symbol(*state, 0xffffffffc0002fff, "mod_late", "nf_nat");
	assert_symbol(*state, 0xffffffffc0005004, "bpf_prog_6deef7357e7b4530_dump", "bpf");
	assert_symbol(*state, 0xffffffffc0006000, "last_without_newline", NULL);
}

static void a_module_ends_where_proc_modules_says(void **state)
{
	assert_symbol(*state, 0xffffffffc0003000, NULL, NULL);
}

static int count_match(const char *name, uint64_t addr, void *arg)
{
	(void)name;
	(void)addr;
	++*(int *)arg;
	return 0;
}

static void functions_match_by_glob(void **state)
{
	int nr = 0;

	assert_int_equal(kallsyms_match(*state, "vfs_*", count_match, &nr), 1);
	assert_int_equal(kallsyms_match(*state, "some_data", count_match, &nr), 0);
	assert_int_equal(nr, 1);
}

static void hidden_addresses_are_an_error(void **state)
{
	struct kallsyms *syms = NULL;

	(void)state;
	assert_int_equal(kallsyms_load(write_file("hidden", "0000000000000000 T _text\n"
							    "0000000000000000 T vfs_read\n"),
				       &syms),
			 -EACCES);
	assert_int_equal(kallsyms_load("/nonexistent/kallsyms", &syms), -ENOENT);
}

/* The budget is for 122,000 lines; a sanitizer build is allowed ten times of it. */
static void the_running_kernel_loads_fast_and_sorted(void **state)
{
	_cleanup_(kallsyms_freep) struct kallsyms *syms = NULL;
	struct timespec before, after;
	double ms;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	if (kallsyms_load("/proc/kallsyms", &syms) < 0)
		skip();
	clock_gettime(CLOCK_MONOTONIC, &after);
	ms = (double)(after.tv_sec - before.tv_sec) * 1e3 +
	     (double)(after.tv_nsec - before.tv_nsec) / 1e6;
	print_message("/proc/kallsyms in %.1f ms\n", ms);
	assert_true(ms < 1100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_belongs_to_the_symbol_before_it),
		cmocka_unit_test(the_global_name_of_aliases_is_shown),
		cmocka_unit_test(data_and_end_markers_name_nothing),
		cmocka_unit_test(modules_and_bpf_programs_have_their_names),
		cmocka_unit_test(a_module_ends_where_proc_modules_says),
		cmocka_unit_test(functions_match_by_glob),
	};
	const struct CMUnitTest others[] = {
		cmocka_unit_test(hidden_addresses_are_an_error),
		cmocka_unit_test(the_running_kernel_loads_fast_and_sorted),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, open_text, close_text);
	failed += cmocka_run_group_tests(others, NULL, NULL);
	unlink(write_file("kallsyms", ""));
	unlink(write_file("modules", ""));
	unlink(write_file("hidden", ""));
	rmdir(dir);
	return failed;
}
