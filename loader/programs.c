/* SPDX-License-Identifier: MIT */
#include "loader/programs.h"

#include "common/alloc.h"
#include "common/log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctrace.skel.h"

/* Every fentry function needs a program of its own; more is a glob gone wrong. */
#define MAX_FENTRY_PROGRAMS 64

struct programs {
	struct ctrace_bpf *skel;
	struct program_config config;
	struct bpf_link *hooks[4];
	struct ctrace_bpf *fentry[MAX_FENTRY_PROGRAMS];
	size_t nr_fentry;
};

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text = NULL;

	(void)level;
	if (log_get_level() < LOG_DEBUG || vasprintf(&text, format, args) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	log_debug("%s", text);
	free(text);
	return 0;
}

static struct bpf_program *sampling_program(const struct ctrace_bpf *skel, enum probe_program which)
{
	switch (which) {
	case PROBE_PROGRAM_PERF_EVENT:
		return skel->progs.sample_perf_event;
	case PROBE_PROGRAM_UPROBE:
		return skel->progs.sample_uprobe;
	case PROBE_PROGRAM_URETPROBE:
		return skel->progs.sample_uretprobe;
	case PROBE_PROGRAM_KPROBE:
		return skel->progs.sample_kprobe;
	case PROBE_PROGRAM_TRACEPOINT:
		return skel->progs.sample_tracepoint;
	case PROBE_PROGRAM_FENTRY:
		return skel->progs.sample_fentry;
	case NR_PROBE_PROGRAMS:
		break;
	}
	return NULL;
}

static char *explain_load_error(int err)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return xasprintf("this kernel has no BTF (/sys/kernel/btf/vmlinux), which the BPF "
				 "programs need; CONFIG_DEBUG_INFO_BTF=y gives it");
	if (err == -EACCES)
		return xasprintf("this kernel's verifier refuses the BPF programs (-vv shows its "
				 "reasons); kernels from 6.1 on are supported");
	if (err == -EPERM)
		return xasprintf("no rights to load BPF programs: run as root, or with CAP_BPF, "
				 "CAP_PERFMON and CAP_SYS_PTRACE");
	return xasprintf("cannot load the BPF programs: %s",
			 err == -ESRCH ? "the kernel's BTF cannot be read" : strerror(-err));
}

/* A map of maps wants to see one of its inner maps when it is made; that one is let go again. */
static int make_outer_map(struct bpf_map *map)
{
	const struct bpf_map *inner = bpf_map__inner_map(map);
	LIBBPF_OPTS(bpf_map_create_opts, inner_opts, .map_flags = bpf_map__map_flags(inner));
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	_cleanup_close_ int template = -1, fd = -1;

	template = bpf_map_create(bpf_map__type(inner), "ctrace_inner", bpf_map__key_size(inner),
				  bpf_map__value_size(inner), 1, &inner_opts);
	if (template <0)
		return -errno;
	opts.inner_map_fd = (uint32_t) template;
	fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
			    bpf_map__value_size(map), bpf_map__max_entries(map), &opts);
	return fd < 0 ? -errno : bpf_map__reuse_fd(map, fd);
}

static int make_map(struct bpf_map *map)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map));
	_cleanup_close_ int fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map),
						bpf_map__key_size(map), bpf_map__value_size(map),
						bpf_map__max_entries(map), &opts);

	return fd < 0 ? -errno : bpf_map__reuse_fd(map, fd);
}

static int make_early_maps(struct ctrace_bpf *skel)
{
	int err = make_outer_map(skel->maps.blobs);

	if (err == 0)
		err = make_outer_map(skel->maps.slots);
	if (err == 0)
		err = make_outer_map(skel->maps.counts);
	if (err == 0)
		err = make_map(skel->maps.rules);
	if (err == 0)
		err = make_map(skel->maps.objects);
	if (err == 0)
		err = make_map(skel->maps.ring);
	return err;
}

int programs_open(const struct program_config *config, const bool wanted[NR_PROBE_PROGRAMS],
		  struct programs **ret_programs, char **ret_error)
{
	_cleanup_(programs_freep) struct programs *p = xcalloc(1, sizeof(*p));
	int err;

	libbpf_set_print(print_libbpf);
	p->config = *config;
	p->skel = ctrace_bpf__open();
	if (!p->skel) {
		err = -errno;
		*ret_error = explain_load_error(err);
		return err;
	}
	p->skel->rodata->config = *config;
	for (int i = 0; i < NR_PROBE_PROGRAMS; i++)
		bpf_program__set_autoload(sampling_program(p->skel, i),
					  wanted[i] && i != PROBE_PROGRAM_FENTRY);
	err = make_early_maps(p->skel);
	if (err < 0) {
		*ret_error = explain_load_error(err);
		return err;
	}
	*ret_programs = TAKE_PTR(p);
	return 0;
}

int programs_load(struct programs *p, char **ret_error)
{
	int err = ctrace_bpf__load(p->skel);

	if (err < 0)
		*ret_error = explain_load_error(err);
	return err;
}

