/* SPDX-License-Identifier: MIT */
/* uthash the way this project uses it: out of memory dies with our message. */
#ifndef CTRACE_COMMON_HASH_TABLE_H
#define CTRACE_COMMON_HASH_TABLE_H

#include "common/alloc.h"

#define uthash_fatal(message) die_oom()
#include <uthash.h>

#endif
