/* SPDX-License-Identifier: MIT */
/* Replays a corpus through a libFuzzer entry point, so that ctest runs it without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t got;

	if (!f || fstat(fileno(f), &st) < 0) {
		perror(path);
		return 1;
	}
	data = malloc((size_t)st.st_size + 1);
	got = data ? fread(data, 1, (size_t)st.st_size, f) : 0;
	fclose(f);
	LLVMFuzzerTestOneInput(data, got);
	free(data);
	return 0;
}

static int replay_dir(const char *dir, unsigned int *nr)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int failed = 0;

	if (!d)
		return replay_file(dir);
	while ((e = readdir(d))) {
		char path[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		failed |= replay_file(path);
		(*nr)++;
	}
	closedir(d);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned int nr = 0;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay_dir(argv[i], &nr);
	printf("replayed %u inputs\n", nr);
	return failed || nr == 0;
}
