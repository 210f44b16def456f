/* SPDX-License-Identifier: MIT */
/* What gcc's crtstuff puts into every program runs before and after main(), and has no CFI. */
#include "expect.h"

#define RUN_AT_START "_start;__libc_start_main(_impl)?(;" IN_LIBC("call_init") "(_\\[i\\])?)?;"
#define RUN_AT_EXIT                                                                        \
	"_start;__libc_start_main(_impl)?;" IN_LIBC("__libc_start_call_main") ";" IN_LIBC( \
		"exit") ";" IN_LIBC("__run_exit_handlers") "(;[a-z_]*dl_(call_)?fini)+;"   \
							   "__do_global_dtors_aux"

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		expect("frame_dummy", 1, RUN_AT_START "frame_dummy");
		expect("register_tm_clones", 1, RUN_AT_START "register_tm_clones");
		expect("__do_global_dtors_aux", 1, RUN_AT_EXIT);
		expect("deregister_tm_clones", 1, RUN_AT_EXIT ";deregister_tm_clones");
	}
	return 0;
}
