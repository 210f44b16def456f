/* SPDX-License-Identifier: MIT */
#include "sample_profile.h"

#include "flamegraph/capture.h"
#include "flamegraph/profile.h"

static const char *argv[] = {"./server", "--listen", "\xc3\xa4 <&>\"'"};
static const char *probes[] = {"profile:hz:99"};
static struct capture_counter stops[] = {{"end_of_stack", 148, true}, {"read_fault", 2, false}};
static struct capture_counter losses[] = {{"ring_full", 3, false}, {"map_full", 0, false}};

static const struct capture_info info = {
	.ctrace_version = "1.0",
	.argv = argv,
	.nr_argv = 3,
	.probes = probes,
	.nr_probes = 1,
	.unit = "samples",
	.host = "host",
	.kernel_release = "6.1.0",
	.machine = "x86_64",
	.start_unix_ns = 1700000000000000000,
	.duration_ns = 1520000000,
	.period_ns = 10101010,
	.nr_cpus = 4,
	.samples = 150,
	.lost = 3,
	.guessed_frames = 1,
	.frames = 1000,
	.stops = stops,
	.nr_stops = 2,
	.losses = losses,
	.nr_losses = 2,
};

#define MARK(text)                                      \
	{                                               \
		.name = (text), .kind = FRAME_KIND_MARK \
	}
#define KERNEL(text)                                      \
	{                                                 \
		.name = (text), .kind = FRAME_KIND_KERNEL \
	}
#define LIBC(text)                                             \
	{                                                      \
		.name = (text), .module = "/usr/lib/libc.so.6" \
	}
#define PROG(text, n)                                                                         \
	{                                                                                     \
		.name = (text), .module = "/srv/server", .file = "/src/server.c", .line = (n) \
	}
#define INLINED(text, n)                                                             \
	{                                                                            \
		.name = (text), .kind = FRAME_KIND_INLINED, .module = "/srv/server", \
		.file = "/src/queue.h", .line = (n)                                  \
	}
#define PUT(value, ...)                                                                    \
	do {                                                                               \
		const struct frame frames[] = {__VA_ARGS__};                               \
                                                                                           \
		profile_add(profile, frames, sizeof(frames) / sizeof(frames[0]), (value)); \
	} while (0)

static void add_stacks(struct profile *profile)
{
	const struct frame scoped = {
		.name = "net::Session::read",
		.full_name = "net::Session::read(std::span<char, 18446744073709551615ul>)",
		.module = "/srv/server",
		.file = "/src/session.cc",
		.line = 77,
	};
	const struct frame guessed = {
		.name = "strlen", .module = "/usr/lib/libc.so.6", .guessed = true};

	PUT(40, MARK("server-10/10"), LIBC("_start"), PROG("main", 12), PROG("loop", 34),
	    INLINED("queue_pop", 9), INLINED("queue_lock", 3));
	PUT(10, MARK("server-10/10"), LIBC("_start"), PROG("main", 12), PROG("loop", 34));
	PUT(30, MARK("server-10/10"), LIBC("_start"), PROG("main", 12), PROG("loop", 35), scoped,
	    LIBC("read"), KERNEL("entry_SYSCALL_64"), KERNEL("vfs_read"));
	PUT(20, MARK("server-10/11"), LIBC("clone3"), scoped, guessed);
	PUT(12, MARK("server-10/11"), LIBC("clone3"), PROG("walk", 50), PROG("walk", 51),
	    PROG("walk", 51));
	PUT(8, MARK("node-20/20"), LIBC("_start"), {.name = "fib", .kind = FRAME_KIND_JIT});
	PUT(6, MARK("node-20/20"),
	    {.name = "[libssl.so.3]", .kind = FRAME_KIND_MODULE, .module = "/usr/lib/libssl.so.3"});
	PUT(4, MARK("node-20/20"), {.name = "[unknown]", .kind = FRAME_KIND_UNKNOWN});
	PUT(2, MARK("node-20/20"), MARK("[truncated]"), LIBC("operator new 7"));
	PUT(18, MARK("node-20/20"), LIBC("core::hash<[u8; 8]>::\x01\xff]]></script>"));
}

struct profile *sample_profile(void)
{
	const struct build_id server = {4, {0xde, 0xad, 0xbe, 0xef}};
	const struct build_id libc = {3, {0x01, 0x02, 0x03}};
	struct profile *profile = profile_new();

	profile_set_info(profile, &info);
	profile_set_build_id(profile, "/srv/server", &server);
	profile_set_build_id(profile, "/usr/lib/libc.so.6", &libc);
	add_stacks(profile);
	profile_finish(profile);
	return profile;
}
