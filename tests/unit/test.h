/* SPDX-License-Identifier: MIT */
/* What every unit test includes: cmocka with the headers it needs first. */
#ifndef CTRACE_TESTS_TEST_H
#define CTRACE_TESTS_TEST_H

/* cmocka.h needs the others before it, in this order. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
