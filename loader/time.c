/* SPDX-License-Identifier: MIT */
#include "loader/time.h"

#include "common/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

/* The clocks' names are numbers in old kernels. */
int time_parse_offset(const char *text, int64_t *ret_offset_ns)
{
	while (*text) {
		char clock[16];
		int64_t s, ns;

		if (sscanf(text, "%15s %" SCNd64 " %" SCNd64, clock, &s, &ns) == 3 &&
		    (!strcmp(clock, "monotonic") || !strcmp(clock, "1"))) {
			*ret_offset_ns = s * (int64_t)NS_PER_S + ns;
			return 0;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return -EBADMSG;
}

/* The file tells of the namespace our children will be in, which may be another one. */
static int64_t namespace_offset(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/timens_offsets", "re");
	char text[256], ours[64] = "", childrens[64] = "";
	int64_t offset = 0;
	size_t len;

	if (!file || readlink("/proc/self/ns/time", ours, sizeof(ours) - 1) < 0 ||
	    readlink("/proc/self/ns/time_for_children", childrens, sizeof(childrens) - 1) < 0 ||
	    strcmp(ours, childrens) != 0)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	return time_parse_offset(text, &offset) < 0 ? 0 : offset;
}

/* A process with threads cannot change its namespace: read once. */
static int64_t offset_ns;
static pthread_once_t offset_once = PTHREAD_ONCE_INIT;

static void read_offset(void)
{
	offset_ns = namespace_offset();
}

uint64_t time_now_ns(void)
{
	struct timespec t;

	pthread_once(&offset_once, read_offset);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec - (uint64_t)offset_ns;
}
