/* SPDX-License-Identifier: MIT */
/*
 * Program files nobody finds by their path: deleted and replaced while they run, in memory only,
 * on file systems that one process alone sees (tmpfs, overlay), under another root.
 */
#include "expect.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HITS = 10, PATH_SIZE = 256 };

/* ctrace hears of a new image when it runs already: this test is about which file it finds. */
#define SETTLE_US 200000

extern char **environ;

/* A system call is a place to probe that does not depend on which file is run. */
static NOINLINE void asks(void)
{
	for (int i = 0; i < HITS; i++) {
		syscall(SYS_getppid);
		NO_TAIL_CALL();
	}
}

/* Each image has a function of its own on its stack, so that it is told apart by name. */
#define IMAGE(name, number)             \
	static NOINLINE void name(void) \
	{                               \
		asks();                 \
		DISTINCT(number);       \
	}
IMAGE(in_replaced, 1)
IMAGE(in_memory, 2)
IMAGE(in_tmpfs, 3)
IMAGE(in_overlay, 4)
IMAGE(in_other_root, 5)

static const struct image {
	const char *name;
	void (*run)(void);
} images[] = {
	{"in_replaced", in_replaced}, {"in_memory", in_memory},		{"in_tmpfs", in_tmpfs},
	{"in_overlay", in_overlay},   {"in_other_root", in_other_root},
};

static void need(int condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static int copy_to(int to, const char *from)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	struct stat st;

	need(fd >= 0 && fstat(fd, &st) == 0, from);
	for (off_t off = 0; off < st.st_size;)
		need(sendfile(to, fd, &off, (size_t)(st.st_size - off)) > 0, "sendfile");
	close(fd);
	return to;
}

static void copy_file(const char *to, const char *from)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	need(fd >= 0, to);
	close(copy_to(fd, from));
}

static void run_image(const char *path, const char *name)
{
	execl(path, "odd_images", name, path, (char *)NULL);
	need(0, path);
}

/* The file that is there when the samples are named is another program. */
static void replace_own_file(const char *path)
{
	need(unlink(path) == 0, "unlink");
	copy_file(path, "/bin/true");
}

static void start_replaced(const char *directory)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/copy", directory);
	copy_file(path, "/proc/self/exe");
	run_image(path, "in_replaced");
}

static void start_memory(const char *directory)
{
	char *const argv[] = {"odd_images", "in_memory", NULL};
	int fd = memfd_create("image", MFD_CLOEXEC);

	(void)directory;
	need(fd >= 0, "memfd_create");
	fexecve(copy_to(fd, "/proc/self/exe"), argv, environ);
	need(0, "fexecve");
}

static void make_private(void)
{
	need(unshare(CLONE_NEWNS) == 0, "unshare");
	need(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private /");
}

static void start_tmpfs(const char *directory)
{
	char path[PATH_SIZE];

	make_private();
	need(mount("tmpfs", directory, "tmpfs", 0, NULL) == 0, "tmpfs");
	snprintf(path, sizeof(path), "%s/program", directory);
	copy_file(path, "/proc/self/exe");
	run_image(path, "in_tmpfs");
}

static void start_overlay(const char *directory)
{
	static const char *const parts[] = {"lower", "upper", "work", "merged"};
	char path[PATH_SIZE], options[4 * PATH_SIZE];

	make_private();
	need(mount("tmpfs", directory, "tmpfs", 0, NULL) == 0, "tmpfs");
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, parts[i]);
		need(mkdir(path, 0755) == 0, path);
	}
	snprintf(path, sizeof(path), "%s/lower/program", directory);
	copy_file(path, "/proc/self/exe");
	snprintf(path, sizeof(path), "%s/merged", directory);
	snprintf(options, sizeof(options), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 directory, directory, directory);
	if (mount("overlay", path, "overlay", 0, options) < 0 && errno != ENODEV)
		need(0, "overlay");
	/* A kernel without overlays: the lower directory has the program, too. */
	snprintf(path, sizeof(path), "%s/merged/program", directory);
	if (access(path, X_OK) < 0)
		snprintf(path, sizeof(path), "%s/lower/program", directory);
	run_image(path, "in_overlay");
}

static void start_other_root(const char *directory)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/program", directory);
	copy_file(path, "/proc/self/exe");
	need(chroot(directory) == 0 && chdir("/") == 0, "chroot");
	run_image("/program", "in_other_root");
}

/* The mounts are gone with their namespaces. */
static const char *const left_behind[] = {"copy", "program"};

static int in_child(void (*start)(const char *directory))
{
	char directory[] = "/tmp/odd_images.XXXXXX", path[PATH_SIZE];
	int status = 0;
	pid_t pid;

	need(mkdtemp(directory) != NULL, "mkdtemp");
	pid = fork();
	if (pid == 0)
		start(directory);
	need(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
	for (size_t i = 0; i < sizeof(left_behind) / sizeof(left_behind[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, left_behind[i]);
		unlink(path);
	}
	return status || rmdir(directory);
}

static int run_as_image(const char *name, const char *path)
{
	if (!strcmp(name, "in_replaced"))
		replace_own_file(path);
	usleep(SETTLE_US);
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		if (!strcmp(name, images[i].name))
			images[i].run();
	return 0;
}

int main(int argc, char **argv)
{
	if (asked_for_expectations(argc, argv)) {
		for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
			char regex[1024];

			snprintf(regex, sizeof(regex), MAIN "(;run_as_image)?;%s;asks;syscall",
				 images[i].name);
			expect("tracepoint:syscalls:sys_enter_getppid", HITS, regex);
		}
		return 0;
	}
	if (argc >= 2)
		return run_as_image(argv[1], argv[argc - 1]);
	return in_child(start_replaced) | in_child(start_memory) | in_child(start_tmpfs) |
	       in_child(start_overlay) | in_child(start_other_root);
}
