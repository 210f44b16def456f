/* SPDX-License-Identifier: MIT */
#include "loader/probe.h"

#include "common/alloc.h"
#include "loader/perf_event.h"
#include "loader/probe_internal.h"
#include "loader/probe_kind_hint.h"
#include "loader/probe_ring.h"
#include "loader/uprobe_event.h"

#include <errno.h>
#include <string.h>

static char *known_kinds(void)
{
	const struct probe_kind *kind;
	char *list = xstrdup("");

	for (size_t i = 0; (kind = probe_kind_at(i)); i++) {
		char *longer = xasprintf("%s%s%s", list, i ? ", " : "", kind->name);

		free(list);
		list = longer;
	}
	return list;
}

static const struct probe_kind *find_kind(const char *text, const char **ret_spec, char **ret_error)
{
	_cleanup_free_ char *known = known_kinds();
	const char *colon = strchr(text, ':');
	const struct probe_kind *kind;

	if (!colon) {
		*ret_error = xasprintf("'%s' is not a probe: KIND:... is, as in profile:hz:99 "
				       "(kinds: %s)",
				       text, known);
		return NULL;
	}
	kind = probe_kind_find(text, (size_t)(colon - text));
	if (!kind) {
		_cleanup_free_ char *hint = probe_kind_hint(text);

		*ret_error = xasprintf("unknown kind '%.*s' of probe '%s'%s (kinds: %s)",
				       (int)(colon - text), text, text, hint, known);
	}
	*ret_spec = colon + 1;
	return kind;
}

int probe_parse(const char *text, unsigned int index, struct probe **ret_probe, char **ret_error)
{
	_cleanup_(probe_freep) struct probe *probe = NULL;
	const struct probe_kind *kind;
	const char *spec;
	int ret;

	if (strlen(text) > PROBE_MAX_TEXT) {
		*ret_error = xasprintf("a probe of %zu characters is too long, %d are allowed",
				       strlen(text), PROBE_MAX_TEXT);
		return -EINVAL;
	}
	kind = find_kind(text, &spec, ret_error);
	if (!kind)
		return -EINVAL;
	probe = xcalloc(1, sizeof(*probe));
	probe->kind = kind;
	probe->text = xstrdup(text);
	probe->index = index;
	probe->object_fd = -1;
	ret = kind->parse(probe, spec, ret_error);
	if (ret < 0)
		return ret;
	*ret_probe = TAKE_PTR(probe);
	return 0;
}

static void close_event(struct probe_event *event)
{
	probe_ring_unmap(event->ring);
	cleanup_closep(&event->link_fd);
	cleanup_closep(&event->perf_fd);
}

void probe_free(struct probe *probe)
{
	if (!probe)
		return;
	for (size_t i = 0; i < probe->nr_events; i++)
		close_event(&probe->events[i]);
	free(probe->events);
	uprobe_event_free(probe->definition);
	for (size_t i = 0; i < probe->nr_points; i++)
		free(probe->points[i].name);
	free(probe->points);
	cleanup_closep(&probe->object_fd);
	free(probe->object_path);
	free(probe->rival);
	free(probe->object);
	free(probe->name);
	free(probe->text);
	free(probe);
}

static const struct probe_kind *kind_of_spec(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon ? probe_kind_find(text, (size_t)(colon - text)) : NULL;
}

bool probe_is_spec(const char *text)
{
	return kind_of_spec(text) != NULL;
}

bool probe_spec_is_clock(const char *text)
{
	const struct probe_kind *kind = kind_of_spec(text);

	return kind && kind->parse == probe_clock_parse;
}

const char *probe_text(const struct probe *probe)
{
	return probe->text;
}

uint64_t probe_period_ns(const struct probe *probe)
{
	return probe->kind->parse == probe_clock_parse ? probe->period : 0;
}

enum probe_program probe_program(const struct probe *probe)
{
	return probe->program;
}

int probe_resolve(struct probe *probe, const struct probe_environment *env, char **ret_error,
		  char **ret_note)
{
	if (!probe->kind->resolve)
		return 0;
	return probe->kind->resolve(probe, env, ret_error, ret_note);
}

size_t probe_nr_points(const struct probe *probe)
{
	/* clocks and counters have no place, they are one point themselves */
	return probe->kind->resolve ? probe->nr_points : 1;
}

int probe_attach(struct probe *probe, const struct probe_environment *env, char **ret_error)
{
	return probe->kind->attach(probe, env, ret_error);
}

bool probe_is_inherited(const struct probe *probe)
{
	return probe->kind->attach_also && (probe->definition || probe->period > 1);
}

int probe_attach_also(struct probe *probe, const struct probe_environment *env, pid_t tid,
		      uint32_t owner)
{
	size_t before = probe->nr_events;
	int ret = probe->kind->attach_also ? probe->kind->attach_also(probe, env, tid) : 0;

	for (size_t i = before; i < probe->nr_events; i++) {
		probe->events[i].owner = owner;
		if (ret == 0 && probe->events[i].perf_fd >= 0)
			ret = perf_enable(probe->events[i].perf_fd);
	}
	return ret;
}

void probe_detach_owner(struct probe *probe, uint32_t owner)
{
	size_t kept = 0;

	for (size_t i = 0; i < probe->nr_events; i++) {
		if (probe->events[i].owner != owner) {
			probe->events[kept++] = probe->events[i];
			continue;
		}
		probe->past_throttled += probe_ring_losses(probe->events[i].ring);
		close_event(&probe->events[i]);
	}
	probe->nr_events = kept;
}

int probe_enable(struct probe *probe)
{
	for (size_t i = 0; i < probe->nr_events; i++) {
		int ret = probe->events[i].perf_fd < 0 ? 0 : perf_enable(probe->events[i].perf_fd);

		if (ret < 0)
			return ret;
	}
	return 0;
}

void probe_disable(struct probe *probe)
{
	for (size_t i = 0; i < probe->nr_events; i++) {
		if (probe->events[i].perf_fd >= 0)
			perf_disable(probe->events[i].perf_fd);
	}
}

uint64_t probe_throttled(const struct probe *probe)
{
	uint64_t total = probe->past_throttled;

	for (size_t i = 0; i < probe->nr_events; i++)
		total += probe_ring_losses(probe->events[i].ring);
	return total;
}

void probe_print_help(FILE *out)
{
	const struct probe_kind *kind;

	for (size_t i = 0; (kind = probe_kind_at(i)); i++) {
		char spelling[64];

		snprintf(spelling, sizeof(spelling), "%s:%s", kind->name, kind->spelling);
		fprintf(out, "  %-27s (%s) %s\n%31s e.g. %s\n", spelling, kind->short_name,
			kind->summary, "", kind->example);
	}
}

/* A kind that has no names to list is listed by its example. */
static int list_example(const struct probe_kind *kind, probe_list_fn *fn, void *arg)
{
	fn(kind->example, arg);
	return 0;
}

int probe_list(const char *pattern, probe_list_fn *fn, void *arg, char **ret_error)
{
	_cleanup_free_ char *whole = NULL;
	const struct probe_kind *kind;
	const char *spec;

	if (!strchr(pattern, ':')) {
		whole = xasprintf("%s:*", pattern);
		pattern = whole;
	}
	kind = find_kind(pattern, &spec, ret_error);
	if (!kind)
		return -EINVAL;
	if (!kind->list)
		return list_example(kind, fn, arg);
	return kind->list(*spec ? spec : "*", fn, arg, ret_error);
}
