/* SPDX-License-Identifier: MIT */
/*
 * Scope-bound release of memory, descriptors and streams, so that early returns need no goto
 * ladder.  Not for code shared with BPF.
 */
#ifndef CTRACE_COMMON_CLEANUP_H
#define CTRACE_COMMON_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Defines fn##p for _cleanup_(fn##p) on a variable of pointer type @type. */
#define DEFINE_CLEANUP(type, fn)            \
	static inline void fn##p(type *ptr) \
	{                                   \
		if (*ptr)                   \
			fn(*ptr);           \
	}                                   \
	struct cleanup_semicolon_##fn

static inline void cleanup_freep(void *ptr)
{
	free(*(void **)ptr);
}

static inline void cleanup_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

DEFINE_CLEANUP(FILE *, fclose);
DEFINE_CLEANUP(DIR *, closedir);

#define _cleanup_free_	   _cleanup_(cleanup_freep)
#define _cleanup_close_	   _cleanup_(cleanup_closep)
#define _cleanup_fclose_   _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)

/* Gives the value up to the caller: the variable is emptied, so its cleanup does nothing. */
#define TAKE_PTR(ptr)                              \
	({                                         \
		__typeof__(ptr) take_ptr_ = (ptr); \
		(ptr) = NULL;                      \
		take_ptr_;                         \
	})
#define TAKE_FD(fd)                  \
	({                           \
		int take_fd_ = (fd); \
		(fd) = -1;           \
		take_fd_;            \
	})

#endif
