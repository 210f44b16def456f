/* SPDX-License-Identifier: MIT */
#include "symbolize/answer_wire.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "common/intern.h"
#include "symbolize/resolve.h"
#include "test.h"

#include <errno.h>
#include <string.h>

struct fixture {
	struct intern *strings;
	struct symbolize_address addrs[2];
	struct resolve_outcome outcome;
	uint8_t *bytes;
	size_t size;
};

static int set_up(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));
	struct intern *strings = intern_new();
	struct frame *frames = xcalloc(2, sizeof(*frames));

	fixture->strings = strings;
	frames[0] = (struct frame){.name = intern_string(strings, "inner"),
				   .full_name = intern_string(strings, "inner(int)"),
				   .module = intern_string(strings, "/bin/x"),
				   .file = intern_string(strings, "/src/x.c"),
				   .line = 17,
				   .kind = FRAME_KIND_INLINED};
	frames[1] = (struct frame){.name = intern_string(strings, "outer"),
				   .module = intern_string(strings, "/bin/x"),
				   .guessed = true};
	fixture->addrs[0] = (struct symbolize_address){
		.vaddr = 1, .frames = frames, .nr_frames = 2};
	fixture->addrs[1] = (struct symbolize_address){
		.vaddr = 2, .frames = xmemdup(&frames[1], sizeof(*frames)), .nr_frames = 1};
	fixture->outcome.is_complete = true;
	fixture->outcome.source = intern_string(strings, "DWARF");
	answer_wire_write(fixture->addrs, 2, &fixture->outcome, &fixture->bytes, &fixture->size);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	symbolize_release(fixture->addrs, 2);
	intern_free(fixture->strings);
	free(fixture->bytes);
	free(fixture);
	return 0;
}

static void what_was_written_is_read(void **state)
{
	const struct fixture *fixture = *state;
	struct symbolize_address addrs[2] = {{.vaddr = 1}, {.vaddr = 2}};
	struct resolve_outcome outcome;
	const struct frame *frames;

	assert_int_equal(answer_wire_read(fixture->bytes, fixture->size, fixture->strings, addrs, 2,
					  &outcome),
			 0);
	assert_int_equal(addrs[0].nr_frames, 2);
	frames = addrs[0].frames;
	assert_string_equal(frames[0].name, "inner");
	assert_string_equal(frames[0].full_name, "inner(int)");
	assert_string_equal(frames[0].file, "/src/x.c");
	assert_int_equal(frames[0].line, 17);
	assert_int_equal(frames[0].kind, FRAME_KIND_INLINED);
	assert_null(frames[1].full_name);
	assert_true(frames[1].guessed);
	assert_ptr_equal(frames[1].name, addrs[1].frames[0].name);
	assert_true(outcome.is_complete);
	assert_string_equal(outcome.source, "DWARF");
	symbolize_release(addrs, 2);
}

static void cut_bytes_are_refused_at_every_length(void **state)
{
	const struct fixture *fixture = *state;
	struct symbolize_address addrs[2] = {{.vaddr = 1}, {.vaddr = 2}};
	struct resolve_outcome outcome;

	for (size_t size = 0; size < fixture->size; size++) {
		_cleanup_free_ uint8_t *cut = xmemdup(fixture->bytes, size ? size : 1);

		assert_int_equal(answer_wire_read(cut, size, fixture->strings, addrs, 2, &outcome),
				 -EBADMSG);
		assert_null(addrs[0].frames);
	}
}

static void an_answer_for_other_addresses_is_refused(void **state)
{
	const struct fixture *fixture = *state;
	struct symbolize_address addrs[3] = {0};
	struct resolve_outcome outcome;

	assert_int_equal(answer_wire_read(fixture->bytes, fixture->size, fixture->strings, addrs, 1,
					  &outcome),
			 -EBADMSG);
	assert_int_equal(answer_wire_read(fixture->bytes, fixture->size, fixture->strings, addrs, 3,
					  &outcome),
			 -EBADMSG);
}

/* Whatever one byte says, the result is an error or frames that can be used. */
static void any_wrong_byte_is_survived(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->size; i++) {
		for (int value = 0; value < 256; value += 5) {
			_cleanup_free_ uint8_t *bad = xmemdup(fixture->bytes, fixture->size);
			struct symbolize_address addrs[2] = {0};
			struct resolve_outcome outcome;

			bad[i] = (uint8_t)value;
			if (answer_wire_read(bad, fixture->size, fixture->strings, addrs, 2,
					     &outcome) < 0)
				continue;
			for (int a = 0; a < 2; a++)
				for (uint32_t k = 0; k < addrs[a].nr_frames; k++)
					assert_true(strlen(addrs[a].frames[k].name) < 100);
			symbolize_release(addrs, 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(cut_bytes_are_refused_at_every_length),
		cmocka_unit_test(an_answer_for_other_addresses_is_refused),
		cmocka_unit_test(any_wrong_byte_is_survived),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
