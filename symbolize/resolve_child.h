/* SPDX-License-Identifier: MIT */
/* resolve_addresses() in a child without rights, and what is left when that fails. */
#ifndef CTRACE_SYMBOLIZE_RESOLVE_CHILD_H
#define CTRACE_SYMBOLIZE_RESOLVE_CHILD_H

#include "symbolize/resolve.h"

/*
 * As resolve_addresses(); @request needs no opener.  When the child dies or takes too long, a
 * second one names the addresses by the symbol table alone, and if that fails too they have the
 * module's name.
 */
void resolve_in_child(const struct resolve_request *request, struct symbolize_address *addrs,
		      size_t nr, struct resolve_outcome *ret_outcome);

#endif
