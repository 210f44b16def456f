/* SPDX-License-Identifier: MIT */
#include "symbolize/jitdump.h"

#include "test.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes the records a runtime would; the layout is that of perf's specification. */
struct dump_writer {
	FILE *out;
	char *bytes;
	size_t size;
	uint64_t time_ns; /* of the next records */
};

static void put32(struct dump_writer *writer, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, writer->out);
}

static void put64(struct dump_writer *writer, uint64_t value)
{
	fwrite(&value, sizeof(value), 1, writer->out);
}

static void put_text(struct dump_writer *writer, const char *text)
{
	fwrite(text, strlen(text) + 1, 1, writer->out);
}

static void put_record(struct dump_writer *writer, uint32_t kind, size_t body)
{
	put32(writer, kind);
	put32(writer, (uint32_t)(16 + body));
	put64(writer, writer->time_ns);
}

static void open_dump_flagged(struct dump_writer *writer, uint32_t machine, uint64_t flags)
{
	writer->time_ns = 12345;
	writer->out = open_memstream(&writer->bytes, &writer->size);
	assert_non_null(writer->out);
	put32(writer, 0x4a695444);
	put32(writer, 1);
	put32(writer, 40);
	put32(writer, machine);
	put32(writer, 0);
	put32(writer, (uint32_t)getpid());
	put64(writer, 0);
	put64(writer, flags);
}

static void open_dump(struct dump_writer *writer, uint32_t machine)
{
	open_dump_flagged(writer, machine, 0);
}

static void put_load(struct dump_writer *writer, uint64_t addr, uint64_t size, uint64_t index,
		     const char *name)
{
	static const uint8_t nops[256] = {0x90};

	put_record(writer, 0, 40 + strlen(name) + 1 + size);
	put32(writer, 1);
	put32(writer, 1);
	put64(writer, addr);
	put64(writer, addr);
	put64(writer, size);
	put64(writer, index);
	put_text(writer, name);
	fwrite(nops, size, 1, writer->out);
}

static void put_move(struct dump_writer *writer, uint64_t from, uint64_t to, uint64_t size,
		     uint64_t index)
{
	put_record(writer, 1, 48);
	put32(writer, 1);
	put32(writer, 1);
	put64(writer, from);
	put64(writer, from);
	put64(writer, to);
	put64(writer, size);
	put64(writer, index);
}

static struct jitdump *parse(struct dump_writer *writer)
{
	struct jitdump *dump = NULL;

	fclose(writer->out);
	assert_int_equal(jitdump_parse((uint8_t *)writer->bytes, writer->size, &dump), 0);
	free(writer->bytes);
	return dump;
}

static void assert_code(const struct jitdump *dump, uint64_t addr, const char *name,
			const char *file, uint32_t line)
{
	struct jitdump_code code;

	if (!name) {
		assert_false(jitdump_find(dump, addr, UINT64_MAX, &code));
		return;
	}
	assert_true(jitdump_find(dump, addr, UINT64_MAX, &code));
	assert_string_equal(code.name, name);
	assert_int_equal(code.line, line);
	if (file)
		assert_string_equal(code.file, file);
	else
		assert_null(code.file);
}

static void loaded_code_has_its_name(void **state)
{
	_cleanup_(jitdump_freep) struct jitdump *dump = NULL;
	struct dump_writer writer;

	(void)state;
	open_dump(&writer, EM_X86_64);
	put_load(&writer, 0x1000, 0x40, 1, "first");
	put_load(&writer, 0x2000, 0x40, 2, "second with spaces");
	dump = parse(&writer);
	assert_code(dump, 0x1000, "first", NULL, 0);
	assert_code(dump, 0x103f, "first", NULL, 0);
	assert_code(dump, 0x1040, NULL, NULL, 0);
	assert_code(dump, 0x2010, "second with spaces", NULL, 0);
}

static void code_written_over_goes_by_its_last_load(void **state)
{
	_cleanup_(jitdump_freep) struct jitdump *dump = NULL;
	struct dump_writer writer;

	(void)state;
	open_dump(&writer, EM_X86_64);
	put_load(&writer, 0x1000, 0x80, 1, "old");
	put_load(&writer, 0x1040, 0x20, 2, "new");
	dump = parse(&writer);
	assert_code(dump, 0x1030, "old", NULL, 0);
	assert_code(dump, 0x1050, "new", NULL, 0);
	assert_code(dump, 0x1070, "old", NULL, 0);
}

static void assert_name_at(const struct jitdump *dump, uint64_t addr, uint64_t time_ns,
			   const char *name)
{
	struct jitdump_code code;

	assert_true(jitdump_find(dump, addr, time_ns, &code));
	assert_string_equal(code.name, name);
}

static void an_address_used_again_has_the_name_it_had_at_the_time(void **state)
{
	_cleanup_(jitdump_freep) struct jitdump *dump = NULL;
	struct dump_writer writer;

	(void)state;
	open_dump(&writer, EM_X86_64);
	writer.time_ns = 100;
	put_load(&writer, 0x1000, 0x80, 1, "red");
	put_load(&writer, 0x3000, 0x40, 2, "other");
	writer.time_ns = 200;
	put_load(&writer, 0x1040, 0x80, 3, "blue");
	writer.time_ns = 300;
	put_move(&writer, 0x3000, 0x1000, 0x40, 2);
	dump = parse(&writer);
	assert_name_at(dump, 0x1050, 150, "red");
	assert_name_at(dump, 0x1050, 200, "blue");
	assert_name_at(dump, 0x1050, 50, "red");
	assert_name_at(dump, 0x1010, 299, "red");
	assert_name_at(dump, 0x1010, 300, "other");
	assert_name_at(dump, 0x10a0, 50, "blue");
	assert_name_at(dump, 0x3000, 400, "other");
}

