// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shell of a make (SHELL=), that records what failed: it starts /bin/sh with its own arguments,
 * waits, and ends as that did. Of a command that did not end well it writes one record to the
 * descriptor that ZPMAINT_RECORD names (zpmaint/build/recorder.py reads them):
 *
 *   length of the rest, 8 hex digits
 *   wait status, errno of a failed start, seconds, folder, number of arguments, the arguments, the
 *   environment: each with a NUL after it
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 32 << 20 };

extern char **environ;
static char *record;
static size_t used, room;

static void put(const char *text)
{
	size_t size = strlen(text) + 1;

	if (used + size > room) {
		room = 2 * (used + size) + 65536;
		record = realloc(record, room);
		if (!record)
			_exit(126);
	}
	memcpy(record + used, text, size);
	used += size;
}

static void put_number(long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	put(text);
}

static void write_record(int fd, int status, int error, double seconds, int argc, char **argv)
{
	char text[64], folder[4096] = "";
	struct stat now;

	if (fstat(fd, &now) || now.st_size > MOST)
		return;
	if (!getcwd(folder, sizeof(folder)))
		folder[0] = 0;
	put("00000000");
	used = 8; /* the length comes there, and no NUL */
	put_number(status);
	put_number(error);
	snprintf(text, sizeof(text), "%.3f", seconds);
	put(text);
	put(folder);
	put_number(argc);
	for (int i = 0; i < argc; i++)
		put(argv[i]);
	for (char **entry = environ; *entry; entry++)
		put(*entry);
	snprintf(text, sizeof(text), "%08zx", used - 8);
	memcpy(record, text, 8);
	/* One write: records of several shells do not mix. */
	if (write(fd, record, used) < 0)
		return;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static char shell[] = "/bin/sh";
	const char *name = getenv("ZPMAINT_RECORD");
	int status = 126 << 8, error;
	double began = now();
	pid_t child;

	argv[0] = shell;
	error = posix_spawn(&child, shell, NULL, NULL, argv, environ);
	if (error)
		fprintf(stderr, "%s: %s\n", shell, strerror(error));
	else
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	if (!status)
		return 0;
	if (name)
		write_record(atoi(name), status, error, now() - began, argc, argv);
	if (WIFSIGNALED(status)) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
		return 128 + WTERMSIG(status);
	}
	return WEXITSTATUS(status);
}
