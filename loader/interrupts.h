/* SPDX-License-Identifier: MIT */
/*
 * What people wish of ctrace by signals (SIGINT, SIGTERM, SIGHUP, SIGQUIT), from the first step of
 * a run to its last.  The first one asks for the end of the recording, and is passed on to the
 * program if that has not got it itself; others within a second are the same wish (timeout(1)
 * sends two); a later one gives up.  Signals that were ignored when ctrace was started stay so.
 * A thread waits for them, so that giving up works whatever ctrace is busy with.
 */
#ifndef CTRACE_LOADER_INTERRUPTS_H
#define CTRACE_LOADER_INTERRUPTS_H

#include "common/cleanup.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct interrupts;

/* Before any other thread is started: blocks the signals.  Negative errno. */
int interrupts_begin(struct interrupts **ret_interrupts);
/* They stay blocked: one that comes now is too late to mean anything. */
void interrupts_end(struct interrupts *interrupts);
DEFINE_CLEANUP(struct interrupts *, interrupts_end);

/* Readable for good once the first one has come. */
int interrupts_fd(const struct interrupts *interrupts);
bool interrupts_have_come(const struct interrupts *interrupts);

/* The signal mask of programs ctrace starts: as it was before. */
const sigset_t *interrupts_former_mask(const struct interrupts *interrupts);

/* Whom signals are passed on to, from now on and if one has come already; copies @pidfd. */
void interrupts_set_program(struct interrupts *interrupts, pid_t pid, int pidfd);

/*
 * What is to be done when somebody gives up, before ctrace dies of the signal: called once, in
 * another thread, or right here if that has happened already.  Until this is set, giving up waits
 * for it; one more signal does not.
 */
void interrupts_set_last_act(struct interrupts *interrupts, void (*act)(void *arg), void *arg);

#endif
