// SPDX-License-Identifier: GPL-2.0-only
/* /init of a virtual machine: runs the programs of /list one by one and reports each as a case, in
 * the words of zpmaint's suite. What a program observed is how it ended and how many of its own
 * tests passed, failed, were skipped and broke, by what it printed: KTAP, or LTP's TPASS, TFAIL,
 * TCONF and TBROK.
 *
 *     init LIST     the same on the host, to standard output */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"

enum { PROGRAMS = 512, WORDS = 16, DETAILS = 8 };

/* In the order of what a program is said to have observed. */
static const struct {
	const char *ltp, *word;
} ways[] = {{"TPASS", "pass"}, {"TFAIL", "fail"}, {"TCONF", "skip"}, {"TBROK", "broken"}};
enum { PASS, FAIL, SKIP, BROKEN, WAYS };

static int counts[WAYS], details, machine, verbose;
static int brief, noticed; /* whether it ends with the first program that notices; and did */

static int way_of(const char *line)
{
	while (*line == ' ')
		line++;
	if (!strncmp(line, "ok ", 3) || !strncmp(line, "not ok ", 7)) {
		if (strcasestr(line, "# SKIP"))
			return SKIP;
		return *line == 'o' ? PASS : FAIL;
	}
	for (int way = 0; way < WAYS; way++)
		if (strstr(line, ways[way].ltp))
			return way;
	return WAYS;
}

static void count(const char *name, const char *line)
{
	int way = way_of(line);

	if (way < WAYS)
		counts[way]++;
	if (verbose || ((way == FAIL || way == BROKEN) && details++ < DETAILS))
		say("# %s: %.160s\n", name, line);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Read what there is of a program's output; false at its end. */
static int hear(const char *name, int from, int to_the_end)
{
	static char line[1024];
	static size_t length;
	char byte[4096];
	long got;

	while ((got = read(from, byte, sizeof byte)) > 0)
		for (long i = 0; i < got; i++) {
			if (byte[i] != '\n') {
				if (length < sizeof line - 1)
					line[length++] = byte[i];
				continue;
			}
			line[length] = 0;
			count(name, line);
			length = 0;
		}
	if (length && (to_the_end || !got)) {
		line[length] = 0;
		count(name, line);
		length = 0;
	}
	return got < 0 && errno == EAGAIN;
}

static void become(char **words, int out)
{
	int nothing = open("/dev/null", O_RDONLY);
	struct rlimit locked = {RLIM_INFINITY, RLIM_INFINITY};

	if (machine)
		setrlimit(RLIMIT_MEMLOCK, &locked);
	setpgid(0, 0);
	dup2(nothing, 0);
	dup2(out, 1);
	dup2(out, 2);
	close(out);
	if (chdir(machine ? "/t" : "/tmp"))
		_exit(126);
	execv(words[0], words);
	_exit(127);
}

static void run(int number, char *given)
{
	/* NAME SECONDS EXPECTED PROGRAM ARGUMENT...; expected is - where nothing is */
	char *words[WORDS], *name = strtok(given, " "), *seconds = strtok(NULL, " ");
	char *expected = strtok(NULL, " "), word[160];
	int ends[2], status = 0, child, count_of = 0, ended = 0, late = 0, length;
	double start = now(), end = start + atof(seconds);

	while (count_of < WORDS - 1 && (words[count_of] = strtok(NULL, " ")))
		count_of++;
	words[count_of] = NULL;
	say("# case %s\n", name);
	mark("zpmaint: case %s\n", name);
	if (brief && noticed) {
		say("ok %d %s # SKIP noticed already\n", number, name);
		return;
	}
	memset(counts, 0, sizeof counts);
	details = 0;
	if (pipe2(ends, O_CLOEXEC) || (child = fork()) < 0) {
		say("not ok %d %s # observed: not-started\n", number, name);
		return;
	}
	if (!child)
		become(words, ends[1]);
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	/* Until the program itself ends: what it left running may hold the pipe open. */
	for (int open = 1; !ended && !late;) {
		struct pollfd pipe = {open ? ends[0] : -1, POLLIN, 0};

		poll(&pipe, 1, 20);
		open = open && hear(name, ends[0], 0);
		ended = waitpid(child, &status, WNOHANG) == child;
		late = now() > end;
	}
	kill(machine ? -1 : -child, SIGKILL);
	if (!ended)
		waitpid(child, &status, 0);
	hear(name, ends[0], 1);
	close(ends[0]);
	while (waitpid(-1, NULL, machine ? 0 : WNOHANG) > 0)
		;
	if (late && !ended)
		length = sprintf(word, "late");
	else if (WIFSIGNALED(status))
		length = sprintf(word, "signal-%d", WTERMSIG(status));
	else
		length = sprintf(word, "exit-%d", WEXITSTATUS(status));
	for (int way = 0; way < WAYS; way++)
		if (counts[way])
			length += sprintf(word + length, "-%s-%d", ways[way].word, counts[way]);
	if (machine)
		say("# took %s %.0f ms\n", name, 1e3 * (now() - start));
	say("ok %d %s # observed: %s\n", number, name, word);
	noticed += strcmp(expected, "-") && strcmp(expected, word);
}

static void put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (file >= 0 && write(file, text, strlen(text)) < 0)
		say("# %s: %s\n", path, strerror(errno));
	close(file);
}

