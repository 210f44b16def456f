/* SPDX-License-Identifier: MIT */
/* --open: a picture in the browser of whoever runs ctrace. */
#ifndef CTRACE_CLI_PICTURE_SHOW_H
#define CTRACE_CLI_PICTURE_SHOW_H

/* Hands @path to xdg-open and does not wait for it; when there is none, a warning says so. */
void picture_show(const char *path);

#endif
