/* SPDX-License-Identifier: MIT */
/* A stream that packs what is written to it; the same bytes in, the same bytes out. */
#ifndef CTRACE_FLAMEGRAPH_GZIP_STREAM_H
#define CTRACE_FLAMEGRAPH_GZIP_STREAM_H

#include <stdio.h>

/*
 * Closing it (fclose) ends the packing and leaves @out open.  Errors of @out show in fclose() and
 * stay in @out.
 */
FILE *gzip_stream_open(FILE *out);

#endif
