/* SPDX-License-Identifier: MIT */
#include "symbolize/dwarf_reader.h"

#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/log.h"
#include "symbolize/dwarf_aranges.h"
#include "symbolize/dwarf_inline.h"
#include "symbolize/dwarf_names.h"
#include "symbolize/dwarf_scopes.h"
#include "symbolize/string_arena.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHAIN DWARF_MAX_DEPTH

struct dwarf_reader {
	struct dwarf_reader_options options;
	struct dwarf_budget budget;
	struct dwarf_file *file;
	struct dwarf_file *alt; /* or NULL */
	struct split_dwarf *split;
	struct dwarf_unit_index index;
	struct string_arena names; /* plain names with their scopes */
	pthread_mutex_t names_lock;
};

/* The queries that one unit is asked for, in order. */
struct unit_task {
	struct dwarf_unit *unit; /* has the lines */
	struct dwarf_unit *body; /* has the functions: the same, or its split unit */
	struct dwarf_query **queries;
	uint64_t *pcs;
	size_t nr;
};

/* All tasks of a round, taken by threads one after the other. */
struct task_queue {
	struct dwarf_reader *reader;
	struct unit_task *tasks;
	size_t nr;
	atomic_size_t next;
	_Atomic int err; /* the first one */
};

int dwarf_reader_new(const struct dwarf_reader_options *options, struct dwarf_reader **ret_reader)
{
	_cleanup_(dwarf_reader_freep) struct dwarf_reader *reader = xcalloc(1, sizeof(*reader));
	int err;

	reader->options = *options;
	pthread_mutex_init(&reader->names_lock, NULL);
	reader->budget.nr_threads = options->nr_threads;
	err = dwarf_file_open(options->image, false, &reader->budget, &reader->file);
	if (err)
		return err;
	if (options->alt_image &&
	    dwarf_file_open(options->alt_image, false, &reader->budget, &reader->alt) == 0)
		reader->file->alt = reader->alt;
	reader->split = split_dwarf_new(reader->file, options->path, options->object_path,
					options->opener);
	dwarf_unit_index_build(reader->file, &reader->index);
	*ret_reader = TAKE_PTR(reader);
	return 0;
}

void dwarf_reader_free(struct dwarf_reader *reader)
{
	if (!reader)
		return;
	dwarf_unit_index_release(&reader->index);
	split_dwarf_free(reader->split);
	dwarf_file_free(reader->alt);
	dwarf_file_free(reader->file);
	string_arena_release(&reader->names);
	pthread_mutex_destroy(&reader->names_lock);
	free(reader);
}

size_t dwarf_reader_nr_missing(const struct dwarf_reader *reader)
{
	return split_dwarf_nr_missing(reader->split);
}

/* Which of a query's candidate units is asked: the rounds go on until one has a function. */
struct pending {
	struct dwarf_query *query;
	int unit;
};

static int compare_pending(const void *a, const void *b)
{
	const struct pending *x = a;
	const struct pending *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->query > y->query) - (x->query < y->query);
}

/* The functions from the innermost outwards at an address; returns how many. */
static size_t chain_of(const struct dwarf_functions *functions, uint32_t innermost,
		       const struct dwarf_function **chain)
{
	size_t nr = 0;

	for (uint32_t at = innermost; at != DWARF_NO_FUNCTION && nr < MAX_CHAIN;
	     at = functions->items[at].parent)
		chain[nr++] = &functions->items[at];
	return nr;
}

static void fill_query(const struct unit_task *task, size_t index, bool want_inlines,
		       const struct dwarf_functions *functions,
		       const struct dwarf_line_files *files, const struct dwarf_line_row *row)
{
	const struct dwarf_function *chain[MAX_CHAIN];
	size_t nr = chain_of(functions, functions->innermost[index], chain);
	struct dwarf_query *query = task->queries[index];
	uint32_t file = row->file;
	uint32_t line = row->line;
	bool has_line = row->is_known;

	if (nr == 0 && (!row->is_known || query->nr_frames))
		return;
	free(query->frames);
	query->nr_frames = nr ? (uint32_t)nr : 1;
	query->frames = xcalloc(query->nr_frames, sizeof(*query->frames));
	for (size_t i = 0; i < query->nr_frames; i++) {
		struct dwarf_frame *frame = &query->frames[i];
		struct dwarf_name name;

		if (has_line) {
			frame->path = dwarf_line_path(files, file);
			frame->line = line;
		}
		if (nr == 0)
			break;
		name = dwarf_name_find(task->body, chain[i]->die);
		frame->name = name.text;
		frame->is_linkage = name.is_linkage;
		/* Other units' are not looked into: each is read once for its own sake. */
		if (name.text && !name.is_linkage && name.unit == task->body)
			frame->scope_die = name.die;
		file = chain[i]->call_file;
		line = chain[i]->call_line;
		has_line = true;
	}
	if (!want_inlines && nr > 1) {
		query->frames[0] = query->frames[nr - 1];
		query->nr_frames = 1;
	}
}

