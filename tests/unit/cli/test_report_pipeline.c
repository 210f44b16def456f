/* SPDX-License-Identifier: MIT */
/* From a capture made here to folded text: names, marks, order, counts. */
#include "cli/report_pipeline.h"

#include "test.h"

#include "cli/report_options.h"
#include "common/alloc.h"
#include "flamegraph/capture.h"
#include "flamegraph/profile.h"

#include <errno.h>
#include <string.h>

enum { WHOLE, CUT };

struct fixture {
	struct capture *capture;
	struct report_options options;
	uint32_t kernel, jit, vdso, none, missing, process;
};

static uint32_t add_object(struct fixture *f, enum capture_object_kind kind, const char *path,
			   const struct capture_symbol *symbols, size_t nr)
{
	struct capture_object object = {.kind = kind, .path = path};
	uint32_t index = capture_add_object(f->capture, &object);

	capture_set_symbols(f->capture, index, symbols, nr);
	return index;
}

static void add_objects(struct fixture *f)
{
	static const struct capture_symbol kernel[] = {
		{.start = 0xffffffff81000000, .size = 0x100, .name = "do_syscall_64"},
		{.start = 0xffffffff81000100, .name = "vfs_read"},
		{.start = 0xffffffffc0000000, .size = 16, .name = "nf_hook", .module = "nf_nat"},
	};
	static const struct capture_symbol jit[] = {
		{.start = 0x7f0000001000, .size = 0x80, .name = "LazyCompile:~run a.js:1"},
	};
	static const struct capture_symbol vdso[] = {
		{.start = 0x900, .size = 0x50, .name = "__vdso_gettimeofday"},
	};

	f->kernel = add_object(f, CAPTURE_OBJECT_KERNEL, "[kernel]", kernel, 3);
	f->jit = add_object(f, CAPTURE_OBJECT_JIT, "", jit, 1);
	f->vdso = add_object(f, CAPTURE_OBJECT_VDSO, "[vdso]", vdso, 1);
	f->none = add_object(f, CAPTURE_OBJECT_NONE, "", NULL, 0);
	f->missing = add_object(f, CAPTURE_OBJECT_ELF, "/no/such/libmissing.so.1", NULL, 0);
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct capture_process process = {.pid = 1234, .comm = "leader"};
	struct capture_info *info;

	f->capture = capture_new();
	info = capture_get_info(f->capture);
	info->nr_stops = 2;
	info->stops = capture_array(f->capture, 2, sizeof(*info->stops));
	info->stops[WHOLE] = (struct capture_counter){.name = "end_of_stack", .complete = true};
	info->stops[CUT] = (struct capture_counter){.name = "no_row"};
	info->nr_probes = 1;
	info->probes = capture_array(f->capture, 2, sizeof(*info->probes));
	info->probes[0] = "uprobe:a";
	info->probes[1] = "uprobe:b";
	f->process = capture_add_process(f->capture, &process);
	add_objects(f);
	report_options_init(&f->options);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	capture_free(f->capture);
	report_options_release(&f->options);
	free(f);
	return 0;
}

static uint32_t place(struct fixture *f, uint32_t object, uint64_t vaddr, bool is_return)
{
	struct capture_location location = {
		.object = object, .vaddr = vaddr, .is_return = is_return};

	return capture_add_location(f->capture, &location);
}

static void add_stack(struct fixture *f, uint32_t stop, uint32_t probe, uint64_t count,
		      const uint32_t *places, uint32_t nr)
{
	struct capture_stack stack = {
		.comm = "worker",
		.process = f->process,
		.tid = 1235,
		.probe = probe,
		.stop = stop,
		.count = count,
		.weight = count,
		.locations = places,
		.nr_locations = nr,
	};

	assert_int_equal(capture_add_stack(f->capture, &stack), 0);
}

static void assert_folded(struct fixture *f, const char *expected)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct symbol_figures figures;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(report_build_profile(f->capture, NULL, &f->options, &profile, &figures),
			 0);
	assert_int_equal(format_by_name("folded")->write(profile, &(struct format_options){0}, out),
			 0);
	fclose(out);
	assert_string_equal(text, expected);
}

static void test_stack_runs_from_comm_to_kernel_leaf(void **state)
{
	struct fixture *f = *state;
	uint32_t places[] = {
		place(f, f->kernel, 0xffffffff81000120, false),
		place(f, f->kernel, 0xffffffff81000010, true),
		place(f, f->vdso, 0x910, true),
	};

	add_stack(f, WHOLE, 0, 3, places, 3);
	assert_folded(f, "worker;__vdso_gettimeofday;do_syscall_64_[k];vfs_read_[k] 3\n");
}

static void test_truncated_stack_is_marked_under_its_root(void **state)
{
	struct fixture *f = *state;
	uint32_t leaf = place(f, f->vdso, 0x910, false);

	add_stack(f, CUT, 0, 2, &leaf, 1);
	add_stack(f, CUT, 0, 1, NULL, 0);
	assert_folded(f, "worker;[truncated] 1\nworker;[truncated];__vdso_gettimeofday 2\n");
}

