/* SPDX-License-Identifier: MIT */
/*
 * Work on untrusted files in a child process: it opens what it can name beforehand, gives up all
 * rights, and sends its answer as bytes.  Files it learns of only later the parent opens for it,
 * if they look like what they should be.  A crash or endless work costs the answer, nothing else.
 */
#ifndef CTRACE_SYMBOLIZE_SANDBOX_H
#define CTRACE_SYMBOLIZE_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#define SANDBOX_MAX_ANSWER ((size_t)1 << 30)

struct sandbox; /* the child's side */

struct sandbox_job {
	/*
	 * In the child.  Has to call sandbox_lock() before it looks into untrusted bytes.
	 * Without an answer the job counts as failed.
	 */
	void (*run)(struct sandbox *sandbox, void *arg, uint8_t **ret_answer, size_t *ret_size);
	void *arg;
	/* In the parent: a descriptor for sandbox_open(), or a negative errno. */
	int (*open)(const void *arg, const char *path);
	const void *open_arg;
	unsigned int timeout_ms;
};

/*
 * Runs @job; the answer is freed by the caller.  -ETIME: it took too long; -ECHILD: it died;
 * -E2BIG: over SANDBOX_MAX_ANSWER; or the error of fork() and pipe().
 */
int sandbox_run(const struct sandbox_job *job, uint8_t **ret_answer, size_t *ret_size);

/*
 * Gives up file access, capabilities, user and most system calls.  0, or a negative errno if the
 * kernel refused a part; the rest is given up all the same.
 */
int sandbox_lock(struct sandbox *sandbox);
/* Asks the parent to open @path.  A descriptor or a negative errno; one thread at a time. */
int sandbox_open(struct sandbox *sandbox, const char *path);

#endif
