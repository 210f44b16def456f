/* SPDX-License-Identifier: MIT */
/*
 * Named addresses as bytes, for the way from the child that found the names and for the cache.
 * Reading trusts nothing: sizes and indices are checked before use.
 */
#ifndef CTRACE_SYMBOLIZE_ANSWER_WIRE_H
#define CTRACE_SYMBOLIZE_ANSWER_WIRE_H

#include "symbolize/symbolizer.h"

struct intern;

/* To be freed by the caller.  @stats' source is among what is written. */
void answer_wire_write(const struct symbolize_address *addrs, size_t nr,
		       const struct symbolize_stats *stats, uint8_t **ret_bytes, size_t *ret_size);

/*
 * Sets the frames of @addrs, which are the same addresses that were written, and of @stats what
 * was known to the writer.  -EBADMSG: damaged; @addrs and @stats are untouched then.
 */
int answer_wire_read(const uint8_t *bytes, size_t size, struct intern *strings,
		     struct symbolize_address *addrs, size_t nr, struct symbolize_stats *stats);

#endif
