// SPDX-License-Identifier: GPL-2.0-only
/* The life of pages, counted step by step, in mappings of every kind: nothing of it is to depend on
 * what the mapping is, where it lies, or who has it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

/* Up to 6.1 a task keeps the counts of up to 64 faults to itself. */
enum { PAGES = 192, LAG = 80, RW = PROT_READ | PROT_WRITE, RWX = RW | PROT_EXEC };

#define MEMINFO "/proc/meminfo"

enum how { WHOLE, SINGLE, DOWN, LOCKED, CROWDED, THREADED, ADVISED, FILED };

static const struct kind {
	const char *name;
	enum how how;
	int protection, flags;
	unsigned long at;
} kinds[] = {
	{"plain", WHOLE, RW, 0, 0},
	{"executable", WHOLE, RWX, 0, 0},
	{"MAP_NORESERVE", WHOLE, RW, MAP_NORESERVE, 0},
	{"MAP_GROWSDOWN", DOWN, RW, MAP_GROWSDOWN, 0},
	{"mappings of one page", SINGLE, RW, 0, 0},
	{"executable mappings of one page", SINGLE, RWX, 0, 0},
	{"locked", LOCKED, RW, 0, 0},
	{"many other mappings", CROWDED, RW, 0, 0},
	{"a thread", THREADED, RW, 0, 0},
	{"low", WHOLE, RW, MAP_FIXED, 0x10203000},
#ifdef __x86_64__
	{"high", WHOLE, RW, MAP_FIXED, 0x6f0000001000},
	{"at a table's end", WHOLE, RW, MAP_FIXED, 0x5f00001fd000},
#endif
	{"advised huge", ADVISED, RW, 0, 0},
	{"a file's", FILED, RW, 0, 0},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* Where its pages are: one behind the other, or each beside nothing. */
static char *base;
static size_t stride;

static char *page_at(int page)
{
	return base + page * stride;
}

static void lay(const struct kind *kind)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | kind->flags, file = -1;

	if (kind->how == LOCKED && mlockall(MCL_FUTURE))
		broken("no-mlock", "mlockall: %s", strerror(errno));
	stride = kind->how == SINGLE ? 2 * PAGE : PAGE;
	if (kind->how == FILED) {
		file = open("/dev/zp-kinds", O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (file < 0 || ftruncate(file, PAGES * PAGE))
			broken("no-file", "a file in /dev: %s", strerror(errno));
		unlink("/dev/zp-kinds");
		flags = MAP_PRIVATE;
	}
	if (kind->how == SINGLE) {
		base = mmap(NULL, 2 * PAGES * PAGE, PROT_NONE, flags, -1, 0);
		for (int i = 0; i < PAGES; i++)
			if (mprotect(page_at(i), PAGE, kind->protection))
				broken("no-mprotect", "mprotect: %s", strerror(errno));
	} else {
		base = mmap((void *)kind->at, PAGES * PAGE, kind->protection, flags, file, 0);
	}
	if (base == MAP_FAILED)
		broken("no-mmap", "%s: mmap: %s", kind->name, strerror(errno));
	close(file);
	if (kind->how == ADVISED)
		madvise(base, PAGES * PAGE, 14 /* MADV_HUGEPAGE */);
	for (int i = 0; kind->how == CROWDED && i < 100; i++)
		map_pages(1, PROT_READ);
}

static void each_write(unsigned char mark)
{
	for (int i = 0; i < PAGES; i++)
		write_pages(page_at(i), 1, mark + i % 7);
}

static void each_is(unsigned char mark, const char *name, const char *when)
{
	for (int i = 0; i < PAGES; i++)
		for (size_t at = 0; at < PAGE; at += at ? 511 : 8)
			if ((unsigned char)((volatile char *)page_at(i))[at] !=
			    (at ? 0 : (unsigned char)(mark + i % 7)))
				broken("wrong-content", "%s, %s: byte %zu of page %d is 0x%02x", name, when, at,
				       i, (unsigned char)page_at(i)[at]);
}

static void must_count(long before, long due, const char *name, const char *when)
{
	long grown = statm_anon() - before;

	if (labs(grown - due) > LAG)
		broken("miscounted", "%s, %s: %+ld anonymous pages, %ld are due", name, when, grown, due);
}

static int asleep[2];

static void *sleeps(void *nothing)
{
	char byte;

	while (read(asleep[0], &byte, 1) < 0)
		;
	return nothing;
}

/* Read, written, shared, copied, dropped, unmapped. */
static void live(const struct kind *kind)
{
	const char *name = kind->name;
	pthread_t thread;
	long before = statm_anon();
	int child;

	if (kind->how == THREADED && (pipe(asleep) || pthread_create(&thread, NULL, sleeps, NULL)))
		broken("no-thread", "pthread_create: %s", strerror(errno));
	lay(kind);
	for (int i = 0; i < PAGES; i += 2)
		if (*(volatile char *)page_at(i))
			broken("not-zero", "%s: page %d of untouched memory", name, i);
	each_write(0x21);
	must_count(before, PAGES, name, "written");
	each_is(0x21, name, "written");
	if (!(child = branch())) {
		must_count(before, PAGES, name, "in a child");
		each_is(0x21, name, "in a child");
		each_write(0x31);
		each_is(0x31, name, "a child's own");
		must_count(before, PAGES, name, "copied in a child");
		for (int i = 0; i < PAGES / 2; i++)
			madvise(page_at(i), PAGE, MADV_DONTNEED);
		must_count(before, PAGES / 2, name, "half of it dropped in a child");
		_exit(0);
	}
	each_is(0x21, name, "beside a child");
	each_write(0x41);
	join(child);
	each_is(0x41, name, "after a child");
	each_write(0x51);
	must_count(before, PAGES, name, "written after a child");
	if (mprotect(page_at(PAGES / 2), PAGE, PROT_READ) || mprotect(page_at(PAGES / 2), PAGE, kind->protection))
		broken("no-mprotect", "mprotect: %s", strerror(errno));
	each_is(0x51, name, "parted");
	munmap(base, PAGES * stride);
	must_count(before, 0, name, "unmapped");
}

static long pages_of(const char *key)
{
	return proc_field(MEMINFO, key) / 4;
}

/* Each kind several times, by processes of even and of odd numbers. */
void kinds_counted(void)
{
	/* One page of each that is kept shows; free lists of a CPU hold back less. */
	enum { ROUNDS = 8, ALL = ROUNDS * PAGES, MOST = ALL * 5 / 6 };

	if (choice.as_init)
		huge_pages("never");
	for (int i = 0; i < KINDS; i++) {
		long anon = 0, tables = 0, free = 0;

		for (int round = -2; round < ROUNDS; round++) {
			int child;

			if (!round) { /* the first two bring what the kernel keeps at hand */
				anon = pages_of("AnonPages");
				tables = pages_of("PageTables");
				free = proc_field(MEMINFO, "MemFree");
			}
			if (round & 1 && !(child = branch()))
				_exit(0);
			if (round & 1)
				join(child);
			if (!(child = branch())) {
				live(&kinds[i]);
				_exit(0);
			}
			join(child);
		}
		if (!choice.as_init)
			continue;
		free = free_fell(free, MOST * 4);
		anon = pages_of("AnonPages") - anon;
		tables = pages_of("PageTables") - tables;
		note("%s: MemFree %+ld kB, AnonPages %+ld, PageTables %+ld", kinds[i].name, -free, anon, tables);
		if (free > MOST * 4)
			broken("leak", "%s: %ld kB are gone", kinds[i].name, free);
		if (labs(anon) > ALL / 2 || labs(tables) > ALL / 2)
			broken("miscounted", "%s: %+ld anonymous pages, %+ld page tables after the end of all",
			       kinds[i].name, anon, tables);
	}
}
