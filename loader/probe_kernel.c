/* SPDX-License-Identifier: MIT */
/* kprobe and fentry: calls of the kernel's functions, by whichever of the two the kernel has. */
#include "common/alloc.h"
#include "loader/kernel_functions.h"
#include "loader/near_names.h"
#include "loader/perf_event.h"
#include "loader/probe_internal.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

/* Each function of fentry gets a program of its own, verified anew. */
#define MAX_FENTRY_POINTS 64
/* Each kprobe event costs a tenth of a second when it goes. */
#define MAX_KPROBE_POINTS 256

static int parse_function(struct probe *probe, const char *spec, char **ret_error)
{
	int ret;

	if (!*spec || strchr(spec, ':') || *spec == '+') {
		*ret_error = xasprintf("'%s' names no kernel function: %s:%s does, as in %s",
				       probe->text, probe->kind->name, probe->kind->spelling,
				       probe->kind->example);
		return -EINVAL;
	}
	probe->name = xstrdup(spec);
	ret = probe_split_offset(probe->name, &probe->off);
	if (ret < 0)
		*ret_error = xasprintf("the offset in '%s' is out of range", probe->text);
	return ret;
}

int probe_kprobe_parse(struct probe *probe, const char *spec, char **ret_error)
{
	probe->program = perf_pmu_type("kprobe") >= 0 ? PROBE_PROGRAM_KPROBE : PROBE_PROGRAM_FENTRY;
	return parse_function(probe, spec, ret_error);
}

int probe_fentry_parse(struct probe *probe, const char *spec, char **ret_error)
{
	int ret = parse_function(probe, spec, ret_error);

	probe->program = PROBE_PROGRAM_FENTRY;
	if (ret == 0 && probe->off) {
		*ret_error = xasprintf("'%s': fentry is at a function's entry only; kprobe:%s+%lu "
				       "takes an offset",
				       probe->text, probe->name, probe->off);
		return -EINVAL;
	}
	return ret;
}

struct collection {
	struct probe *probe;
	size_t max;
	int err;
};

static int collect(const char *name, void *arg)
{
	struct collection *found = arg;
	struct probe *probe = found->probe;

	for (size_t i = 0; i < probe->nr_points; i++) {
		if (!strcmp(probe->points[i].name, name))
			return 0; /* static functions share names */
	}
	if (probe->nr_points == found->max)
		found->err = -E2BIG;
	else
		found->err = probe_add_point(probe, xstrdup(name), 0);
	return found->err < 0;
}

static int show_name(const char *name, void *arg)
{
	near_names_add(arg, name);
	return 0;
}

static int ignore_name(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return 1;
}

static int explain_nothing(const struct probe *probe, char **ret_error)
{
	bool fentry = probe->program == PROBE_PROGRAM_FENTRY;
	_cleanup_free_ char *question = NULL;
	struct near_names near;

	if (fentry &&
	    kernel_functions_match(KERNEL_FUNCTIONS_ALL, probe->name, ignore_name, NULL) > 0) {
		*ret_error = xasprintf("kernel function '%s' has no BTF or no entry to hook, so "
				       "fentry cannot take it%s",
				       probe->name,
				       perf_pmu_type("kprobe") < 0
					       ? ", and this kernel has no kprobes"
					       : "; kprobe may");
		return -EOPNOTSUPP;
	}
	near_names_init(&near, probe->name);
	kernel_functions_match(fentry ? KERNEL_FUNCTIONS_BTF : KERNEL_FUNCTIONS_ALL, "*", show_name,
			       &near);
	question = near_names_question(&near);
	*ret_error = xasprintf("this kernel has no function '%s'%s", probe->name, question);
	return -ENOENT;
}

static int explain_failure(const struct probe *probe, int err, char **ret_error)
{
	if (err == -ENODEV)
		*ret_error = xasprintf("this kernel has neither kprobes nor BTF "
				       "(CONFIG_DEBUG_INFO_BTF), so '%s' cannot be attached; "
				       "tracepoint: probes work without",
				       probe->text);
	else
		*ret_error = xasprintf("cannot read the names of the kernel's functions: %s",
				       strerror(-err));
	return err;
}

static int find_functions(struct probe *probe, char **ret_error)
{
	bool fentry = probe->program == PROBE_PROGRAM_FENTRY;
	struct collection found = {
		.probe = probe,
		.max = fentry ? MAX_FENTRY_POINTS : MAX_KPROBE_POINTS,
	};
	enum kernel_function_set set = fentry ? KERNEL_FUNCTIONS_BTF : KERNEL_FUNCTIONS_ALL;
	int ret;

	if (fentry && probe_is_glob(probe->name))
		set = KERNEL_FUNCTIONS_HOOK; /* one that cannot be hooked would fail them all */
	ret = kernel_functions_match(set, probe->name, collect, &found);
	if (ret == -EACCES && !fentry && !probe_is_glob(probe->name))
		return probe_add_point(probe, xstrdup(probe->name), 0); /* the kernel knows */
	if (ret < 0)
		return explain_failure(probe, ret, ret_error);
	if (found.err < 0) {
		*ret_error = xasprintf("'%s' matches more than %zu functions; narrow it",
				       probe->text, found.max);
		return found.err;
	}
	return probe->nr_points ? 0 : explain_nothing(probe, ret_error);
}

