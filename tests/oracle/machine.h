/* SPDX-License-Identifier: MIT */
/*
 * An imaginary machine two judges of unwinding are asked about: random registers, and memory whose
 * every word is a function of its address.  Whoever computes the caller's CFA, RBP and return
 * address from the same machine must get the same numbers.
 */
#ifndef CTRACE_TESTS_ORACLE_MACHINE_H
#define CTRACE_TESTS_ORACLE_MACHINE_H

#include "bpf/abi.h"

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct machine {
	uint64_t reg[CTRACE_NR_REGS];
	uint64_t pc;
	uint64_t seed;
};

/* The caller as one judge sees it. */
struct caller {
	bool is_outermost; /* nothing below counts */
	bool rbp_is_lost;
	uint64_t cfa;
	uint64_t rsp;
	uint64_t rbp;
	uint64_t ra;
};

void machine_init(struct machine *m, uint64_t seed);

/* By a rule of a table, as bpf/abi.h says.  Not for NONE rules. */
void machine_apply_rule(const struct machine *m, const struct unwind_rule *rule,
			struct caller *ret_caller);

/* By libdw.  0, or -1: it knows no CFA or return address here, or an operation is unknown. */
int machine_apply_frame(const struct machine *m, Dwarf_Frame *frame, struct caller *ret_caller);

bool caller_equal(const struct caller *a, const struct caller *b);

#endif
