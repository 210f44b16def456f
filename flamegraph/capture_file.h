/* SPDX-License-Identifier: MIT */
/*
 * What the writer and the reader of capture files share.
 *
 * The file is CAPTURE_MAGIC, the version as a little-endian u32, and one zstd frame with a
 * checksum.  In the frame: the info block, objects, processes, locations and stacks, each list
 * preceded by its length.  Numbers are LEB128; a string is 0 for none, n for the n-th string met so
 * far, or one more than that, and then its length and bytes.
 */
#ifndef CTRACE_FLAMEGRAPH_CAPTURE_FILE_H
#define CTRACE_FLAMEGRAPH_CAPTURE_FILE_H

/* A byte above 0x7f and a line feed show transfers that took it for text. */
#define CAPTURE_MAGIC \
	"\x93"        \
	"ctrace\n"
#define CAPTURE_MAGIC_SIZE 8
#define CAPTURE_HEAD_SIZE  12

/* What captures without slices of time are. */
#define CAPTURE_PLAIN_VERSION 1

/* Of the zstd frame: what the reader must hold to go back in the stream. */
#define CAPTURE_WINDOW_LOG 23

enum {
	CAPTURE_LOCATION_RETURN = 1 << 0,
	CAPTURE_LOCATION_GUESSED = 1 << 1,
	CAPTURE_LOCATION_KERNEL = 1 << 2,
	CAPTURE_LOCATION_ALL = (1 << 3) - 1,
};

#endif
