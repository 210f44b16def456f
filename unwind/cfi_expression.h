/* SPDX-License-Identifier: MIT */
/*
 * Recognises DWARF expressions that have a rule of their own in bpf/abi.h.  Evaluates symbolically
 * (registers stay names), so any spelling of a known form is found; everything else is "unknown",
 * in time linear in the expression.
 */
#ifndef CTRACE_UNWIND_CFI_EXPRESSION_H
#define CTRACE_UNWIND_CFI_EXPRESSION_H

#include <stddef.h>
#include <stdint.h>

/*
 * The cfa word (cfi_state.h) of a DW_CFA_def_cfa_expression.  @is_signal_frame: the CIE says 'S';
 * then the kernel's ucontext form gives CFA_SIGNAL.
 */
uint64_t cfi_expression_cfa(const uint8_t *code, size_t size, int is_signal_frame);

/* @regs with RBP, or the return address, from a DW_CFA_expression: the code gives an address. */
uint64_t cfi_expression_rbp(const uint8_t *code, size_t size, uint64_t regs);
uint64_t cfi_expression_ra(const uint8_t *code, size_t size, uint64_t regs);
/* The same of a DW_CFA_val_expression: the code gives the value. */
uint64_t cfi_value_expression_rbp(const uint8_t *code, size_t size, uint64_t regs);
uint64_t cfi_value_expression_ra(const uint8_t *code, size_t size, uint64_t regs);

#endif