static int compare_scope_queries(const void *a, const void *b)
{
	const struct dwarf_scope_query *x = a;
	const struct dwarf_scope_query *y = b;

	return (x->die > y->die) - (x->die < y->die);
}

/* The frames of the task whose names lack their scopes. */
static size_t collect_plain(const struct unit_task *task, struct dwarf_scope_query **ret_queries)
{
	size_t nr = 0, cap = 0;

	*ret_queries = NULL;
	for (size_t i = 0; i < task->nr; i++) {
		for (uint32_t j = 0; j < task->queries[i]->nr_frames; j++) {
			const struct dwarf_frame *frame = &task->queries[i]->frames[j];

			if (!frame->scope_die)
				continue;
			GROW_ARRAY(*ret_queries, nr, cap);
			(*ret_queries)[nr++] = (struct dwarf_scope_query){.die = frame->scope_die,
									  .name = frame->name};
		}
	}
	return nr;
}

/* Makes "sort<int*>" the "std::sort<int*>" it is called everywhere else. */
static void add_scopes(struct dwarf_reader *reader, const struct unit_task *task)
{
	_cleanup_free_ struct dwarf_scope_query *queries = NULL;
	size_t nr = collect_plain(task, &queries);

	if (!nr)
		return;
	qsort(queries, nr, sizeof(*queries), compare_scope_queries);
	dwarf_scopes_find(task->body, queries, nr);
	for (size_t i = 0; i < task->nr; i++) {
		for (uint32_t j = 0; j < task->queries[i]->nr_frames; j++) {
			struct dwarf_frame *frame = &task->queries[i]->frames[j];
			struct dwarf_scope_query key = {.die = frame->scope_die};
			const struct dwarf_scope_query *found = NULL;

			if (key.die)
				found = bsearch(&key, queries, nr, sizeof(key),
						compare_scope_queries);
			frame->scope_die = 0;
			if (!found || !found->full)
				continue;
			pthread_mutex_lock(&reader->names_lock);
			frame->name = string_arena_add(&reader->names, found->full,
						       strlen(found->full), "");
			pthread_mutex_unlock(&reader->names_lock);
		}
	}
	for (size_t i = 0; i < nr; i++)
		free(queries[i].full);
}

static bool has_missing(const struct dwarf_functions *functions, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (functions->innermost[i] == DWARF_NO_FUNCTION)
			return true;
	return false;
}

/*
 * A quick search first; code in unexpected places shows by an address without a function.  DWARF 2
 * described the cold half of a function apart from what was inlined into it.
 */
static int find_functions(const struct unit_task *task, struct dwarf_functions *functions)
{
	const struct dwarf_unit *unit = task->body;
	bool thorough = unit->format.version <= 2;
	int err = dwarf_functions_find(unit, task->pcs, task->nr, thorough, functions);

	if (err || thorough || !has_missing(functions, task->nr))
		return err;
	dwarf_functions_release(functions);
	return dwarf_functions_find(unit, task->pcs, task->nr, true, functions);
}

static int run_task(struct dwarf_reader *reader, struct unit_task *task)
{
	_cleanup_free_ struct dwarf_line_row *rows = xcalloc(task->nr, sizeof(*rows));
	struct dwarf_functions functions = {0};
	struct dwarf_line_files files = {0};
	int err, line_err;

	if (dwarf_unit_load(task->unit) < 0)
		return -EBADMSG;
	task->body = task->unit;
	if (task->unit->dwo_name) {
		struct dwarf_unit *body = split_dwarf_find(reader->split, task->unit);

		/* Without it the skeleton still tells the lines. */
		if (body)
			task->body = body;
	}
	err = find_functions(task, &functions);
	if (err) {
		/* What was found before is no more to be trusted than the rest. */
		dwarf_functions_release(&functions);
		return err;
	}
	line_err = dwarf_lines_find(task->unit, task->pcs, task->nr, rows, &files);
	for (size_t i = 0; i < task->nr; i++)
		fill_query(task, i, reader->options.want_inlines, &functions, &files, &rows[i]);
	add_scopes(reader, task);
	dwarf_functions_release(&functions);
	dwarf_line_files_release(&files);
	return line_err == -ENODATA ? 0 : line_err;
}

