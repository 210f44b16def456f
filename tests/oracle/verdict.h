/* SPDX-License-Identifier: MIT */
/*
 * Two stacks of one stopped thread, ours and libdw's: are they the same, and if not, who is right?
 * Judged by what neither of them made: the bytes of the code, libdw's own reading of the CFI, and
 * the thread itself, which is stepped until it returns to one of the two.
 */
#ifndef CTRACE_TESTS_VERDICT_H
#define CTRACE_TESTS_VERDICT_H

#include "tests/oracle/stopped_program.h"

#include <elfutils/libdwfl.h>
#include <stdint.h>

/* X(name, "name in the summary", "text") */
#define VERDICTS(X)                                                                               \
	X(EQUAL, "equal", "the same frames")                                                      \
	X(NO_CFI, "libdw_stops",                                                                  \
	  "libdw stops where there is no CFI; each further frame of ours "                        \
	  "is behind a call")                                                                     \
	X(RETURNED, "libdw_skips",                                                                \
	  "stepped on, the thread returned to our frame and not to "                              \
	  "libdw's")                                                                              \
	X(CALLED, "libdw_skips_call",                                                             \
	  "no CFI here: libdw steps by frame pointer over our frame, "                            \
	  "which is behind a call of this function")                                              \
	X(NOT_CODE, "libdw_strays",                                                               \
	  "where our stack ends libdw goes on to what is no code, or "                            \
	  "behind no call")                                                                       \
	X(OUTERMOST, "libdw_passes_end", "CFI says that nobody called this; libdw goes on")       \
	X(OTHER_STACK, "libdw_stays",                                                             \
	  "Go's runtime has left this stack for another, as its source says; libdw goes on here") \
	X(SIGNAL, "libdw_no_signal",                                                              \
	  "libdw takes the code that calls rt_sigreturn for a function")                          \
	X(UNEXPLAINED, "unexplained", "not explained")

enum verdict {
#define X(name, key, text) VERDICT_##name,
	VERDICTS(X)
#undef X
		NR_VERDICTS
};

struct judged_stack {
	uint64_t pc[CTRACE_MAX_FRAMES];
	uint32_t nr;
};

/*
 * Compares the last walk of @program with @theirs, the same thread's by libdw.  May step @tid on;
 * @regs are its registers as both have seen them.
 */
enum verdict verdict_of(const struct stopped_program *program, Dwfl *dwfl, pid_t tid,
			const struct user_regs_struct *regs, const struct judged_stack *theirs);

const char *verdict_key(enum verdict verdict);
const char *verdict_text(enum verdict verdict);

#endif
