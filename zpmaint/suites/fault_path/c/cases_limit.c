// SPDX-License-Identifier: GPL-2.0-only
/* A memory cgroup's limit: what reading costs there. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "area.h"
#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { LIMIT = 8 << 20, PAGES = 4096, RW = PROT_READ | PROT_WRITE };

#define ROOT "/cgroup"
#define GROUP ROOT "/zp"

static int second; /* whether it is version 2 */

/* A group with a limit of LIMIT bytes. Skips the case where the kernel has none. */
static void make_group(void)
{
	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	mkdir(ROOT, 0755);
	second = !mount("none", ROOT, "cgroup2", 0, NULL) || !access(ROOT "/cgroup.procs", F_OK);
	if (second && put(ROOT "/cgroup.subtree_control", "+memory")) {
		umount(ROOT);
		second = 0;
	}
	if (!second && mount("none", ROOT, "cgroup", 0, "memory"))
		skip("no memory cgroups (CONFIG_MEMCG): %s", strerror(errno));
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		broken("no-group", "mkdir of a cgroup: %s", strerror(errno));
	if (put_number(second ? GROUP "/memory.max" : GROUP "/memory.limit_in_bytes", LIMIT))
		broken("no-limit", "the limit of a cgroup cannot be set");
}

static long long used(void)
{
	return number_in(second ? GROUP "/memory.current" : GROUP "/memory.usage_in_bytes");
}

/* Called in a child of the case's: from now on what it touches is the group's. */
static void enter_group(void)
{
	char line[24];

	snprintf(line, sizeof line, "%d", getpid());
	if (put(second ? GROUP "/cgroup.procs" : GROUP "/tasks", line))
		broken("no-group", "a cgroup takes no process: %s", strerror(errno));
}

/* The child's end: 0 or the signal that killed it. */
static int ended(int child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		broken("no-child", "waitpid: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == TOLD)
		_exit(0);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		broken("child-failed", "a child ended with status %d", WEXITSTATUS(status));
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void drop_group(void)
{
	for (int i = 0; i < 100 && rmdir(GROUP); i++)
		usleep(10000);
	umount(ROOT);
}

void limit_read(void)
{
	char *memory = map_pages(PAGES, RW);
	int child, end;

	make_group();
	if (!(child = branch())) {
		enter_group();
		must_be_zero(memory, PAGES, "read in a cgroup");
		_exit(0);
	}
	end = ended(child);
	note("%lu kB read with a limit of %d kB: the reader ended by signal %d, %lld kB are left",
	     PAGES * PAGE >> 10, LIMIT >> 10, end, used() >> 10);
	drop_group();
	if (end == SIGKILL)
		observe(PRIVATE);
	if (!end)
		observe(ZERO_PAGE);
	broken("child-killed", "the reader died of signal %d", end);
}

/* The limit itself: who writes beyond it is killed, and nobody else. */
void limit_write(void)
{
	char *memory = map_pages(PAGES, RW);
	int child, end;

	make_group();
	if (!(child = branch())) {
		enter_group();
		write_pages(memory, PAGES, 1);
		_exit(0);
	}
	end = ended(child);
	drop_group();
	if (end != SIGKILL)
		broken("no-limit", "a writer of %d pages with a limit of %d kB ended by signal %d",
		       PAGES, LIMIT >> 10, end);
}

/* What is read is charged to the reader's group, and comes off when it ends. */
void limit_charged(void)
{
	enum { SOME = 1024 };
	char *memory = map_pages(SOME, RW);
	int go[2], back[2], child;
	long long before, charged, after;
	char byte;

	make_group();
	if (pipe(go) || pipe(back))
		broken("no-pipe", "pipe: %s", strerror(errno));
	if (!(child = branch())) {
		enter_group();
		read_pages(memory, 8);
		if (write(back[1], "!", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(4);
		read_pages(memory, SOME);
		if (write(back[1], "!", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(4);
		_exit(0);
	}
	if (read(back[0], &byte, 1) != 1)
		_exit(ended(child));
	before = used();
	if (write(go[1], "!", 1) != 1 || read(back[0], &byte, 1) != 1)
		broken("no-pipe", "pipe: %s", strerror(errno));
	charged = used() - before;
	if (write(go[1], "!", 1) != 1)
		broken("no-pipe", "pipe: %s", strerror(errno));
	ended(child);
	after = used();
	note("%d pages read: %lld kB charged, %lld kB left after the end", SOME, charged >> 10,
	     after >> 10);
	drop_group();
	if (after > 1 << 20)
		broken("still-charged", "%lld kB are charged after the reader's end", after >> 10);
	/* A CPU charges 32 or 64 pages ahead. */
	observe_by_growth(charged / (long)PAGE, SOME, "the cgroup's usage");
}

/* With a swap area the reader goes on beyond the limit, and all it read is zero. */
void limit_swapped(void)
{
	char *memory = map_pages(PAGES, RW);
	int child, end;
	long out;

	swap_on(NULL);
	make_group();
	if (!(child = branch())) {
		enter_group();
		must_be_zero(memory, PAGES, "read in a cgroup with a swap area");
		fill_pages(memory + PAGES / 2 * PAGE, 64, 0x39);
		must_be_zero(memory, PAGES / 2, "read again, beyond the limit");
		must_be_filled(memory + PAGES / 2 * PAGE, 64, 0x39, "written beyond the limit");
		out = (proc_field("/proc/meminfo", "SwapTotal") -
		       proc_field("/proc/meminfo", "SwapFree")) / 4;
		note("%d pages read with a limit of %d pages: %ld swapped out", PAGES,
		     (int)(LIMIT / PAGE), out);
		if (out < 64)
			observe(ZERO_PAGE);
		if (out > PAGES / 4)
			observe(PRIVATE);
		broken("mixed", "some of the pages were swapped out");
	}
	end = ended(child);
	drop_group();
	broken("child-killed", "a reader beyond the limit died of signal %d, with a swap area", end);
}
