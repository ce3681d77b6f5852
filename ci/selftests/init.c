/* /init of a virtual machine: runs the programs of /list one by one and reports each as a case, in
 * the words of zpmaint's suite. What a program observed is how it ended and how many of its own
 * tests passed, failed and were skipped (KTAP on its standard output). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"

enum { DEADLINE = 20 /* guest seconds for each program */, PROGRAMS = 256 };

static int passed, failed, skipped;

static void count(const char *name, const char *line)
{
	while (*line == ' ')
		line++;
	if (strncmp(line, "ok ", 3) && strncmp(line, "not ok ", 7))
		return;
	if (strstr(line, "# SKIP") || strstr(line, "# skip"))
		skipped++;
	else if (*line == 'o')
		passed++;
	else if (failed++ < 8)
		say("# %s: %.160s\n", name, line);
}

static void listen_to(const char *name, int from)
{
	static char line[1024];
	size_t length = 0;
	char byte[4096];
	long got;

	while ((got = read(from, byte, sizeof byte)) > 0)
		for (long i = 0; i < got; i++) {
			if (byte[i] == '\n') {
				line[length] = 0;
				count(name, line);
				length = 0;
			} else if (length < sizeof line - 1) {
				line[length++] = byte[i];
			}
		}
}

static void run(int number, char *given)
{
	/* NAME PROGRAM ARGUMENT... */
	char *words[16], *name = strtok(given, " ");
	int ends[2], status = 0, child, count_of = 0;

	while (count_of < 15 && (words[count_of] = strtok(NULL, " ")))
		count_of++;
	words[count_of] = NULL;
	say("# case %s\n", name);
	mark("zpmaint: case %s\n", name);
	passed = failed = skipped = 0;
	if (pipe(ends) || (child = fork()) < 0) {
		say("not ok %d %s # observed: not-started\n", number, name);
		return;
	}
	if (!child) {
		int nothing = open("/dev/null", O_RDONLY);
		struct rlimit locked = {RLIM_INFINITY, RLIM_INFINITY};

		setrlimit(RLIMIT_MEMLOCK, &locked);
		setpgid(0, 0);
		dup2(nothing, 0);
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		close(ends[0]);
		close(ends[1]);
		alarm(DEADLINE);
		if (chdir("/t"))
			_exit(127);
		execv(words[0], words);
		_exit(127);
	}
	close(ends[1]);
	/* The whole group goes when the program does, or past the deadline. */
	if (!fork()) {
		sleep(DEADLINE + 1);
		kill(-child, SIGKILL);
		_exit(0);
	}
	listen_to(name, ends[0]);
	close(ends[0]);
	waitpid(child, &status, 0);
	kill(-child, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (WIFSIGNALED(status))
		say("ok %d %s # observed: signal-%d-pass-%d-fail-%d-skip-%d\n", number, name,
		    WTERMSIG(status), passed, failed, skipped);
	else
		say("ok %d %s # observed: exit-%d-pass-%d-fail-%d-skip-%d\n", number, name,
		    WEXITSTATUS(status), passed, failed, skipped);
}

int main(void)
{
	static char list[16384];
	char *lines[PROGRAMS];
	struct utsname kernel;
	int file, programs = 0;
	long length;

	if (channel_open(1))
		return 1;
	say("KTAP version 1\n");
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/tmp", 01777);
	mkdir("/dev/shm", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3));
	mknod("/dev/zero", S_IFCHR | 0666, makedev(1, 5));
	mknod("/dev/kmsg", S_IFCHR | 0666, makedev(1, 11));
	uname(&kernel);
	say("# kernel %s %s\n", kernel.release, kernel.machine);
	file = open("/list", O_RDONLY);
	length = read(file, list, sizeof list - 1);
	list[length < 0 ? 0 : length] = 0;
	for (char *line = strtok(list, "\n"); line && programs < PROGRAMS; line = strtok(NULL, "\n"))
		lines[programs++] = line;
	say("1..%d\n", programs);
	for (int i = 0; i < programs; i++)
		run(i + 1, lines[i]);
	mark("zpmaint: end of the cases\n");
	say("# done\n");
	channel_end();
}
