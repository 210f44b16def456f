/* SPDX-License-Identifier: MIT */
/*
 * Two compiled functions, outer_code and inner_code, which calls knock() 20 times in all.  The word
 * of argv[1] is made of their frames: f with a frame pointer, n without.  Built with frame pointers
 * itself: the one a function without finds is that of caller(), which calls outer_code.
 */
#include "toy_jit.h"

__attribute__((noinline)) static void caller(const void *code)
{
	call_code(code, 20);
}

static size_t emit(char how, uint8_t *to, const void *target)
{
	return how == 'f' ? emit_framed(to, target) : emit_frameless(to, target);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "ff";
	uint8_t *code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void (*target)(void) = knock;
	const void *at;

	memcpy(&at, &target, sizeof(at));
	tell_name("w", code + 64, emit(how[1], code + 64, at), "inner_code");
	tell_name("a", code, emit(how[0], code, code + 64), "outer_code");
	usleep(100000); /* so that it is known where the code lies */
	caller(code);
	return 0;
}
