/* SPDX-License-Identifier: MIT */
#include "cli/report_pipeline.h"

#include "cli/function_lines.h"
#include "cli/outputs.h"
#include "cli/report_options.h"
#include "common/alloc.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "flamegraph/profile.h"
#include "flamegraph/terminal.h"
#include "flamegraph/top_functions.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define NR_HOTTEST 5 /* told at the end of a run */

/* Turns stacks of places into stacks of frame ids; a place is named once, however often met. */
struct stack_builder {
	const struct capture *capture;
	const struct capture_info *info;
	const struct report_options *options;
	struct profile *profile;
	uint32_t *ids;	 /* of all locations' frames, outermost first, side by side */
	size_t *first;	 /* location -> its first id; one more than there are locations */
	uint32_t *stack; /* the stack under construction, root first */
	size_t nr, cap;
};

static void stack_builder_release(struct stack_builder *builder)
{
	free(builder->ids);
	free(builder->first);
	free(builder->stack);
}

/* "libc.so.6`malloc": the spelling DTrace began and flamegraph.pl's palettes understand. */
static const char *module_to_show(const struct frame *frame)
{
	const char *slash = frame->module ? strrchr(frame->module, '/') : NULL;

	if (!frame->module || frame->kind == FRAME_KIND_MODULE || frame->name == frame->module)
		return NULL;
	return slash ? slash + 1 : frame->module;
}

/* What --modules and --lines make of a name; to be freed. */
static char *decorated_name(const struct report_options *options, const struct frame *frame)
{
	const char *module = options->modules ? module_to_show(frame) : NULL;
	_cleanup_free_ char *line = NULL;

	if (options->line_names && frame->line)
		line = xasprintf(":%" PRIu32, frame->line);
	return xasprintf("%s%s%s%s", module ? module : "", module ? "`" : "", frame->name,
			 line ? line : "");
}

/* @lines: NULL where lines tell frames apart. */
static uint32_t frame_id(const struct stack_builder *builder, struct function_lines *lines,
			 const struct frame *named, bool guessed)
{
	_cleanup_free_ char *name = decorated_name(builder->options, named);
	struct frame frame = *named;

	if (lines)
		function_lines_apply(lines, &frame);
	frame.guessed = guessed;
	frame.name = name;
	return profile_frame(builder->profile, &frame);
}

static void collect_ids(struct stack_builder *builder, const struct location_names *names)
{
	_cleanup_(function_lines_freep) struct function_lines *lines = NULL;
	size_t nr_locations, nr = 0, cap = 0;
	const struct capture_location *locations = capture_locations(builder->capture,
								     &nr_locations);

	if (builder->options->symbols.values.lines && !builder->options->line_names)
		lines = function_lines_new(builder->capture, names);
	builder->first = xcalloc(nr_locations + 1, sizeof(*builder->first));
	for (size_t l = 0; l < nr_locations; l++) {
		uint32_t nr_frames;
		const struct frame *frames = location_names_get(names, (uint32_t)l, &nr_frames);

		builder->first[l] = nr;
		for (uint32_t i = nr_frames; i-- > 0;) {
			GROW_ARRAY(builder->ids, nr, cap);
			builder->ids[nr++] = frame_id(builder, lines, &frames[i],
						      locations[l].guessed);
		}
	}
	builder->first[nr_locations] = nr;
}

static void push(struct stack_builder *builder, uint32_t id)
{
	GROW_ARRAY(builder->stack, builder->nr, builder->cap);
	builder->stack[builder->nr++] = id;
}

static void push_mark(struct stack_builder *builder, const char *name)
{
	struct frame frame = {.name = name, .kind = FRAME_KIND_MARK};

	push(builder, profile_frame(builder->profile, &frame));
}

/* Threads of one process may have different names: a process is called by its own. */
static void push_root(struct stack_builder *builder, const struct capture_stack *stack)
{
	size_t nr;
	const struct capture_process *process = &capture_processes(builder->capture,
								   &nr)[stack->process];
	const char *process_comm = process->comm && *process->comm ? process->comm : stack->comm;
	_cleanup_free_ char *name = NULL;

	if (builder->options->per_thread)
		name = xasprintf("%s-%" PRIu32 "/%" PRIu32, stack->comm, process->pid, stack->tid);
	else if (builder->options->per_process)
		name = xasprintf("%s-%" PRIu32, process_comm, process->pid);
	push_mark(builder, name ? name : stack->comm);
}

