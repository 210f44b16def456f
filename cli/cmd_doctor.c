/* SPDX-License-Identifier: MIT */
/* `ctrace doctor`: what this kernel and these rights allow, and the cure for what they don't. */
#include "cli/commands.h"
#include "common/log.h"
#include "loader/features.h"
#include "loader/rights.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "no arguments are taken: '%s'", arg);
	return ARGP_ERR_UNKNOWN;
}

static const struct argp doctor_argp = {
	.parser = parse_option,
	.doc = "Tries everything ctrace needs from this kernel with the rights it has now, and "
	       "names the cure for what is missing.\v"
	       "The exit status is 0 if programs can be recorded, 1 if not.\n\n"
	       "EXAMPLES\n"
	       "  ctrace doctor\n"
	       "  sudo ctrace doctor",
};

static bool wants_rights(const struct feature *feature)
{
	return !feature->available && feature->cure && !strcmp(feature->cure, FEATURE_CURE_RIGHTS);
}

/* Once, however much is missing for want of them. */
static void print_rights_cure(void)
{
	puts("\nFor what is refused for want of rights:\n"
	     "  sudo ctrace ...\n"
	     "or, for everyone who may execute it, until it is built again:\n"
	     "  sudo setcap " RIGHTS_CAPABILITIES "+ep \"$(command -v ctrace)\"");
}

static void print_feature(const struct feature *feature)
{
	const char *state = feature->available ? "yes" : feature->required ? "NO" : "no";

	printf("%-4s %-24s %s\n", state, feature->name, feature->purpose);
	if (feature->why)
		printf("%-29s (%s)\n", "", feature->why);
	if (!feature->available && feature->cure && !wants_rights(feature))
		printf("%-29s cure: %s\n", "", feature->cure);
}

int cmd_doctor(int argc, char **argv)
{
	struct feature *features;
	struct utsname host;
	size_t nr, nr_missing = 0, nr_without_rights = 0;

	argp_parse(&doctor_argp, argc, argv, 0, NULL, NULL);
	if (uname(&host) == 0)
		printf("ctrace %s on Linux %s, %s, as %s\n\n", CTRACE_VERSION, host.release,
		       host.machine, geteuid() == 0 ? "root" : "an ordinary user");
	features = features_check(&nr);
	for (size_t i = 0; i < nr; i++) {
		print_feature(&features[i]);
		nr_missing += features[i].required && !features[i].available;
		nr_without_rights += wants_rights(&features[i]);
	}
	if (nr_without_rights)
		print_rights_cure();
	features_free(features, nr);
	if (nr_missing)
		log_error("%zu of the things every recording needs are missing", nr_missing);
	return nr_missing ? EXIT_FAILED : 0;
}
