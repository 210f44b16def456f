/* SPDX-License-Identifier: MIT */
/* A program to be launched: shows what it was given, or ends in the way it is told to. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void show_status(void)
{
	static const char *const wanted[] = {
		"Umask:",  "TracerPid:", "Uid:",    "Gid:",    "Groups:",
		"SigBlk:", "SigIgn:",	 "SigCgt:", "CapEff:", "CapInh:"};
	FILE *file = fopen("/proc/self/status", "r");
	char line[4096];

	while (file && fgets(line, sizeof(line), file)) {
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (!strncmp(line, wanted[i], strlen(wanted[i])))
				fputs(line, stdout);
		}
	}
	if (file)
		fclose(file);
}

static void show_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	char link[512], path[512];
	ssize_t len;

	while (dir && (entry = readdir(dir))) {
		if (atoi(entry->d_name) == dirfd(dir) || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		len = readlink(path, link, sizeof(link) - 1);
		link[len > 0 ? len : 0] = '\0';
		printf("fd %s\n", entry->d_name);
	}
	if (dir)
		closedir(dir);
}

static int show(int argc, char **argv, char **envp)
{
	char cwd[4096];

	for (int i = 0; i < argc; i++)
		printf("arg %s\n", argv[i]);
	for (char **env = envp; *env; env++)
		printf("env %s\n", *env);
	printf("cwd %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	printf("personality %x\n", (unsigned int)personality(0xffffffff));
	printf("pgrp %d session %d\n", (int)getpgrp(), (int)getsid(0));
	show_status();
	show_fds();
	return 0;
}

int main(int argc, char **argv, char **envp)
{
	const char *what = argc > 1 ? argv[1] : "show";
	int value = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(what, "exit"))
		return value;
	if (!strcmp(what, "signal"))
		return raise(value);
	if (!strcmp(what, "forever"))
		for (;;)
			pause();
	if (!strcmp(what, "later")) {
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		return write(STDOUT_FILENO, "d", 1) == 1 ? value : 1;
	}
	return show(argc, argv, envp);
}