static void *run_tasks(void *arg)
{
	struct task_queue *queue = arg;
	size_t i;

	while ((i = atomic_fetch_add(&queue->next, 1)) < queue->nr) {
		int err = run_task(queue->reader, &queue->tasks[i]);
		int none = 0;

		if (err) {
			log_debug("unit at %#llx is damaged",
				  (unsigned long long)queue->tasks[i].unit->off);
			atomic_compare_exchange_strong(&queue->err, &none, err);
		}
	}
	return NULL;
}

static int run_queue(struct task_queue *queue)
{
	unsigned int nr_threads = queue->reader->options.nr_threads;
	_cleanup_free_ pthread_t *threads = xcalloc(nr_threads, sizeof(*threads));
	unsigned int nr_started = 0;

	if (nr_threads > queue->nr)
		nr_threads = (unsigned int)queue->nr;
	while (nr_started + 1 < nr_threads &&
	       pthread_create(&threads[nr_started], NULL, run_tasks, queue) == 0)
		nr_started++;
	run_tasks(queue);
	for (unsigned int i = 0; i < nr_started; i++)
		pthread_join(threads[i], NULL);
	return queue->err;
}

/* Groups sorted @pending by unit and runs the groups. */
static int run_round(struct dwarf_reader *reader, const struct pending *pending, size_t nr)
{
	_cleanup_free_ struct dwarf_query **queries = xcalloc(nr, sizeof(struct dwarf_query *));
	_cleanup_free_ struct unit_task *tasks = xcalloc(nr, sizeof(*tasks));
	_cleanup_free_ uint64_t *pcs = xcalloc(nr, sizeof(*pcs));
	struct task_queue queue = {.reader = reader, .tasks = tasks};

	for (size_t i = 0; i < nr; i++) {
		queries[i] = pending[i].query;
		pcs[i] = pending[i].query->pc;
		if (i == 0 || pending[i].unit != pending[i - 1].unit)
			tasks[queue.nr++] = (struct unit_task){
				.unit = &reader->file->units[pending[i].unit],
				.queries = &queries[i],
				.pcs = &pcs[i]};
		tasks[queue.nr - 1].nr++;
	}
	return run_queue(&queue);
}

static bool has_function(const struct dwarf_query *query)
{
	return query->nr_frames > 1 || (query->nr_frames == 1 && query->frames[0].name);
}

/* Asks the @nth unit of every query that has no function yet; returns how many there were. */
static size_t collect(const struct dwarf_reader *reader, struct dwarf_query *queries, size_t nr,
		      size_t nth, struct pending *pending)
{
	size_t nr_pending = 0;

	for (size_t i = 0; i < nr; i++) {
		int unit;

		if (has_function(&queries[i]))
			continue;
		unit = dwarf_unit_index_find(&reader->index, queries[i].pc, nth);
		if (unit < 0)
			continue;
		pending[nr_pending++] = (struct pending){.query = &queries[i], .unit = unit};
	}
	if (nr_pending)
		qsort(pending, nr_pending, sizeof(*pending), compare_pending);
	return nr_pending;
}

int dwarf_reader_find(struct dwarf_reader *reader, struct dwarf_query *queries, size_t nr)
{
	_cleanup_free_ struct pending *pending = xcalloc(nr + 1, sizeof(*pending));
	size_t nr_pending;
	int err = 0;

	for (size_t nth = 0; (nr_pending = collect(reader, queries, nr, nth, pending)) > 0; nth++) {
		int round_err = run_round(reader, pending, nr_pending);

		if (!err)
			err = round_err;
	}
	return err;
}

void dwarf_queries_release(struct dwarf_query *queries, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(queries[i].frames);
		queries[i].frames = NULL;
		queries[i].nr_frames = 0;
	}
}