int probe_kernel_resolve(struct probe *probe, const struct probe_environment *env, char **ret_error,
			 char **ret_note)
{
	bool replaced = probe->program == PROBE_PROGRAM_FENTRY &&
			probe->kind->parse == probe_kprobe_parse;
	int ret;

	(void)env;
	*ret_note = NULL;
	if (replaced && probe->off) {
		*ret_error = xasprintf("'%s' needs kprobes, which this kernel does not have; "
				       "without the offset fentry serves it",
				       probe->text);
		return -EOPNOTSUPP;
	}
	ret = find_functions(probe, ret_error);
	if (ret == 0 && replaced)
		*ret_note = xasprintf("this kernel has no kprobes; '%s' uses fentry", probe->text);
	return ret;
}

static int attach_fentry(struct probe *probe, const struct probe_environment *env, const char *name)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .tracing.cookie = probe->index);
	int program = env->prog_fd(env->arg, PROBE_PROGRAM_FENTRY, name);
	int link;

	if (program < 0)
		return program;
	link = bpf_link_create(program, 0, BPF_TRACE_FENTRY, &opts);
	if (link < 0)
		return -errno;
	return probe_adopt_link(probe, link);
}

static int attach_kprobe(struct probe *probe, const struct probe_environment *env, const char *name)
{
	int type = perf_pmu_type("kprobe");
	struct perf_event_attr attr = {
		.type = (uint32_t)type,
		.size = sizeof(attr),
		.kprobe_func = (uintptr_t)name,
		.probe_offset = probe->off,
		.disabled = 1,
	};

	if (type < 0)
		return type;
	return probe_add_perf_event(probe, env, &attr, -1, 0, false);
}

static const char *reason(int err)
{
	switch (err) {
	case -EADDRNOTAVAIL:
		return "several functions have that name";
	case -EINVAL:
	case -EILSEQ:
	case -EOPNOTSUPP:
	case -ENOTSUPP_KERNEL:
		return "the kernel does not allow probes there";
	default:
		return strerror(-err);
	}
}

static char *explain_attach(const struct probe *probe, const char *function, int err)
{
	bool fentry = probe->program == PROBE_PROGRAM_FENTRY;

	/* root meets this on a locked-down kernel */
	if (fentry && (err == -EPERM || err == -EACCES))
		return xasprintf("this kernel does not permit fentry on '%s'%s; tracepoint: probes "
				 "work without (ctrace list 'tracepoint:syscalls:*')",
				 function,
				 perf_pmu_type("kprobe") < 0 ? " and has no kprobes"
							     : ", kprobe: may work");
	return xasprintf("cannot attach %s to kernel function '%s': %s",
			 fentry ? "fentry" : "a kprobe", function, reason(err));
}

int probe_kernel_attach(struct probe *probe, const struct probe_environment *env, char **ret_error)
{
	bool fentry = probe->program == PROBE_PROGRAM_FENTRY;
	int ret = probe_reserve_descriptors(probe, 2 * probe->nr_points, ret_error);

	for (size_t i = 0; i < probe->nr_points && ret == 0; i++) {
		const char *name = probe->points[i].name;

		ret = fentry ? attach_fentry(probe, env, name) : attach_kprobe(probe, env, name);
		if (ret < 0)
			*ret_error = explain_attach(probe, name, ret);
	}
	return ret;
}

struct listing {
	const char *kind;
	probe_list_fn *fn;
	void *arg;
};

static int list_function(const char *name, void *arg)
{
	const struct listing *listing = arg;
	_cleanup_free_ char *text = xasprintf("%s:%s", listing->kind, name);

	return listing->fn(text, listing->arg);
}

static int list_functions(enum kernel_function_set set, struct listing *listing, const char *spec,
			  char **ret_error)
{
	int ret = kernel_functions_match(set, spec, list_function, listing);

	if (ret < 0)
		*ret_error = xasprintf("cannot read the names of the kernel's functions: %s",
				       strerror(-ret));
	return ret < 0 ? ret : 0;
}

int probe_kprobe_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error)
{
	struct listing listing = {"kprobe", fn, arg};
	bool kprobes = perf_pmu_type("kprobe") >= 0;

	return list_functions(kprobes ? KERNEL_FUNCTIONS_ALL : KERNEL_FUNCTIONS_HOOK, &listing,
			      spec, ret_error);
}

int probe_fentry_list(const char *spec, probe_list_fn *fn, void *arg, char **ret_error)
{
	struct listing listing = {"fentry", fn, arg};

	return list_functions(KERNEL_FUNCTIONS_HOOK, &listing, spec, ret_error);
}
