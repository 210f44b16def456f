/* SPDX-License-Identifier: MIT */
/*
 * Named addresses as bytes, for the way from the child that found the names and for the cache.
 * Reading trusts nothing: sizes and indices are checked before use.
 */
#ifndef CTRACE_SYMBOLIZE_ANSWER_WIRE_H
#define CTRACE_SYMBOLIZE_ANSWER_WIRE_H

#include "symbolize/answer.h"

struct intern;
struct resolve_outcome;

/* To be freed by the caller. */
void answer_wire_write(const struct symbolize_address *addrs, size_t nr,
		       const struct resolve_outcome *outcome, uint8_t **ret_bytes,
		       size_t *ret_size);

/*
 * Sets the frames of @addrs, which are the same addresses that were written, and the outcome.
 * -EBADMSG: damaged; @addrs are untouched then.
 */
int answer_wire_read(const uint8_t *bytes, size_t size, struct intern *strings,
		     struct symbolize_address *addrs, size_t nr,
		     struct resolve_outcome *ret_outcome);

#endif
