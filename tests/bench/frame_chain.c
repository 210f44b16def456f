/* SPDX-License-Identifier: MIT */
/*
 * Calls leaf() from deep stacks, or spins there: what the walk is measured on.
 *
 *     frame_chain calls DEPTH STACKS CALLS      leaf() CALLS times, from STACKS different stacks
 *     frame_chain spin DEPTH STACKS SECONDS     burns CPU in leaf(), likewise
 *
 * A stack is DEPTH functions between main() and leaf(), each chosen out of 1024 by a seed, with
 * frames of 16 to 512 bytes.  Built twice: with frame pointers and without.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE      __attribute__((noinline, noclone))
#define ALWAYS_INLINE __attribute__((always_inline)) inline

struct job {
	uint64_t spin_ns; /* 0 = return at once */
};

typedef unsigned int chain_fn(const struct job *job, unsigned int depth, unsigned int seed);
static chain_fn *const functions[];

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* So little work between two looks at the clock would measure the clock. */
enum { SPINS_PER_LOOK = 100000 };

NOINLINE unsigned int leaf(const struct job *job, unsigned int seed);
NOINLINE unsigned int leaf(const struct job *job, unsigned int seed)
{
	uint64_t start;

	if (!job->spin_ns)
		return seed;
	for (start = cpu_ns(); cpu_ns() - start < job->spin_ns;)
		for (int i = 0; i < SPINS_PER_LOOK; i++)
			seed = seed * 1664525 + 1013904223;
	return seed;
}

static ALWAYS_INLINE unsigned int next(const struct job *job, unsigned int depth, unsigned int seed)
{
	seed = seed * 1664525 + 1013904223; /* Numerical Recipes' generator */
	return depth ? functions[seed >> 22](job, depth - 1, seed) : leaf(job, seed);
}

#define FUNCTION(n)                                                                      \
	static NOINLINE unsigned int link_##n(const struct job *job, unsigned int depth, \
					      unsigned int seed)                         \
	{                                                                                \
		volatile unsigned int local[(0##n % 31 + 1) * 4];                        \
                                                                                         \
		local[0] = depth;                                                        \
		return next(job, depth, seed) + local[0];                                \
	}

#define NAME(n) link_##n,

/* Octal digits: link_0000 to link_1777. */
/* clang-format off */
#define X8(f, n)   f(n##0) f(n##1) f(n##2) f(n##3) f(n##4) f(n##5) f(n##6) f(n##7)
#define X64(f, n)  X8(f, n##0) X8(f, n##1) X8(f, n##2) X8(f, n##3) \
		   X8(f, n##4) X8(f, n##5) X8(f, n##6) X8(f, n##7)
#define X512(f, n) X64(f, n##0) X64(f, n##1) X64(f, n##2) X64(f, n##3) \
		   X64(f, n##4) X64(f, n##5) X64(f, n##6) X64(f, n##7)
#define X1024(f)   X512(f, 0) X512(f, 1)
/* clang-format on */

X1024(FUNCTION)

static chain_fn *const functions[] = {X1024(NAME)};

int main(int argc, char **argv)
{
	struct job job = {};
	unsigned int depth, stacks, sum = 0;
	uint64_t amount;

	if (argc != 5) {
		fprintf(stderr, "usage: frame_chain calls|spin DEPTH STACKS CALLS|SECONDS\n");
		return 2;
	}
	depth = (unsigned int)atoi(argv[2]);
	stacks = (unsigned int)atoi(argv[3]);
	amount = strtoull(argv[4], NULL, 10);
	if (!strcmp(argv[1], "spin")) {
		job.spin_ns = amount * 1000000000 / stacks;
		amount = stacks;
	}
	for (uint64_t i = 0; i < amount; i++)
		sum += functions[i % stacks](&job, depth - 1, (unsigned int)(i % stacks));
	printf("%u\n", sum);
	return 0;
}
