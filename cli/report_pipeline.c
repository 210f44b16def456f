/* SPDX-License-Identifier: MIT */
#include "cli/report_pipeline.h"

#include "cli/outputs.h"
#include "cli/report_options.h"
#include "common/alloc.h"
#include "common/intern.h"
#include "common/log.h"
#include "flamegraph/capture.h"
#include "flamegraph/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* One stack under construction, root first. */
struct stack_builder {
	const struct capture *capture;
	const struct report_options *options;
	const struct location_names *names;
	struct intern *strings; /* names made here */
	struct frame *frames;
	size_t nr, cap;
};

static void push(struct stack_builder *builder, const struct frame *frame)
{
	GROW_ARRAY(builder->frames, builder->nr, builder->cap);
	builder->frames[builder->nr++] = *frame;
}

static void push_mark(struct stack_builder *builder, const char *name)
{
	struct frame frame = {.name = name, .kind = FRAME_KIND_MARK};

	push(builder, &frame);
}

static const char *make_name(struct stack_builder *builder, char *text)
{
	const char *name = intern_string(builder->strings, text);

	free(text);
	return name;
}

/* Threads of one process may have different names: a process is called by its own. */
static const char *root_name(struct stack_builder *builder, const struct capture_stack *stack)
{
	size_t nr;
	const struct capture_process *processes = capture_processes(builder->capture, &nr);
	const struct capture_process *process = &processes[stack->process];

	if (builder->options->per_thread)
		return make_name(builder, xasprintf("%s-%" PRIu32 "/%" PRIu32, stack->comm,
						    process->pid, stack->tid));
	if (builder->options->per_process)
		return make_name(builder, xasprintf("%s-%" PRIu32,
						    process->comm && *process->comm ? process->comm
										    : stack->comm,
						    process->pid));
	return stack->comm;
}

/* "libc.so.6`malloc": the spelling DTrace began and flamegraph.pl's palettes understand. */
static const char *name_with_module(struct stack_builder *builder, const struct frame *frame)
{
	const char *slash;

	if (!frame->module || frame->kind == FRAME_KIND_MODULE || frame->name == frame->module)
		return frame->name;
	slash = strrchr(frame->module, '/');
	return make_name(builder,
			 xasprintf("%s`%s", slash ? slash + 1 : frame->module, frame->name));
}

static void push_location(struct stack_builder *builder, uint32_t index)
{
	size_t nr_locations;
	const struct capture_location *locations = capture_locations(builder->capture,
								     &nr_locations);
	uint32_t nr;
	const struct frame *frames = location_names_get(builder->names, index, &nr);

	for (uint32_t i = nr; i-- > 0;) {
		struct frame frame = frames[i];

		frame.guessed = locations[index].guessed;
		if (builder->options->modules)
			frame.name = name_with_module(builder, &frame);
		push(builder, &frame);
	}
}

static void build_stack(struct stack_builder *builder, const struct capture_stack *stack,
			const struct capture_info *info)
{
	builder->nr = 0;
	if (info->nr_probes > 1)
		push_mark(builder, info->probes[stack->probe]);
	push_mark(builder, root_name(builder, stack));
	if (stack->stop >= info->nr_stops || !info->stops[stack->stop].complete)
		push_mark(builder, "[truncated]");
	for (uint32_t i = stack->nr_locations; i-- > 0;)
		push_location(builder, stack->locations[i]);
}

static int add_stacks(struct stack_builder *builder, const struct capture_info *info,
		      struct profile *profile)
{
	size_t nr;
	const struct capture_stack *stacks = capture_stacks(builder->capture, &nr);

	for (size_t i = 0; i < nr; i++) {
		int err;

		build_stack(builder, &stacks[i], info);
		err = profile_add(profile, builder->frames, builder->nr, stacks[i].weight);
		if (err < 0)
			return err;
	}
	return 0;
}

int report_build_profile(struct capture *capture, const struct report_options *options,
			 struct profile **ret_profile, struct symbol_figures *ret_figures)
{
	_cleanup_(location_names_freep) struct location_names *names = NULL;
	_cleanup_(intern_freep) struct intern *strings = intern_new();
	_cleanup_(profile_freep) struct profile *profile = profile_new();
	const struct capture_info *info = capture_get_info(capture);
	struct stack_builder builder = {.capture = capture, .options = options, .strings = strings};
	int err;

	location_names_new(capture, &options->symbols, &names, ret_figures);
	builder.names = names;
	err = add_stacks(&builder, info, profile);
	free(builder.frames);
	if (err < 0)
		return err;
	profile_set_info(profile, info);
	profile_finish(profile);
	*ret_profile = TAKE_PTR(profile);
	return 0;
}

int report_write(struct capture *capture, const struct report_options *options,
		 struct outputs *outputs, struct symbol_figures *ret_figures)
{
	_cleanup_(profile_freep) struct profile *profile = NULL;
	int err;

	*ret_figures = (struct symbol_figures){0};
	if (outputs_need_profile(outputs)) {
		err = report_build_profile(capture, options, &profile, ret_figures);
		if (err < 0)
			return log_errno(err, "cannot add up the stacks");
	}
	return outputs_write(outputs, capture, profile);
}
