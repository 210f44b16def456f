/* SPDX-License-Identifier: MIT */
#include "cli/rescue.h"

#include "cli/output_file.h"
#include "cli/report_options.h"
#include "common/alloc.h"
#include "common/log.h"
#include "flamegraph/capture.h"

#include <string.h>
#include <unistd.h>

/* Where the user can write, as the outputs have shown. */
static char *name_beside(const struct report_options *options)
{
	for (size_t i = 0; i < options->nr_outputs; i++) {
		const char *path = options->outputs[i].path;
		const char *slash = strrchr(path, '/');

		if (strcmp(path, "-") && slash && strncmp(path, "/dev/", 5) != 0)
			return xasprintf("%.*s/ctrace-%d.ctrace", (int)(slash - path), path,
					 getpid());
	}
	return xasprintf("ctrace-%d.ctrace", getpid());
}

static int save(const struct capture *capture, const char *path)
{
	_cleanup_(output_file_freep) struct output_file *file = NULL;
	int err = output_file_open(path, &file), finished;

	if (err < 0)
		return err;
	err = capture_write(capture, output_file_stream(file));
	finished = output_file_finish(file);
	if (!err)
		err = finished;
	return err < 0 ? err : output_file_commit(file);
}

void rescue_capture(const struct capture *capture, const struct report_options *options)
{
	_cleanup_free_ char *path = name_beside(options);
	int err = save(capture, path);

	if (err < 0)
		log_errno(err, "cannot save the recording as '%s'", path);
	else
		log_error("gave up before the outputs were written; the recording is in '%s': "
			  "ctrace report %s",
			  path, path);
}
