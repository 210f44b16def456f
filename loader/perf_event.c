/* SPDX-License-Identifier: MIT */
#include "loader/perf_event.h"

#include "common/cleanup.h"
#include "common/number.h"

#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

int perf_pmu_type(const char *name)
{
	_cleanup_fclose_ FILE *file = NULL;
	char text[128];
	uint64_t type;

	snprintf(text, sizeof(text), "/sys/bus/event_source/devices/%s/type", name);
	file = fopen(text, "re");
	if (!file)
		return -ENODEV;
	if (!fgets(text, sizeof(text), file))
		return -ENODEV;
	text[strcspn(text, "\n")] = '\0';
	if (parse_uint(text, 0, INT32_MAX, &type) < 0)
		return -ENODEV;
	return (int)type;
}

int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu)
{
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

int perf_open_uprobe(uint32_t type, const char *path, uint64_t off, pid_t pid, bool returns)
{
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.disabled = 1,
		.config = returns, /* PERF_PROBE_CONFIG_IS_RETPROBE, bit 0 */
		.uprobe_path = (uintptr_t)path,
		.probe_offset = off,
	};

	/* one breakpoint serves all CPUs: an event of every process needs only one of them */
	return perf_open(&attr, pid, pid < 0 ? 0 : -1);
}

int perf_open_breakpoint(uint64_t addr, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.sample_period = 1, /* a BPF program runs on each overflow */
		.bp_type = HW_BREAKPOINT_X,
		.bp_addr = addr,
		.bp_len = sizeof(long), /* what the kernel asks for with execution breakpoints */
	};

	return perf_open(&attr, pid, -1);
}

int perf_enable(int fd)
{
	return ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0 ? -errno : 0;
}

int perf_disable(int fd)
{
	return ioctl(fd, PERF_EVENT_IOC_DISABLE, 0) < 0 ? -errno : 0;
}
