/* SPDX-License-Identifier: MIT */
/*
 * One recording from start to end: launch, tables, probes, drain, capture.  What cli/ calls.
 * Reports errors itself (it knows the nouns); prints nothing on stdout.
 */
#ifndef CTRACE_LOADER_RECORD_H
#define CTRACE_LOADER_RECORD_H

#include "bpf/abi.h"
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct capture;
struct capture_object;
struct interrupts;
struct recording;

/* How a recording goes; @pids are processes that run now, RECORD_PROGRESS_PIDS of them at most. */
struct record_progress {
	uint64_t samples, complete, lost;
	size_t stacks;
	const pid_t *pids;
	size_t nr_pids, nr_started; /* processes: running, and ever followed */
};

#define RECORD_PROGRESS_PIDS 65

struct record_options {
	const char *const *probes; /* as typed */
	size_t nr_probes;
	char *const *argv; /* program to launch, NULL-terminated; NULL = none */
	const char *user;
	const pid_t *pids; /* processes to attach to */
	size_t nr_pids;
	bool all;	      /* every process */
	uint64_t duration_ns; /* while a followed process lives; 0 = until the target ends */
	uint64_t max_samples; /* 0 = no limit */
	uint64_t slice_ns;    /* count apart what happens in each such length of time; 0 = don't */
	uint32_t max_frames;  /* 1..CTRACE_MAX_FRAMES; 0 = that */
	bool no_kernel, no_user, per_thread, no_children;
	bool wait_all; /* until the last followed process ends, not the launched one */
	struct interrupts *interrupts; /* the first one ends the recording */
	bool bpf_stats;		       /* switch the kernel's run-time statistics on for the run */
	const int *cpus;
	size_t nr_cpus;
	/* Called twice a second, and with NULL at the end of the recording; may be NULL itself. */
	void (*on_progress)(const struct record_progress *progress, void *arg);
	void *progress_arg;
};

/* What --stats and the summary line say; losses and stops in the order of bpf/abi.h. */
struct record_stats {
	uint64_t duration_ns, startup_ns;
	uint64_t samples, lost, complete, guessed_frames, frames, stacks;
	uint64_t stops[NR_UNWIND_STOPS];
	uint64_t losses[NR_SAMPLE_LOSSES];
	bool has_bpf; /* the kernel's run-time statistics were on */
	uint64_t bpf_runs, bpf_ns;
	uint64_t table_objects, table_cfi_rows, table_rows, table_bytes, table_unsupported;
	uint64_t table_build_ns, table_publish_ns, table_kernel_bytes;
};

struct record_result {
	struct capture *capture; /* to be freed by the caller */
	struct record_stats stats;
	bool launched;
	int wait_status; /* of the launched program, as of waitpid() */
	bool interrupted;
	bool child_running; /* recording ended before the program did (-d, -n, Ctrl-C) */
	size_t nr_left;	    /* processes it has started that go on */
	pid_t child;
	uint64_t end_time_ns; /* CLOCK_MONOTONIC, end of recording: finish_ns counts from here */
	struct recording *recording; /* what is still open in the kernel: record_release() */
};

/*
 * 0 with a result, or a negative errno after one line on stderr: -ENOENT (program not found),
 * -EACCES and -ENOEXEC (cannot run), everything else: ctrace failed.  @ret_exit gets the exit
 * status cli.md prescribes for the error (125, 126, 127).
 */
int record_run(const struct record_options *options, struct record_result *ret_result,
	       int *ret_exit);

/*
 * Descriptors of the file an object of the capture was mapped from, deleted or in a container, and
 * of the root directory of its process where that is not ours; -1 for what is not there.  Borrowed,
 * until record_release().
 */
void record_object_files(const struct record_result *result, const struct capture_object *object,
			 int *ret_file, int *ret_root);

/*
 * Why probe number @probe has no samples in the result: a sentence, to be freed; NULL if it has
 * some, or nobody knows.  May read debug information.
 */
char *record_explain_silence(const struct record_result *result, size_t probe);

/*
 * Closes probes, programs and maps.  Not part of record_run(), since the kernel makes the closer of
 * a uprobe or tracepoint wait for RCU, 50 to 115 ms each: to be called when the outputs are there.
 */
void record_release(struct record_result *result);

#endif
