/* SPDX-License-Identifier: MIT */
#include "common/alloc.h"
#include "common/cleanup.h"
#include "loader/cpus.h"
#include "loader/feature_trials.h"
#include "loader/launch_image.h"
#include "loader/launch_trap.h"
#include "loader/perf_event.h"
#include "loader/tracefs.h"
#include "loader/uprobe_event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

static int read_setting(const char *path, char *text, size_t size)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");

	if (!file || !fgets(text, (int)size, file))
		return -ENOENT;
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

int feature_try_perf_events(char **ret_detail)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000000,
		.disabled = 1,
	};
	_cleanup_free_ int *cpus = NULL;
	_cleanup_close_ int fd = -1;
	char text[32];
	size_t nr;
	int ret;

	ret = cpus_online(&cpus, &nr);
	if (ret < 0)
		return ret;
	fd = perf_open(&attr, -1, cpus[0]);
	if (fd < 0) {
		if (read_setting("/proc/sys/kernel/perf_event_paranoid", text, sizeof(text)) == 0)
			*ret_detail = xasprintf("%s; kernel.perf_event_paranoid is %s",
						strerror(-fd), text);
		return fd;
	}
	if (read_setting("/proc/sys/kernel/perf_event_max_sample_rate", text, sizeof(text)) == 0)
		*ret_detail = xasprintf("%zu CPUs, at most %s samples a second", nr, text);
	return 0;
}

int feature_try_hardware(char **ret_detail)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.disabled = 1,
		.exclude_kernel = 1,
	};
	_cleanup_close_ int fd = perf_open(&attr, 0, -1);

	if (fd == -ENOENT || fd == -ENODEV || fd == -EOPNOTSUPP)
		*ret_detail = xstrdup("no counters here, as in most virtual machines");
	return fd < 0 ? fd : 0;
}

int feature_try_breakpoints(char **ret_detail)
{
	(void)ret_detail;
	return launch_trap_breakpoints_work() ? 0 : -ENODEV;
}

static __attribute__((noinline)) void trial_function(void)
{
	__asm__ volatile("" ::: "memory");
}

int feature_try_uprobes(char **ret_detail)
{
	_cleanup_close_ int event = -1;
	int type = perf_pmu_type("uprobe");
	uint64_t off;
	int ret;

	(void)ret_detail;
	if (type < 0)
		return type;
	ret = launch_image_offset(getpid(), (uintptr_t)trial_function, &off);
	if (ret < 0)
		return ret;
	event = perf_open_uprobe((uint32_t)type, "/proc/self/exe", off, 0, false);
	return event < 0 ? event : 0;
}

int feature_try_inherited_uprobes(char **ret_detail)
{
	_cleanup_(uprobe_event_freep) struct uprobe_event *event = NULL;
	_cleanup_close_ int file = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	uint64_t off;
	int ret;

	if (file < 0)
		return -errno;
	ret = launch_image_offset(getpid(), (uintptr_t)trial_function, &off);
	if (ret == 0)
		ret = uprobe_event_new(file, &off, 1, false, &event);
	if (ret < 0)
		*ret_detail = xasprintf("%s; every process takes the breakpoints instead",
					strerror(-ret));
	return ret;
}

int feature_try_kprobes(char **ret_detail)
{
	static const char function[] = "vfs_read";
	int type = perf_pmu_type("kprobe");
	struct perf_event_attr attr = {
		.type = (uint32_t)type,
		.size = sizeof(attr),
		.disabled = 1,
		.kprobe_func = (uintptr_t)function,
	};
	_cleanup_close_ int event = -1;

	if (type < 0) {
		*ret_detail = xstrdup("not in this kernel (CONFIG_KPROBES)");
		return type;
	}
	event = perf_open(&attr, -1, 0);
	return event < 0 ? event : 0;
}

static int stop_at_first(const char *category, const char *name, void *arg)
{
	(void)category;
	(void)name;
	(void)arg;
	return 1;
}

int feature_try_tracepoints(char **ret_detail)
{
	_cleanup_close_ int fd = tracefs_open();
	int ret;

	(void)ret_detail;
	if (fd < 0)
		return fd;
	ret = tracefs_match_events(fd, "sched", "sched_switch", stop_at_first, NULL);
	return ret < 0 ? ret : ret == 0 ? -ENOENT : 0;
}