/* What a system has that these programs are made for. What a kernel has not is not there. */
static void furnish(void)
{
	static const char *const mounts[][3] = {
		{"proc", "/proc", "proc"},
		{"sysfs", "/sys", "sysfs"},
		{"debugfs", "/sys/kernel/debug", "debugfs"},
		{"devtmpfs", "/dev", "devtmpfs"},
		{"tmpfs", "/dev/shm", "tmpfs"},
		{"tmpfs", "/tmp", "tmpfs"},
		{"hugetlbfs", "/dev/hugepages", "hugetlbfs"},
	};

	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
		mkdir(mounts[i][1], 0755);
		mount(mounts[i][0], mounts[i][1], mounts[i][2], 0, NULL);
	}
	chmod("/tmp", 01777);
	chmod("/dev/shm", 01777);
	chmod("/dev/null", 0666);
	chmod("/dev/zero", 0666);
	/* All marks arrive: the log takes ten lines in five seconds otherwise. */
	put("/proc/sys/kernel/printk_devkmsg", "on\n");
	put("/proc/sys/vm/nr_hugepages", "64");
	setenv("PATH", "/t", 1);
	setenv("HOME", "/", 1);
	setenv("TMPDIR", "/tmp", 1);
	setenv("LTPROOT", "/", 1);
	setenv("LTP_COLORIZE_OUTPUT", "n", 1);
	setenv("KCONFIG_PATH", "/config", 1);
	/* Those that run for a time, minutes, run for seconds. */
	setenv("LTP_RUNTIME_MUL", "0.01", 1);
}

/* Another beginning: other times, other random numbers, other pages free. What a program reports
 * must not hang on them. */
static void shift(int by)
{
	size_t length = by * 1234567UL;
	char *pages = by ? mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0) : MAP_FAILED;

	for (volatile long i = 0; i < by * 3456789L; i++)
		;
	if (pages == MAP_FAILED)
		return;
	memset(pages, 1, length);
	munmap(pages, length);
}

int main(int argc, char **argv)
{
	static char list[65536];
	char *lines[PROGRAMS], *line;
	struct utsname kernel;
	int file, programs = 0, by = 0;
	long length;

	machine = getpid() == 1;
	if (!machine && argc != 2)
		return 2;
	if (channel_open(machine))
		return 1;
	say("KTAP version 1\n");
	if (machine)
		furnish();
	uname(&kernel);
	say("# kernel %s %s\n", kernel.release, kernel.machine);
	file = open(machine ? "/list" : argv[1], O_RDONLY);
	length = read(file, list, sizeof list - 1);
	close(file);
	list[length < 0 ? 0 : length] = 0;
	for (line = strtok(list, "\n"); line && programs < PROGRAMS; line = strtok(NULL, "\n"))
		if (sscanf(line, "= shift %d", &by) != 1 &&
		    sscanf(line, "= verbose %d", &verbose) != 1 &&
		    sscanf(line, "= brief %d", &brief) != 1)
			lines[programs++] = line;
	if (line)
		say("# problem: more than %d programs\n", PROGRAMS);
	shift(by);
	say("1..%d\n", programs);
	for (int i = 0; i < programs; i++)
		run(i + 1, lines[i]);
	mark("zpmaint: end of the cases\n");
	say("# done\n");
	if (machine)
		channel_end();
	return 0;
}
