/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "flamegraph/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void test_nested_values_get_their_commas(void **state)
{
	struct json_writer json;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	json_init(&json, out);
	json_object_begin(&json);
	json_key_uint(&json, "max", UINT64_MAX);
	json_key_int(&json, "min", INT64_MIN);
	json_key(&json, "list");
	json_array_begin(&json);
	json_bool(&json, true);
	json_null(&json);
	json_array_begin(&json);
	json_array_end(&json);
	json_object_begin(&json);
	json_object_end(&json);
	json_array_end(&json);
	json_key_double(&json, "x", 1.0 / 3, 3);
	json_key_double(&json, "nan", NAN, 3);
	json_key_string(&json, "none", NULL);
	json_object_end(&json);
	fclose(out);
	assert_string_equal(text, "{\"max\":18446744073709551615,\"min\":-9223372036854775808,"
				  "\"list\":[true,null,[],{}],\"x\":0.333,\"nan\":null,"
				  "\"none\":null}");
	free(text);
}

static void test_strings_are_safe_utf8(void **state)
{
	struct json_writer json;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	json_init(&json, out);
	json_string(&json, "q\" b\\ n\n t\t c\x01 </script>]]> & \xff \xe2\x80\xa8 \xc3\xa4");
	fclose(out);
	assert_string_equal(text, "\"q\\\" b\\\\ n\\n t\\t c\\u0001 \\u003c/script\\u003e]]\\u003e "
				  "\\u0026 \\ufffd \\u2028 \xc3\xa4\"");
	free(text);
}

static void test_pretty_is_one_value_a_line(void **state)
{
	struct json_writer json;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	json_init(&json, out);
	json.pretty = true;
	json_object_begin(&json);
	json_key_uint(&json, "a", 1);
	json_key(&json, "b");
	json_array_begin(&json);
	json_uint(&json, 2);
	json_array_end(&json);
	json_object_end(&json);
	fclose(out);
	assert_string_equal(text, "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested_values_get_their_commas),
		cmocka_unit_test(test_strings_are_safe_utf8),
		cmocka_unit_test(test_pretty_is_one_value_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