void programs_free(struct programs *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nr_fentry; i++)
		ctrace_bpf__destroy(p->fentry[i]);
	for (size_t i = 0; i < sizeof(p->hooks) / sizeof(p->hooks[0]); i++)
		bpf_link__destroy(p->hooks[i]);
	ctrace_bpf__destroy(p->skel);
	free(p);
}

/* The BPF side names processes as this process's pid namespace does. */
static int find_pid_namespace(const struct programs *p)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(p->skel->progs.find_pid_namespace), &opts);
}

int programs_attach_hooks(struct programs *p)
{
	int err = find_pid_namespace(p);
	struct bpf_program *hooks[] = {
		p->skel->progs.process_fork,
		p->skel->progs.process_exec,
		p->skel->progs.process_exit,
		p->skel->progs.page_fault_user,
	};

	if (err < 0)
		return err;
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		p->hooks[i] = bpf_program__attach(hooks[i]);
		if (!p->hooks[i])
			return -errno;
	}
	return 0;
}

/* A second instance of the object for one kernel function, on the maps of the first. */
static int load_fentry(struct programs *p, const char *function)
{
	struct bpf_program *program;
	struct bpf_map *map;
	struct ctrace_bpf *skel;
	int err;

	if (p->nr_fentry == MAX_FENTRY_PROGRAMS)
		return -E2BIG;
	skel = ctrace_bpf__open();
	if (!skel)
		return -errno;
	p->fentry[p->nr_fentry++] = skel;
	skel->rodata->config = p->config;
	bpf_object__for_each_program(program, skel->obj)
		bpf_program__set_autoload(program, program == skel->progs.sample_fentry);
	bpf_object__for_each_map(map, skel->obj)
	{
		const char *name = bpf_map__name(map);
		int fd = bpf_object__find_map_fd_by_name(p->skel->obj, name);

		/* Each instance has its own read-only data: the same values. */
		if (fd < 0 || strstr(name, ".rodata"))
			continue;
		err = bpf_map__reuse_fd(map, fd);
		if (err < 0)
			return err;
	}
	err = bpf_program__set_attach_target(skel->progs.sample_fentry, 0, function);
	if (err < 0)
		return err;
	err = ctrace_bpf__load(skel);
	return err < 0 ? err : bpf_program__fd(skel->progs.sample_fentry);
}

int programs_fd(void *arg, enum probe_program which, const char *function)
{
	struct programs *p = arg;
	int fd;

	if (which == PROBE_PROGRAM_FENTRY)
		return load_fentry(p, function);
	fd = bpf_program__fd(sampling_program(p->skel, which));
	return fd < 0 ? -ENOENT : fd;
}

int programs_map_fd(const struct programs *p, enum programs_map which)
{
	const struct bpf_map *const maps[NR_PROGRAMS_MAPS] = {
		[PROGRAMS_MAP_BLOBS] = p->skel->maps.blobs,
		[PROGRAMS_MAP_RULES] = p->skel->maps.rules,
		[PROGRAMS_MAP_OBJECTS] = p->skel->maps.objects,
		[PROGRAMS_MAP_SLOTS] = p->skel->maps.slots,
		[PROGRAMS_MAP_PROCESSES] = p->skel->maps.processes,
		[PROGRAMS_MAP_ASSIGNMENTS] = p->skel->maps.assignments,
		[PROGRAMS_MAP_COUNTS] = p->skel->maps.counts,
		[PROGRAMS_MAP_COUNTERS] = p->skel->maps.counters,
		[PROGRAMS_MAP_RING] = p->skel->maps.ring,
	};

	return bpf_map__fd(maps[which]);
}

volatile struct program_state *programs_state(struct programs *p)
{
	return &p->skel->bss->state;
}

static void add_usage(const struct bpf_program *program, struct programs_usage *usage)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);
	int fd = bpf_program__fd(program);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return;
	usage->runs += info.run_cnt;
	usage->ns += info.run_time_ns;
	usage->recursion_misses += info.recursion_misses;
}

int programs_usage(const struct programs *p, struct programs_usage *ret_usage)
{
	struct programs_usage usage = {};

	for (int i = 0; i < NR_PROBE_PROGRAMS; i++)
		add_usage(sampling_program(p->skel, i), &usage);
	for (size_t i = 0; i < p->nr_fentry; i++)
		add_usage(p->fentry[i]->progs.sample_fentry, &usage);
	*ret_usage = usage;
	return 0;
}

int programs_enable_statistics(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	return fd < 0 ? -errno : fd;
}

bool programs_statistics_enabled(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/kernel/bpf_stats_enabled", "re");

	return f && fgetc(f) == '1';
}

static uint64_t map_bytes(int fd)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[128];
	unsigned long long bytes = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	return bytes;
}

uint64_t programs_kernel_bytes(const struct programs *p)
{
	const struct bpf_map *map;
	uint64_t bytes = 0;

	bpf_object__for_each_map(map, p->skel->obj) bytes += map_bytes(bpf_map__fd(map));
	return bytes;
}
