/* SPDX-License-Identifier: MIT */
/*
 * Calls of functions that never return stand at the very end of their caller: the return address
 * is the first byte of the next function, which has another frame.
 */
#include "expect.h"

#include <stdlib.h>
#include <unistd.h>

static NOINLINE __attribute__((noreturn)) void never_returns(int status)
{
	hit();
	_exit(status);
}

static NOINLINE __attribute__((noreturn)) void ends_in_a_call(int status)
{
	volatile char frame[200];

	frame[0] = (char)status;
	never_returns(frame[0]);
}

/* Lies behind ends_in_a_call: what a walk that forgets "pc - 1" takes the caller for. */
NOINLINE int lies_behind(volatile int *p)
{
	volatile char frame[4000];

	frame[0] = (char)*p;
	hit();
	NO_TAIL_CALL();
	return frame[0];
}

static NOINLINE void tail_called(int status)
{
	ends_in_a_call(status);
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		/* tail_called may jump, and then is not on the stack. */
		expect("hit", 1, MAIN "(;tail_called)?;ends_in_a_call;never_returns;hit");
		return 0;
	}
	tail_called(0);
	return 1;
}
