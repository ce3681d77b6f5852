// SPDX-License-Identifier: GPL-2.0-only
/* The core dump of a program that read much and wrote little. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { PAGES = 4096, RW = PROT_READ | PROT_WRITE };

/* Look for a filled page in the dump: what was written must be in it. */
static int holds(int file, unsigned char byte)
{
	static unsigned char page[PAGE];

	for (long got; (got = read(file, page, sizeof page)) > 0;)
		for (long i = 0; i + 64 <= got; i++)
			if (page[i] == byte && page[i + 63] == byte)
				return 1;
	return 0;
}

/* The blocks, in pages, of the dump of a process that ends after `pages` reads and few writes. */
static long dumped(size_t pages)
{
	char *memory = map_pages(PAGES, RW), path[48];
	int child, status, file, found;
	struct stat dump;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (put("/proc/sys/kernel/core_pattern", "/dev/zp-core"))
		skip("no /proc/sys/kernel/core_pattern (CONFIG_COREDUMP)");
	put("/proc/sys/kernel/core_uses_pid", "0");
	if (!(child = branch())) {
		struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

		setrlimit(RLIMIT_CORE, &all);
		read_pages(memory, pages);
		for (int i = 0; i < PAGES; i += 256) /* so that each page table is there */
			memset(memory + i * PAGE, 0xc7, PAGE);
		signal(SIGABRT, SIG_DFL);
		raise(SIGABRT);
		_exit(5);
	}
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		broken("child-failed", "the child's wait status is 0x%x", status);
	if (!WCOREDUMP(status))
		skip("no core dumps (CONFIG_ELF_CORE)");
	snprintf(path, sizeof path, "/dev/zp-core");
	if (stat(path, &dump)) {
		snprintf(path, sizeof path, "/dev/zp-core.%d", child);
		if (stat(path, &dump))
			broken("no-core", "no core file: %s", strerror(errno));
	}
	file = open(path, O_RDONLY);
	found = file >= 0 && holds(file, 0xc7);
	close(file);
	unlink(path);
	note("%zu of %d pages read, %d written: a core of %lld kB, %lld kB of it in blocks",
	     pages, PAGES, PAGES / 256, (long long)dump.st_size >> 10, (long long)dump.st_blocks / 2);
	if (!found)
		broken("lost-write", "the written page is not in the core dump");
	if (dump.st_size < (long long)(PAGES * PAGE))
		broken("short-core", "the core dump is smaller than the mapping");
	return dump.st_blocks / 8;
}

/* The program itself is in it, too: some pages, a thousand where untouched BSS is filled. */
void core_read(void)
{
	long blocks = dumped(PAGES);

	if (blocks < PAGES / 4)
		observe(ZERO_PAGE);
	if (blocks >= PAGES)
		observe(PRIVATE);
	broken("mixed", "neither none nor all of the pages take room");
}

/* What nobody touched takes no room, unless the dump itself brings it in. */
void core_untouched(void)
{
	long blocks = dumped(0);

	if (blocks >= PAGES)
		observe("filled");
	if (blocks >= PAGES / 4)
		broken("mixed", "%ld pages of the dump take room", blocks);
}
