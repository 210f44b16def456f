/* SPDX-License-Identifier: MIT */
#include "cli/report_format.h"

#include "common/alloc.h"
#include "common/cleanup.h"
#include "loader/near_names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

const struct format report_format_capture = {
	.name = "capture",
	.suffix = ".ctrace",
	.what = "the recording itself, for `ctrace report`",
};

/* "capture, folded, svg ..."; to be freed. */
static char *format_names(bool captures)
{
	char *names = xstrdup(captures ? report_format_capture.name : "");

	for (const struct format *const *f = format_table(); *f; f++) {
		char *longer = xasprintf("%s%s%s", names, *names ? ", " : "", (*f)->name);

		free(names);
		names = longer;
	}
	return names;
}

const struct format *report_format_by_name(const char *name, bool captures,
					   struct argp_state *state)
{
	_cleanup_free_ char *question = NULL, *names = NULL;
	const struct format *format = format_by_name(name);
	struct near_names near;

	if (captures && !strcmp(name, report_format_capture.name))
		format = &report_format_capture;
	if (format)
		return format;
	near_names_init(&near, name);
	if (captures)
		near_names_add(&near, report_format_capture.name);
	for (const struct format *const *f = format_table(); *f; f++)
		near_names_add(&near, (*f)->name);
	question = near_names_question(&near);
	names = format_names(captures);
	argp_error(state, "unknown format '%s' (there are: %s)%s", name, names, question);
	return NULL;
}

/* Where @end begins in @text, or NULL; no matter whether upper case. */
static const char *end_of(const char *text, const char *end)
{
	size_t len = strlen(text), len_end = strlen(end);

	if (len < len_end || strcasecmp(text + len - len_end, end) != 0)
		return NULL;
	return text + len - len_end;
}

#define NR_INSTEAD 3

/* What others call their formats, and what comes nearest here. */
static const struct {
	const char *suffix, *instead[NR_INSTEAD];
} others[] = {
	{".png", {".svg", ".html"}},
	{".jpg", {".svg", ".html"}},
	{".jpeg", {".svg", ".html"}},
	{".gif", {".svg", ".html"}},
	{".webp", {".svg", ".html"}},
	{".bmp", {".svg", ".html"}},
	{".tif", {".svg", ".html"}},
	{".tiff", {".svg", ".html"}},
	{".pdf", {".svg", ".html"}},
	{".ps", {".svg", ".html"}},
	{".eps", {".svg", ".html"}},
	{".svgz", {".svg", ".html"}},
	{".htm", {".html"}},
	{".xhtml", {".html"}},
	{".json", {".speedscope.json", ".chrome.json", ".firefox.json.gz"}},
	{".json.gz", {".firefox.json.gz", ".speedscope.json", ".chrome.json"}},
	{".cpuprofile", {".speedscope.json", ".chrome.json"}},
	{".pb", {".pb.gz"}},
	{".pprof", {".pb.gz"}},
	{".prof", {".pb.gz"}},
	{".perfetto", {".perfetto-trace"}},
	{".pftrace", {".perfetto-trace"}},
	{".folded.gz", {".folded"}},
	{".collapsed", {".folded"}},
	{".txt", {".folded"}},
	{".log", {".folded"}},
	{".gz", {".pb.gz", ".firefox.json.gz"}},
};

/* "x.svg or x.html" for "x.png": @stem is that of its @len bytes; to be freed. */
static char *join_names(const char *stem, size_t len, const char *const *suffixes)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < NR_INSTEAD && suffixes[i]; i++) {
		bool is_last = i + 1 == NR_INSTEAD || !suffixes[i + 1];
		char *longer = xasprintf("%s%s%.*s%s", text,
					 !i	   ? ""
					 : is_last ? " or "
						   : ", ",
					 (int)len, stem, suffixes[i]);

		free(text);
		text = longer;
	}
	return text;
}

/* What could be meant by the suffix of @path; NULL if nothing comes near; to be freed. */
static char *names_instead(const char *path, bool *ret_picture)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const char *end = end_of(path, others[i].suffix);

		if (!end)
			continue;
		*ret_picture = !strcmp(others[i].instead[0], ".svg");
		return join_names(path, (size_t)(end - path), others[i].instead);
	}
	return NULL;
}

static void reject_path(const char *path, bool captures, struct argp_state *state)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	bool is_picture = false;
	_cleanup_free_ char *instead = names_instead(path, &is_picture);
	_cleanup_free_ char *names = format_names(captures);

	if (!captures && end_of(path, report_format_capture.suffix))
		argp_error(state,
			   "-o '%s': only what is recorded can be a capture (ctrace record -o "
			   "%s); choose another format, there are: %s",
			   path, name, names);
	else if (is_picture)
		argp_error(state, "-o '%s': there is no %s output; a picture is %s", path, dot + 1,
			   instead);
	else if (instead)
		argp_error(state, "-o '%s': its suffix names no format; did you mean %s?", path,
			   instead);
	else if (!strncmp(path, "/dev/", strlen("/dev/")))
		argp_error(state, "-o '%s': choose its format with -f, there are: %s", path, names);
	else if (!dot || dot == name)
		argp_error(state,
			   "-o '%s': it has no suffix, which would choose the format (%s.svg); "
			   "choose one with -f, there are: %s",
			   path, path, names);
	else
		argp_error(state,
			   "-o '%s': its suffix names no format; choose one with -f, there are: %s",
			   path, names);
}

const struct format *report_format_by_path(const char *path, bool captures,
					   struct argp_state *state)
{
	const struct format *format;

	if (captures && end_of(path, report_format_capture.suffix))
		return &report_format_capture;
	format = format_by_suffix(path);
	if (!format)
		reject_path(path, captures, state);
	return format;
}

void report_format_reject_directory(const char *path, struct argp_state *state)
{
	size_t len = strlen(path);
	struct stat st;

	if (!len)
		argp_error(state, "-o '': there is no name");
	else if (path[len - 1] == '/' || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		argp_error(state, "-o '%s' is a directory; name a file in it: %s%sctrace.svg", path,
			   path, path[len - 1] == '/' ? "" : "/");
}

bool report_format_is_text(const struct format *format)
{
	return format == format_by_name("tree") || format == format_by_name("top");
}

bool report_format_is_picture(const struct format *format)
{
	return format == format_by_name("svg") || format == format_by_name("html");
}
