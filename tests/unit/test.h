/* SPDX-License-Identifier: MIT */
/* What every unit test includes: cmocka with the headers it needs first. */
#ifndef CTRACE_TESTS_TEST_H
#define CTRACE_TESTS_TEST_H

/* clang-format off: cmocka.h needs these before it, in this order */
#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format on */

#endif
