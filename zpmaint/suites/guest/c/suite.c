// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "area.h"
#include "channel.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

struct choice choice = {.glob = "*", .bench = 1, .bench_mb = 64, .deadline = 20};

/* By the linker. */
extern char __bss_start[], _end[];

static unsigned long running_release(void)
{
	struct utsname name;
	unsigned long part[3] = {0, 0, 0};
	char *at;

	uname(&name);
	at = name.release;
	for (int i = 0; i < 3; i++) {
		part[i] = strtoul(at, &at, 10);
		if (*at++ != '.')
			break;
	}
	return RELEASE(part[0], part[1], part[2]);
}

/* What a case counts is not to be the program's own variables in a huge page. */
static void keep_small(void)
{
	enum { NOHUGEPAGE = 15 };
	uintptr_t from = ((uintptr_t)__bss_start + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

	madvise((void *)from, (uintptr_t)_end - from, NOHUGEPAGE);
}

int huge_pages(const char *when)
{
	if (strcmp(when, "never"))
		keep_small();
	return put("/sys/kernel/mm/transparent_hugepage/enabled", when);
}

int run_apart(void (*body)(void), unsigned seconds, void (*each)(char kind, const char *text))
{
	static char told[32768];
	int ends[2], status = -1, pid;
	long length = 0, got;

	if (pipe(ends) || (pid = fork()) < 0) {
		say("# problem: cannot start a process: %s\n", strerror(errno));
		return -1;
	}
	if (!pid) {
		setpgid(0, 0);
		close(ends[0]);
		tell_to(ends[1]);
		alarm(seconds);
		body();
		_exit(0);
	}
	close(ends[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* Whatever the case left running goes too, and with it the pipe's writing end. */
	kill(-pid, SIGKILL);
	while ((got = read(ends[0], told + length, sizeof told - 1 - length)) > 0)
		length += got;
	close(ends[0]);
	told[length] = 0;
	if (choice.as_init) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		swap_off();
	}
	for (char *line = told, *next; (next = strchr(line, '\n')); line = next + 1) {
		*next = 0;
		if (next - line >= 2)
			each(line[0], line + 2);
	}
	return status;
}

static const char *signal_name(int number)
{
	static char other[16];

	switch (number) {
	case SIGSEGV: return "SIGSEGV";
	case SIGBUS: return "SIGBUS";
	case SIGKILL: return "SIGKILL";
	case SIGILL: return "SIGILL";
	case SIGFPE: return "SIGFPE";
	case SIGABRT: return "SIGABRT";
	case SIGTRAP: return "SIGTRAP";
	}
	snprintf(other, sizeof other, "signal-%d", number);
	return other;
}

static const struct test_case *current;
static char ending;
static char word[256];

static void ran(void)
{
	current->run();
	observe("ok");
}

static void heard(char kind, const char *text)
{
	if (kind == 'N') {
		say("# %s: %s\n", current->name, text);
	} else if (!ending) {
		ending = kind;
		snprintf(word, sizeof word, "%s", text);
	}
}

static void run_case(int number, const struct test_case *test, unsigned long release)
{
	int status;

	/* Before the case, so that a kernel which dies in it is known to have died in it. */
	say("# case %s\n", test->name);
	mark("zpmaint: case %s\n", test->name);
	if (release < test->since || (test->until && release >= test->until)) {
		say("ok %d %s # SKIP only on Linux %s\n", number, test->name, test->range);
		return;
	}
	for (const struct lack *lack = lacks; lack->name; lack++)
		if (!strcmp(lack->name, test->name) && release >= lack->since &&
		    (!lack->until || release < lack->until)) {
			say("ok %d %s # SKIP %s\n", number, test->name, lack->why);
			return;
		}
	if (test->full && !choice.full) {
		say("ok %d %s # SKIP only in the full profile\n", number, test->name);
		return;
	}
	if (choice.as_init)
		huge_pages("never");
	current = test;
	ending = 0;
	status = run_apart(ran, choice.deadline, heard);
	if (status == -1)
		say("not ok %d %s # observed: not-started\n", number, test->name);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		say("not ok %d %s # observed: timeout\n", number, test->name);
	else if (WIFSIGNALED(status))
		say("not ok %d %s # observed: killed-by-%s\n", number, test->name,
		    signal_name(WTERMSIG(status)));
	else if (ending == 'S')
		say("ok %d %s # SKIP %s\n", number, test->name, word);
	else if (ending == 'O')
		say("ok %d %s # observed: %s\n", number, test->name, word);
	else if (ending == 'F')
		say("not ok %d %s # observed: %s\n", number, test->name, word);
	else
		say("not ok %d %s # observed: no-word\n", number, test->name);
}

/* The lines of CHOSEN, each with a newline before and behind it; without the file, none. */
static char list[16384];

static void read_list(void)
{
	list[0] = '\n';
	if (!choice.as_init || get(CHOSEN, list + 1, sizeof list - 2) < 0) {
		list[0] = 0;
		return;
	}
	strcat(list, "\n");
}

static int chosen(const struct test_case *test)
{
	char row[128];

	snprintf(row, sizeof row, "\n%s\n", test->name);
	return !fnmatch(choice.glob, test->name, 0) && (!list[0] || strstr(list, row));
}

void suite_run(void)
{
	unsigned long release = running_release();
	int count = 0, number = 0;

	read_list();
	for (int i = 0; i < case_count; i++)
		count += chosen(&cases[i]);
	say("1..%d\n", count);
	for (int i = 0; i < case_count; i++)
		if (chosen(&cases[i]))
			run_case(++number, &cases[i], release);
	mark("zpmaint: end of the cases\n");
}
