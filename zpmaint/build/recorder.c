// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shell of a make (SHELL=), that records what failed: it starts the command, by /bin/sh where that
 * is needed, waits, and ends as that did. Of a command that did not end well it writes one record to the
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

/*
 * make starts a simple command itself where SHELL is not set, and so does this: a shell may drop what
 * it cannot name from the environment, and 2.6.21 hands CPPFLAGS_vmlinux.lds down to the make of each
 * folder in it. The words of the command, as long as `argv` lives; NULL: it needs a shell.
 */
static char **words_of(int argc, char **argv)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "_./+:,@%- =";
	/* What only a shell has (make's own list, src/job.c). */
	static const char *const builtin[] = {
		".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "eval",
		"exec", "exit", "export", "fc", "fg", "for", "getopts", "hash", "if", "jobs",
		"login", "logout", "read", "readonly", "return", "set", "shift", "test", "times",
		"trap", "type", "ulimit", "umask", "unalias", "unset", "until", "wait", "while"};
	char **words, *text;
	size_t count = 0;

	if (argc != 3 || strcmp(argv[1], "-c") || strspn(argv[2], plain) != strlen(argv[2]))
		return NULL;
	text = strdup(argv[2]);
	words = calloc(strlen(argv[2]) + 2, sizeof(*words));
	if (!text || !words)
		return NULL;
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	if (!count || strchr(words[0], '='))
		return NULL;
	for (size_t i = 0; i < sizeof(builtin) / sizeof(*builtin); i++)
		if (!strcmp(words[0], builtin[i]))
			return NULL;
	return words;
}

int main(int argc, char **argv)
{
	static char shell[] = "/bin/sh";
	const char *name = getenv("ZPMAINT_RECORD");
	int status = 126 << 8, error = ENOENT;
	double began = now();
	char **words = words_of(argc, argv);
	pid_t child;

	argv[0] = shell;
	if (words)
		error = posix_spawnp(&child, words[0], NULL, NULL, words, environ);
	if (error) /* the shell says of a program why it cannot be started */
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