static bool is_whole(const struct capture_info *info, const struct capture_stack *stack)
{
	return stack->stop < info->nr_stops && info->stops[stack->stop].complete;
}

static void build_stack(struct stack_builder *builder, const struct capture_stack *stack)
{
	builder->nr = 0;
	if (builder->info->nr_probes > 1 && stack->probe < builder->info->nr_probes)
		push_mark(builder, builder->info->probes[stack->probe]);
	push_root(builder, stack);
	if (!is_whole(builder->info, stack))
		push_mark(builder, "[truncated]");
	for (uint32_t i = stack->nr_locations; i-- > 0;) {
		uint32_t l = stack->locations[i];

		for (size_t at = builder->first[l]; at < builder->first[l + 1]; at++)
			push(builder, builder->ids[at]);
	}
}

static int count_stack(struct stack_builder *builder, const struct capture_stack *stack)
{
	uint32_t row;
	int err = profile_stack(builder->profile, builder->stack, builder->nr, &row);

	if (err < 0)
		return err;
	if (builder->info->slice_ns)
		return profile_count_at(builder->profile, row, stack->slice, stack->weight);
	return profile_count(builder->profile, row, stack->weight);
}

static int add_stacks(struct stack_builder *builder)
{
	size_t nr;
	const struct capture_stack *stacks = capture_stacks(builder->capture, &nr);

	for (size_t i = 0; i < nr; i++) {
		int err;

		build_stack(builder, &stacks[i]);
		err = count_stack(builder, &stacks[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

/* Formats that tell files apart by build-id find it by the module's path. */
static void name_modules(struct profile *profile, const struct capture *capture)
{
	size_t nr;
	const struct capture_object *objects = capture_objects(capture, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (objects[i].kind == CAPTURE_OBJECT_ELF && objects[i].build_id.size)
			profile_set_build_id(profile, objects[i].path, &objects[i].build_id);
	}
}

int report_build_profile(const struct capture *capture, const struct recorded_files *files,
			 const struct report_options *options, struct profile **ret_profile,
			 struct symbol_figures *ret_figures)
{
	_cleanup_(location_names_freep) struct location_names *names = NULL;
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	_cleanup_(stack_builder_release) struct stack_builder builder = {
		.capture = capture,
		.info = capture_info(capture),
		.options = options,
		.profile = profile,
	};
	int err;

	location_names_new(capture, files, &options->symbols.values, &names, ret_figures);
	collect_ids(&builder, names);
	err = add_stacks(&builder);
	if (err < 0)
		return err;
	profile_set_info(profile, builder.info);
	name_modules(profile, capture);
	profile_finish(profile);
	*ret_profile = TAKE_PTR(profile);
	return 0;
}

void report_outcome_release(struct report_outcome *outcome)
{
	free(outcome->hottest);
}

/* Where the talk goes to a terminal, or -v asks for more of it. */
static bool somebody_looks(void)
{
	return log_get_level() >= LOG_VERBOSE ||
	       (log_get_level() >= LOG_NORMAL && isatty(STDERR_FILENO));
}

static char *hottest_functions(const struct profile *profile)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!profile || !somebody_looks())
		return xstrdup("");
	out = open_memstream(&text, &size);
	if (!out)
		die_oom();
	top_functions_print(profile, NR_HOTTEST, "  ", terminal_has_colours(stderr), out);
	if (fclose(out))
		die_oom();
	return text;
}

int report_write(const struct capture *capture, const struct recorded_files *files,
		 const struct report_options *options, struct outputs *outputs,
		 struct report_outcome *ret_outcome)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	struct symbol_figures figures = {0};
	int err = 0, written;

	if (outputs_need_profile(outputs)) {
		err = report_build_profile(capture, files, options, &profile, &figures);
		if (err < 0)
			log_errno(err, "cannot add up the stacks");
	}
	written = outputs_write(outputs, capture, profile);
	ret_outcome->symbols = figures;
	ret_outcome->hottest = hottest_functions(profile);
	return err < 0 ? err : written;
}
