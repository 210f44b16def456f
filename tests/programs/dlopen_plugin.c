/* SPDX-License-Identifier: MIT */
/* The plugins of dlopen_plugins.c: STEP and FRAME make two different ones of this file. */

void plugin_run(void (*fn)(void), int times);

static __attribute__((noinline)) void STEP(void (*fn)(void))
{
	volatile char frame[FRAME];

	frame[0] = 1;
	/* Used as a whole: a compiler may leave out what is not. */
	__asm__ volatile("" : : "r"(frame) : "memory");
	fn();
	frame[FRAME - 1] = frame[0];
}

void plugin_run(void (*fn)(void), int times)
{
	for (int i = 0; i < times; i++)
		STEP(fn);
}
