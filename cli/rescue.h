/* SPDX-License-Identifier: MIT */
/* Saves a recording as a capture when somebody gives up waiting for its outputs. */
#ifndef CTRACE_CLI_RESCUE_H
#define CTRACE_CLI_RESCUE_H

struct capture;
struct report_options;

/*
 * Writes "ctrace-PID.ctrace" beside the first of the outputs, and says so, with how to draw it; or
 * why that failed.  Only reads the capture: others may go on reading it.
 */
void rescue_capture(const struct capture *capture, const struct report_options *options);

#endif
