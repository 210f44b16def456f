/* SPDX-License-Identifier: MIT */
/*
 * Text in several segments, far from one another: the linker is told to put .far_text and
 * .very_far_text elsewhere.  The way goes through each of them and back.
 */
#include "expect.h"

enum { HITS = 20 };

#define FAR	 __attribute__((section(".far_text")))
#define VERY_FAR __attribute__((section(".very_far_text")))

static NOINLINE VERY_FAR void very_far_away(void)
{
	volatile char frame[500];

	frame[0] = 1;
	hit();
	frame[1] = frame[0];
}

static NOINLINE void near_again(void)
{
	very_far_away();
	DISTINCT(1);
}

static NOINLINE FAR void far_away(void)
{
	volatile char frame[5000];

	frame[0] = 1;
	near_again();
	frame[1] = frame[0];
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect("hit", HITS, MAIN ";far_away;near_again;very_far_away;hit");
		return 0;
	}
	for (int i = 0; i < HITS; i++)
		far_away();
	return 0;
}