static void test_return_address_is_looked_up_one_byte_earlier(void **state)
{
	struct fixture *f = *state;
	uint32_t places[] = {
		place(f, f->kernel, 0xffffffff81000100, false),
		place(f, f->kernel, 0xffffffff81000100, true),
	};

	add_stack(f, WHOLE, 0, 1, places, 2);
	assert_folded(f, "worker;do_syscall_64_[k];vfs_read_[k] 1\n");
}

static void test_what_is_unknown_is_named_as_far_as_it_is_known(void **state)
{
	struct fixture *f = *state;
	uint32_t places[] = {
		place(f, f->kernel, 0xffffffff80000000, false),
		place(f, f->vdso, 0x10, true),
		place(f, f->missing, 0x4000, true),
		place(f, f->none, 0x7777, true),
	};

	add_stack(f, WHOLE, 0, 1, places, 4);
	assert_folded(f, "worker;[unknown];[libmissing.so.1];[vdso];[kernel]_[k] 1\n");
}

static void test_symbol_without_size_reaches_to_the_next_and_no_further(void **state)
{
	struct fixture *f = *state;
	uint32_t places[] = {
		place(f, f->kernel, 0xffffffffc0000010, false),
		place(f, f->kernel, 0xffffffffbfffffff, true),
	};

	add_stack(f, WHOLE, 0, 1, places, 2);
	assert_folded(f, "worker;vfs_read_[k];[kernel]_[k] 1\n");
}

static void test_jit_names_stay_as_the_runtime_wrote_them(void **state)
{
	struct fixture *f = *state;
	uint32_t leaf = place(f, f->jit, 0x7f0000001001, false);

	add_stack(f, WHOLE, 0, 1, &leaf, 1);
	assert_folded(f, "worker;LazyCompile:~run a.js:1_[j] 1\n");
}

static void test_several_probes_come_first(void **state)
{
	struct fixture *f = *state;
	uint32_t leaf = place(f, f->vdso, 0x910, false);

	capture_get_info(f->capture)->nr_probes = 2;
	add_stack(f, WHOLE, 0, 1, &leaf, 1);
	add_stack(f, WHOLE, 1, 4, &leaf, 1);
	assert_folded(f, "uprobe:a;worker;__vdso_gettimeofday 1\n"
			 "uprobe:b;worker;__vdso_gettimeofday 4\n");
}

static void test_roots_are_process_or_thread_when_asked_for(void **state)
{
	struct fixture *f = *state;
	uint32_t leaf = place(f, f->vdso, 0x910, false);

	add_stack(f, WHOLE, 0, 1, &leaf, 1);
	f->options.per_process = true;
	assert_folded(f, "leader-1234;__vdso_gettimeofday 1\n");
	f->options.per_thread = true;
	assert_folded(f, "worker-1234/1235;__vdso_gettimeofday 1\n");
}

static void test_modules_stand_before_functions(void **state)
{
	struct fixture *f = *state;
	uint32_t places[] = {
		place(f, f->kernel, 0xffffffffc0000008, false),
		place(f, f->kernel, 0xffffffff81000010, true),
		place(f, f->missing, 0x4000, true),
	};

	f->options.modules = true;
	add_stack(f, WHOLE, 0, 1, places, 3);
	assert_folded(f, "worker;[libmissing.so.1];[kernel]`do_syscall_64_[k];"
			 "[nf_nat]`nf_hook_[k] 1\n");
}

static void test_figures_count_named_and_unnamed(void **state)
{
	struct fixture *f = *state;
	uint32_t places[] = {
		place(f, f->kernel, 0xffffffff81000010, false),
		place(f, f->none, 0x7777, true),
		place(f, f->missing, 0x4000, true),
	};
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct symbol_figures figures;

	add_stack(f, WHOLE, 0, 1, places, 3);
	assert_int_equal(report_build_profile(f->capture, NULL, &f->options, &profile, &figures),
			 0);
	assert_int_equal(figures.addresses, 3);
	assert_int_equal(figures.named, 1);
	assert_int_equal(figures.unnamed, 2);
}

static void test_too_many_counts_are_refused(void **state)
{
	struct fixture *f = *state;
	uint32_t leaf = place(f, f->vdso, 0x910, false);
	struct profile *profile = NULL;
	struct symbol_figures figures;

	add_stack(f, WHOLE, 0, INT64_MAX, &leaf, 1);
	add_stack(f, CUT, 0, INT64_MAX, &leaf, 1);
	assert_int_equal(report_build_profile(f->capture, NULL, &f->options, &profile, &figures),
			 -EOVERFLOW);
	assert_null(profile);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_stack_runs_from_comm_to_kernel_leaf),
		TEST(test_truncated_stack_is_marked_under_its_root),
		TEST(test_return_address_is_looked_up_one_byte_earlier),
		TEST(test_what_is_unknown_is_named_as_far_as_it_is_known),
		TEST(test_symbol_without_size_reaches_to_the_next_and_no_further),
		TEST(test_jit_names_stay_as_the_runtime_wrote_them),
		TEST(test_several_probes_come_first),
		TEST(test_roots_are_process_or_thread_when_asked_for),
		TEST(test_modules_stand_before_functions),
		TEST(test_figures_count_named_and_unnamed),
		TEST(test_too_many_counts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
