/* SPDX-License-Identifier: MIT */
/*
 * Package files (.dwp): many split units in one file.  The index tells which share of each section
 * is whose.
 */
#ifndef CTRACE_SYMBOLIZE_DWARF_PACKAGE_H
#define CTRACE_SYMBOLIZE_DWARF_PACKAGE_H

#include "symbolize/dwarf_file.h"

/*
 * Gives the units of @file their shares by .debug_cu_index, before any of them is read.
 * -ENOENT: no index; -EBADMSG: damaged, units without a share cannot be read.
 */
int dwarf_package_index(struct dwarf_file *file);

#endif
