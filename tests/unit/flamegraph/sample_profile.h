/* SPDX-License-Identifier: MIT */
/* One profile with all that frames can be: threads, kinds, modules, lines, inlines, a ledger. */
#ifndef CTRACE_TESTS_SAMPLE_PROFILE_H
#define CTRACE_TESTS_SAMPLE_PROFILE_H

#define SAMPLE_PROFILE_TOTAL 150

struct profile;

/* Finished; to be freed. */
struct profile *sample_profile(void);

#endif
