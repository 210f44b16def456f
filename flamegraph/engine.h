/* SPDX-License-Identifier: MIT */
/* The script and style of pages: the files of engine/, put into the program when it is built. */
#ifndef CTRACE_FLAMEGRAPH_ENGINE_H
#define CTRACE_FLAMEGRAPH_ENGINE_H

const char *engine_script(void);
const char *engine_css(void);
/* All of the HTML page's script; its style goes with that of the picture. */
const char *engine_html_script(void);
const char *engine_html_css(void);

#endif
