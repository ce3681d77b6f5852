// SPDX-License-Identifier: GPL-2.0-only
/* On which of reclaim's lists pages are, and how recently they were used, by what was done to them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

/* A CPU collects up to 31 pages before they go to a list. */
enum { PAGES = 1024, LAG = 96, RW = PROT_READ | PROT_WRITE };

#define MEMINFO "/proc/meminfo"

struct lists { long anon, file, locked, unevictable; };

static struct lists now(void)
{
	long active = proc_field(MEMINFO, "Active(anon)");

	if (active < 0)
		skip("/proc/meminfo tells no lists of anonymous pages");
	return (struct lists){(active + proc_field(MEMINFO, "Inactive(anon)")) / 4,
			      (proc_field(MEMINFO, "Active(file)") +
			       proc_field(MEMINFO, "Inactive(file)")) / 4,
			      proc_field(MEMINFO, "Mlocked") / 4,
			      proc_field(MEMINFO, "Unevictable") / 4};
}

static void must_be(struct lists before, struct lists due, const char *when)
{
	struct lists is = now();

	note("%s: anonymous %+ld, file %+ld, unevictable %+ld, locked %+ld", when, is.anon - before.anon,
	     is.file - before.file, is.unevictable - before.unevictable, is.locked - before.locked);
	if (labs(is.anon - before.anon - due.anon) > LAG || labs(is.file - before.file - due.file) > LAG ||
	    labs(is.unevictable - before.unevictable - due.unevictable) > LAG ||
	    (before.locked >= 0 && labs(is.locked - before.locked - due.locked) > LAG))
		broken("wrong-list", "%s: anonymous %+ld, file %+ld, unevictable %+ld, locked %+ld pages",
		       when, is.anon - before.anon, is.file - before.file,
		       is.unevictable - before.unevictable, is.locked - before.locked);
}

void lists_anon(void)
{
	struct lists before, none = {0, 0, 0, 0}, all = {PAGES, 0, 0, 0};
	struct lists locked = {0, 0, PAGES, PAGES};
	char *memory = map_pages(PAGES, RW);
	int child;

	if (!choice.as_init)
		skip("only init knows that nobody else takes memory");
	now();
	before = now();
	write_pages(memory, PAGES, 0x21);
	must_be(before, all, "written");
	madvise(memory, PAGES * PAGE, 20 /* MADV_COLD */);
	must_be(before, all, "once they were told to be cold");
	if (mlock(memory, PAGES * PAGE))
		broken("no-mlock", "mlock: %s", strerror(errno));
	must_be(before, locked, "locked");
	munlock(memory, PAGES * PAGE);
	must_be(before, all, "unlocked");
	if (!(child = branch())) {
		must_be(before, all, "shared with a child");
		write_pages(memory, PAGES, 0x22);
		must_be(before, (struct lists){2 * PAGES, 0, 0, 0}, "copied by a child");
		_exit(0);
	}
	join(child);
	must_be(before, all, "after a child");
	munmap(memory, PAGES * PAGE);
	must_be(before, none, "unmapped");
	memory = map_pages(PAGES, RW);
	if (mlock(memory, PAGES * PAGE))
		broken("no-mlock", "mlock: %s", strerror(errno));
	must_be(before, locked, "untouched, locked");
	munmap(memory, PAGES * PAGE);
	must_be(before, none, "unmapped while locked");
}

static long referenced(const char *memory)
{
	return smaps_field(memory, "Referenced") / 4;
}

/* The kernel takes the marks away and leaves the processor's own copy of them: a range of rights that
 * is too large to be looked through has it forgotten as a whole. */
static void forget(void)
{
	enum { MANY = 128 };
	static char *other;

	if (put("/proc/self/clear_refs", "1"))
		skip("no /proc/self/clear_refs (CONFIG_PROC_PAGE_MONITOR)");
	if (!other)
		other = map_pages(MANY, RW);
	write_pages(other, MANY, 1);
	mprotect(other, MANY * PAGE, PROT_READ);
	mprotect(other, MANY * PAGE, RW);
}

static void must_be_used(const char *memory, long due, const char *when)
{
	long is = referenced(memory);

	note("%s: %ld pages are marked as used", when, is);
	if (is != due)
		broken("wrong-mark", "%s: %ld pages are marked as used, %ld are due", when, is, due);
}

enum { USED = 64 };

static void by_load(char *memory) { read_pages(memory, USED / 2); }
static void by_store(char *memory) { write_pages(memory, USED / 2, 0x33); }

static void by_write(char *memory)
{
	static char sink[PAGE];
	int ends[2];

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	for (int i = 0; i < USED / 2; i++)
		if (write(ends[1], memory + i * PAGE, PAGE) != (ssize_t)PAGE ||
		    read(ends[0], sink, PAGE) != (ssize_t)PAGE)
			broken("short-write", "a pipe: %s", strerror(errno));
	close(ends[0]);
	close(ends[1]);
}

/* Whether a page was used since it was last asked: by loads, stores, and the kernel for its owner. */
void lists_used(void)
{
	static void (*const ways[])(char *memory) = {by_load, by_store, by_write};
	static const char *const names[] = {"loads", "stores", "write()"};
	char *memory = map_pages(USED, RW);
	int child;

	if (referenced(memory) < 0)
		skip("no Referenced in /proc/self/smaps (CONFIG_PROC_PAGE_MONITOR)");
	must_be_used(memory, 0, "untouched");
	write_pages(memory, USED, 0x31);
	must_be_used(memory, USED, "written for the first time");
	for (int i = 0; i < 3; i++) {
		forget();
		must_be_used(memory, 0, "forgotten");
		ways[i](memory);
		must_be_used(memory, USED / 2, names[i]);
	}
	forget();
	if (!(child = branch())) {
		must_be_used(memory, 0, "in a child");
		read_pages(memory, USED / 4);
		must_be_used(memory, USED / 4, "a quarter of it read in a child");
		write_pages(memory, USED / 2, 0x35);
		must_be_used(memory, USED / 2, "half of it written in a child");
		_exit(0);
	}
	join(child);
	must_be_used(memory, 0, "after a child used them");
	write_pages(memory, USED / 2, 0x36);
	must_be_used(memory, USED / 2, "written, shared by a fork before");
}
