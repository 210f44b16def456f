/* SPDX-License-Identifier: MIT */
/*
 * While an exception is thrown, and while it goes on behind a destructor, who did so is on the
 * stack: in both searches for a handler, and after libgcc has put the handler's registers and its
 * caller's address over the unwinder's own.
 */
#include "expect.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>

namespace
{
constexpr int hits = 10;

struct Guard {
	NOINLINE ~Guard()
	{
		hit();
		NO_TAIL_CALL();
	}
};

NOINLINE void thrower(int n)
{
	if (n >= 0)
		throw n;
	DISTINCT(1);
}

NOINLINE void guarded(int n)
{
	Guard guard;

	thrower(n);
	DISTINCT(2);
}

NOINLINE int catcher(int n)
{
	try {
		guarded(n);
	} catch (int) {
		return 1;
	}
	return 0;
}

#define CXX(name) "([^;]*[^;\\w])?" name "\\b[^;]*"
#define GUARDED	  MAIN ";" CXX("catcher") ";" CXX("guarded")
#define THROWN	  GUARDED ";" CXX("thrower") ";__cxa_throw"
#define IN_LIBGCC "(_Unwind_\\w+|\\[libgcc_s\\.so\\.1(\\+0x[0-9a-f]+)?\\])"

/*
 * Where @function of libgcc looks for a shadow stack (rdsspq of any register), the last time before
 * it leaves: the handler's registers are in place, and its address is not yet on its own stack.
 */
void expect_leaving(const char *function, const char *regex)
{
	static const unsigned char leave[] = {0x48, 0x8b, 0x6d, 0x00, 0x48, 0x89, 0xcc};
	static const unsigned char look[] = {0xf3, 0x48, 0x0f, 0x1e};
	const auto *code = static_cast<const unsigned char *>(dlsym(RTLD_DEFAULT, function));
	const auto *at = static_cast<const unsigned char *>(
		code ? memmem(code, 2048, leave, sizeof(leave)) : nullptr);
	char path[PATH_MAX], what[PATH_MAX + 128];
	Dl_info info;

	while (at && at > code && memcmp(at, look, sizeof(look)) != 0)
		at--;
	if (!at || at == code || !dladdr(code, &info) || !realpath(info.dli_fname, path))
		abort();
	snprintf(what, sizeof(what), "uprobe:%s:%s+0x%zx", path, function,
		 static_cast<size_t>(at - code));
	expect(what, hits, regex);
}

void expect_in_library(const char *function, unsigned int count, const char *regex)
{
	char path[PATH_MAX], what[PATH_MAX + 128];
	Dl_info info;

	if (!dladdr(dlsym(RTLD_DEFAULT, function), &info) || !realpath(info.dli_fname, path))
		abort();
	snprintf(what, sizeof(what), "uprobe:%s:%s", path, function);
	expect(what, count, regex);
}

void expect_all()
{
	expect("hit", hits, GUARDED ";" CXX("~Guard") ";hit");
	expect_in_library("_Unwind_RaiseException", hits, THROWN ";_Unwind_RaiseException");
	/* The search asks guarded and catcher, the way there guarded; resumed, both again. */
	expect_in_library("__gxx_personality_v0", 3 * hits,
			  THROWN "(;" IN_LIBGCC ")+;__gxx_personality_v0");
	expect_in_library("__gxx_personality_v0", 2 * hits,
			  GUARDED ";_Unwind_Resume(;" IN_LIBGCC ")*;__gxx_personality_v0");
	expect_leaving("_Unwind_RaiseException", THROWN ";_Unwind_RaiseException");
	expect_leaving("_Unwind_Resume", GUARDED ";_Unwind_Resume");
}
} // namespace

int main(int argc, char **argv)
{
	int caught = 0;

	if (asked_for_expectations(argc, argv)) {
		expect_all();
		return 0;
	}
	for (int n = 0; n < hits; n++)
		caught += catcher(n);
	return caught != hits;
}