static void times_of_the_processor_are_not_compared(void **state)
{
	_cleanup_(jitdump_freep) struct jitdump *dump = NULL;
	struct dump_writer writer;

	(void)state;
	open_dump_flagged(&writer, EM_X86_64, 1);
	put_load(&writer, 0x1000, 0x80, 1, "red");
	writer.time_ns = 1u << 30;
	put_load(&writer, 0x1000, 0x80, 2, "blue");
	dump = parse(&writer);
	assert_name_at(dump, 0x1050, 20000, "blue");
}

static void lines_belong_to_the_next_load_and_move_with_it(void **state)
{
	_cleanup_(jitdump_freep) struct jitdump *dump = NULL;
	struct dump_writer writer;

	(void)state;
	open_dump(&writer, EM_X86_64);
	put_record(&writer, 2, 16 + 2 * 16 + sizeof("/a.js") + sizeof("\377"));
	put64(&writer, 0x1000);
	put64(&writer, 2);
	put64(&writer, 0x1000);
	put32(&writer, 10);
	put32(&writer, 0);
	put_text(&writer, "/a.js");
	put64(&writer, 0x1010);
	put32(&writer, 12);
	put32(&writer, 0);
	put_text(&writer, "\377");
	put_load(&writer, 0x1000, 0x40, 7, "f");
	put_load(&writer, 0x5000, 0x40, 8, "g");
	put_move(&writer, 0x1000, 0x9000, 0x40, 7);
	dump = parse(&writer);
	assert_code(dump, 0x1008, "f", "/a.js", 10);
	assert_code(dump, 0x1018, "f", "/a.js", 12);
	assert_code(dump, 0x5000, "g", NULL, 0);
	assert_code(dump, 0x9008, "f", "/a.js", 10);
	assert_code(dump, 0x9018, "f", "/a.js", 12);
}

static void another_machine_and_other_files_are_refused(void **state)
{
	struct jitdump *dump = NULL;
	struct dump_writer writer;

	(void)state;
	open_dump(&writer, EM_AARCH64);
	fclose(writer.out);
	assert_int_equal(jitdump_parse((uint8_t *)writer.bytes, writer.size, &dump), -EBADMSG);
	free(writer.bytes);
	assert_int_equal(jitdump_parse((const uint8_t *)"text", 4, &dump), -EBADMSG);
}

static void a_file_cut_off_anywhere_is_read_as_far_as_it_goes(void **state)
{
	struct dump_writer writer;

	(void)state;
	open_dump(&writer, EM_X86_64);
	put_load(&writer, 0x1000, 0x10, 1, "first");
	put_load(&writer, 0x2000, 0x10, 2, "second");
	fclose(writer.out);
	for (size_t size = 40; size <= writer.size; size++) {
		_cleanup_(jitdump_freep) struct jitdump *dump = NULL;
		uint8_t *cut = malloc(size);

		memcpy(cut, writer.bytes, size);
		assert_int_equal(jitdump_parse(cut, size, &dump), 0);
		free(cut);
		if (size < writer.size)
			assert_code(dump, 0x2000, NULL, NULL, 0);
	}
	free(writer.bytes);
}

static void only_regular_files_of_the_user_are_read(void **state)
{
	char path[] = "/tmp/ctrace-jitdump-XXXXXX";
	int fd = mkstemp(path);
	struct jitdump *dump = NULL;
	int pipes[2];

	(void)state;
	unlink(path);
	assert_int_equal(jitdump_load(fd, geteuid(), &dump), -EBADMSG);
	assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
	assert_int_equal(jitdump_load(fd, geteuid(), &dump), -E2BIG);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(jitdump_load(pipes[0], geteuid(), &dump), -EPERM);
	if (geteuid() == 0) {
		assert_int_equal(fchown(fd, 12345, 12345), 0);
		assert_int_equal(jitdump_load(fd, 54321, &dump), -EPERM);
	}
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

static void the_name_of_the_file_tells(void **state)
{
	(void)state;
	assert_true(jitdump_is_path("/root/.debug/jit/llvm-IR-jit/jit-1234.dump"));
	assert_true(jitdump_is_path("jit-1.dump"));
	assert_false(jitdump_is_path("/tmp/jit-.dump"));
	assert_false(jitdump_is_path("/tmp/jit-12.dump.bak"));
	assert_false(jitdump_is_path("/tmp/perf-12.map"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loaded_code_has_its_name),
		cmocka_unit_test(code_written_over_goes_by_its_last_load),
		cmocka_unit_test(an_address_used_again_has_the_name_it_had_at_the_time),
		cmocka_unit_test(times_of_the_processor_are_not_compared),
		cmocka_unit_test(lines_belong_to_the_next_load_and_move_with_it),
		cmocka_unit_test(another_machine_and_other_files_are_refused),
		cmocka_unit_test(a_file_cut_off_anywhere_is_read_as_far_as_it_goes),
		cmocka_unit_test(only_regular_files_of_the_user_are_read),
		cmocka_unit_test(the_name_of_the_file_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
