/* SPDX-License-Identifier: MIT */
#include "fixtures.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct elf_image *open_fixture(const char *path)
{
	struct elf_image *image = NULL;

	if (elf_image_open(path, &image) < 0)
		fail_msg("cannot open %s", path);
	return image;
}

uint64_t symbol_vaddr(const char *path, const char *name)
{
	char command[1024], type, found[256];
	unsigned long long value, result = 0;
	FILE *nm;

	snprintf(command, sizeof(command), "nm '%s'", path);
	nm = popen(command, "r");
	assert_non_null(nm);
	while (fgets(command, sizeof(command), nm))
		if (sscanf(command, "%llx %c %255s", &value, &type, found) == 3 &&
		    strcmp(found, name) == 0)
			result = value;
	pclose(nm);
	if (!result)
		fail_msg("no %s in %s", name, path);
	return result;
}
