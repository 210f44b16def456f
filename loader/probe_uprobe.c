/* SPDX-License-Identifier: MIT */
/* uprobe, uretprobe: what a user-space probe names, found as offsets in one file. */
#include "common/alloc.h"
#include "common/elf_image.h"
#include "common/number.h"
#include "loader/ifunc_target.h"
#include "loader/instruction_starts.h"
#include "loader/object_code.h"
#include "loader/object_find.h"
#include "loader/probe_uprobe_internal.h"
#include "loader/symbol_rival.h"
#include "loader/uprobe_spec.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

bool probe_is_glob(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

int probe_split_offset(char *name, uint64_t *ret_off)
{
	char *plus = strrchr(name, '+');
	int ret;

	*ret_off = 0;
	if (!plus || plus == name)
		return 0;
	ret = parse_uint(plus + 1, 0, INT32_MAX, ret_off);
	if (ret == 0)
		*plus = '\0';
	/* "operator+" is a name */
	return ret == -EINVAL ? 0 : ret;
}

static int parse_function(struct probe *probe, const char *function, char **ret_error)
{
	int ret = parse_uint(function, 1, INT64_MAX, &probe->off);

	if (ret == 0)
		return 0;
	if (ret == -ERANGE) {
		*ret_error = xasprintf("the address in '%s' is out of range", probe->text);
		return ret;
	}
	probe->name = xstrdup(function);
	ret = probe_split_offset(probe->name, &probe->off);
	if (ret < 0)
		*ret_error = xasprintf("the offset in '%s' is out of range", probe->text);
	return ret;
}

int probe_uprobe_parse(struct probe *probe, const char *spec, char **ret_error)
{
	const char *function;

	probe->program = PROBE_PROGRAM_UPROBE;
	uprobe_spec_split(spec, &probe->object, &function);
	if (!*function || (probe->object && !*probe->object)) {
		const char *kind = probe->kind->name;

		*ret_error = xasprintf("'%s' names no function: %s:%s does, as in %s, or "
				       "%s:OBJ:0xADDR",
				       probe->text, kind, probe->kind->spelling,
				       probe->kind->example, kind);
		return -EINVAL;
	}
	return parse_function(probe, function, ret_error);
}

/* The kernel takes hold of a return address at a function's first instruction only. */
int probe_uretprobe_parse(struct probe *probe, const char *spec, char **ret_error)
{
	int ret = probe_uprobe_parse(probe, spec, ret_error);

	probe->program = PROBE_PROGRAM_URETPROBE;
	if (ret < 0 || !probe->name || !probe->off)
		return ret;
	*ret_error = xasprintf("'%s': a return is a whole function's, without +%lu", probe->text,
			       probe->off);
	return -EINVAL;
}

static int open_object(struct probe *probe, pid_t pid, struct object_functions **ret_object,
		       char **ret_error)
{
	int ret;

	if (!probe->object && pid < 0) {
		*ret_error = xasprintf("'%s' needs an object when no program is started: "
				       "%s:OBJ:FN",
				       probe->text, probe->kind->name);
		return -EINVAL;
	}
	ret = object_find(probe->object, pid, &probe->object_path);
	if (ret < 0) {
		*ret_error = xasprintf(
			"cannot find '%s' of '%s': %s", probe->object ?: "program", probe->text,
			ret == -ENOENT && probe->object && !strchr(probe->object, '/')
				? "it is mapped nowhere, no library, and not in PATH"
			: ret == -EINVAL ? "it is no regular file"
					 : strerror(-ret));
		return ret;
	}
	probe->object_fd = ret;
	ret = object_functions_open(probe->object_fd, probe->object_path, ret_object);
	if (ret < 0) {
		*ret_error = xasprintf("cannot read the functions of '%s': %s", probe->object_path,
				       ret == -ENOEXEC ? "it is no 64-bit ELF file"
						       : strerror(-ret));
		return ret;
	}
	if (probe->program == PROBE_PROGRAM_URETPROBE && object_functions_is_go(*ret_object)) {
		*ret_error = xasprintf("'%s' is a Go program: it moves its stacks, and a return "
				       "probe would make it crash; uprobe:%s is safe",
				       probe->object_path, strchr(probe->text, ':') + 1);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* "; the nearest are +2 and +5". */
static char *name_nearest(const struct instruction_starts *starts, uint64_t off, const char *sign,
			  uint64_t base)
{
	uint64_t before, behind;
	bool has_before = instruction_starts_before(starts, off, &before);
	bool has_behind = instruction_starts_behind(starts, off, &behind);
	_cleanup_free_ char *first = NULL, *last = NULL;

	if (has_before)
		first = *sign == '+' ? xasprintf("+%" PRIu64, before)
				     : xasprintf("0x%" PRIx64, base + before);
	if (has_behind)
		last = *sign == '+' ? xasprintf("+%" PRIu64, behind)
				    : xasprintf("0x%" PRIx64, base + behind);
	if (first && last)
		return xasprintf("; nearest are %s and %s", first, last);
	return first || last ? xasprintf("; nearest is %s", first ?: last) : xstrdup("");
}

char *uprobe_check_boundary(struct object_functions *object, const struct object_function *function,
			    uint64_t off, bool as_address)
{
	_cleanup_(instruction_starts_freep) struct instruction_starts *starts = NULL;
	_cleanup_free_ char *near = NULL, *place = NULL, *of = NULL;

	if (off == 0)
		return NULL;
	if (object_code_starts(object_functions_code(object), function->vaddr, function->size,
			       function->is_whole, &starts) < 0)
		return xstrdup("there is no code");
	if (instruction_starts_at(starts, off))
		return NULL;
	place = as_address ? xasprintf("0x%" PRIx64, function->vaddr + off)
			   : xasprintf("+%" PRIu64, off);
	near = name_nearest(starts, off, as_address ? "0x" : "+", function->vaddr);
	of = function->name ? xasprintf(" of '%s'", function->name) : xstrdup("");
	if (instruction_starts_inside(starts, off))
		return xasprintf("%s is inside an instruction%s%s", place, of, near);
	return xasprintf("%s%s is not known to begin an instruction: nothing leads there, it may "
			 "be data%s",
			 place, of, near);
}

/* Assembly's labels have no type: is this one of code? */
static bool is_code_label(struct object_functions *object, const struct object_function *label)
{
	_cleanup_(instruction_starts_freep) struct instruction_starts *starts = NULL;
	struct object_function around;

	if (object_functions_around(object, label->vaddr, &around) == 0) {
		_cleanup_free_ char *problem = uprobe_check_boundary(
			object, &around, label->vaddr - around.vaddr, false);

		return !problem;
	}
	return object_code_starts(object_functions_code(object), label->vaddr, 0, false, &starts) ==
		       0 &&
	       !instruction_starts_doubtful(starts);
}

/* Where the program runs the first time and once for each call. */
static uint64_t entry_of(const struct uprobe_collection *found,
			 const struct object_function *function)
{
	if (found->probe->off || found->probe->program != PROBE_PROGRAM_UPROBE ||
	    !object_functions_is_go(found->object))
		return found->probe->off;
	return object_code_go_entry(object_functions_code(found->object), function->vaddr,
				    function->size);
}

/*
 * A name that is chosen at run time has a resolver for code, which is called once; the probe goes
 * to what it chose.
 */
static void follow_choice(struct uprobe_collection *found, const struct object_function *function)
{
	_cleanup_free_ char *choice = NULL, *before = found->choices;
	const char *name;
	uint64_t vaddr;

	if (ifunc_target_find(object_functions_code(found->object), function->name, function->vaddr,
			      found->pid, &vaddr) < 0) {
		found->nr_choosers++;
		found->choices = TAKE_PTR(before);
		return;
	}
	found->vaddr = vaddr;
	name = object_functions_name_at(found->object, vaddr);
	choice = name ? xasprintf("'%s'", name) : xasprintf("the function at 0x%" PRIx64, vaddr);
	found->choices = before ? xasprintf("%s and %s", before, choice) : TAKE_PTR(choice);
}

static int add_point(struct uprobe_collection *found, const struct object_function *function,
		     uint64_t off)
{
	struct probe *probe = found->probe;

	found->vaddr = function->vaddr;
	free(found->name);
	found->name = xstrdup(function->name);
	if (!probe->off && object_functions_is_resolver(found->object, function->vaddr))
		follow_choice(found, function);
	if (found->vaddr != function->vaddr) {
		object_functions_address(found->object, found->vaddr, &off);
		for (size_t i = 0; i < probe->nr_points; i++)
			if (probe->points[i].value == off)
				return 0;
	}
	found->err = probe_add_point(probe, xstrdup(function->name), off);
	return found->err < 0;
}

static int collect(const struct object_function *function, void *arg)
{
	struct uprobe_collection *found = arg;
	struct probe *probe = found->probe;
	uint64_t off = function->off + entry_of(found, function);
	char *problem;

	if (probe->off && function->is_whole && probe->off >= function->size) {
		found->nr_short++;
		found->size = function->size;
		return 0;
	}
	if (function->is_label && !is_code_label(found->object, function)) {
		found->nr_data++;
		return 0;
	}
	problem = uprobe_check_boundary(found->object, function, probe->off, false);
	if (problem) {
		found->nr_between++;
		free(found->between);
		found->between = problem;
		return 0;
	}
	if (!object_code_probeable(object_functions_code(found->object), off)) {
		found->nr_unprobeable++;
		return 0;
	}
	return add_point(found, function, off);
}

void uprobe_note_add(char **ret_note, char *sentence)
{
	char *longer;

	if (!*ret_note) {
		*ret_note = sentence;
		return;
	}
	longer = xasprintf("%s; %s", *ret_note, sentence);
	free(*ret_note);
	free(sentence);
	*ret_note = longer;
}

static void note_details(const struct uprobe_collection *found, char **ret_note)
{
	const char *text = found->probe->text;

	if (found->nr_between)
		uprobe_note_add(ret_note, xasprintf("'%s': left out %zu functions that have no "
						    "instruction beginning at +%" PRIu64,
						    text, found->nr_between, found->probe->off));
	if (found->nr_short)
		uprobe_note_add(ret_note,
				xasprintf("'%s': left out %zu functions that end before +%" PRIu64,
					  text, found->nr_short, found->probe->off));
	if (found->nr_unprobeable)
		uprobe_note_add(ret_note,
				xasprintf("'%s': left out %zu functions the kernel can put no "
					  "uprobe on",
					  text, found->nr_unprobeable));
	if (found->nr_choosers)
		uprobe_note_choosers(found, ret_note);
	if (found->choices && !probe_is_glob(found->probe->name))
		uprobe_note_add(ret_note,
				xasprintf("'%s' of '%s' is chosen at run time, here as %s",
					  found->name, found->probe->object_path, found->choices));
}

static int resolve_name(struct uprobe_collection *found, char **ret_error, char **ret_note)
{
	struct probe *probe = found->probe;

	object_functions_match(found->object, probe->name, false, collect, found);
	if (found->err < 0) {
		*ret_error = xasprintf("'%s' matches more than %d functions; narrow it",
				       probe->text, PROBE_MAX_POINTS);
		return found->err;
	}
	if (probe->nr_points == 0)
		return uprobe_explain_nothing(found, ret_error);
	note_details(found, ret_note);
	if (probe->nr_points > 1)
		return 0;
	if (!found->choices)
		uprobe_note_names(found, ret_note);
	if (found->pid >= 0)
		probe->rival = symbol_rival_find(found->pid, probe->object_path, found->name);
	return 0;
}

static int resolve_address(const struct uprobe_collection *found, char **ret_error)
{
	struct probe *probe = found->probe;
	_cleanup_free_ char *problem = NULL;
	struct object_function around;
	uint64_t off;
	int ret = object_functions_address(found->object, probe->off, &off);

	if (ret < 0) {
		*ret_error = xasprintf("there is no code at address 0x%lx of '%s'", probe->off,
				       probe->object_path);
		return ret;
	}
	if (object_functions_around(found->object, probe->off, &around) < 0) {
		*ret_error = xasprintf("no function of '%s' is known around 0x%lx, so that nobody "
				       "can tell where an instruction begins there, and a probe "
				       "within one would change what the program does",
				       probe->object_path, probe->off);
		return -EINVAL;
	}
	problem = uprobe_check_boundary(found->object, &around, probe->off - around.vaddr, true);
	if (problem) {
		*ret_error = xasprintf("'%s': %s", probe->text, problem);
		return -EINVAL;
	}
	return probe_add_point(probe, NULL, off);
}

int probe_uprobe_resolve(struct probe *probe, const struct probe_environment *env, char **ret_error,
			 char **ret_note)
{
	_cleanup_(object_functions_closep) struct object_functions *object = NULL;
	struct uprobe_collection found = {.probe = probe, .pid = env->pid};
	int ret = open_object(probe, env->pid, &object, ret_error);

	*ret_note = NULL;
	if (ret < 0)
		return ret;
	found.object = object;
	ret = probe->name ? resolve_name(&found, ret_error, ret_note)
			  : resolve_address(&found, ret_error);
	free(found.between);
	free(found.choices);
	free(found.name);
	return ret;
}
