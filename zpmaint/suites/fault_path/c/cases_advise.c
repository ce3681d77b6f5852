// SPDX-License-Identifier: GPL-2.0-only
/* madvise, mlock, mincore and mremap over memory that was read, written and left alone. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "numbers.h"
#include "probe.h"
#include "refused.h"
#include "tell.h"

enum { PAGES = 96, THIRD = PAGES / 3, COUNTED = 2048, RW = PROT_READ | PROT_WRITE };

/* Three thirds: read, written with fill_pages(mark), untouched. */
static char *thirds(unsigned char mark)
{
	char *memory = map_pages(PAGES, RW);

	read_pages(memory, THIRD);
	fill_pages(memory + THIRD * PAGE, THIRD, mark);
	return memory;
}

static void must_be_thirds(const char *memory, unsigned char mark, const char *when)
{
	must_be_zero(memory, THIRD, when);
	must_be_filled(memory + THIRD * PAGE, THIRD, mark, when);
	must_be_zero(memory + 2 * THIRD * PAGE, THIRD, when);
}

/* Skips the case where the kernel does not know the advice. */
static void advise(char *memory, size_t pages, int advice, const char *name)
{
	if (!madvise(memory, pages * PAGE, advice))
		return;
	if (errno == EINVAL || errno == ENOSYS)
		skip("madvise does not know %s (CONFIG_ADVISE_SYSCALLS)", name);
	broken("no-madvise", "madvise with %s: %s", name, strerror(errno));
}

static long locked_pages(void)
{
	return proc_field("/proc/meminfo", "Mlocked") / 4;
}

void populate_advised(void)
{
	enum { POPULATE_WRITE = 23 };
	char *memory = map_pages(COUNTED, RW);
	long before = statm_anon(), grown, faults;

	advise(memory, COUNTED, POPULATE_WRITE, "MADV_POPULATE_WRITE");
	grown = statm_anon() - before;
	minor_faults();
	faults = minor_faults();
	must_be_zero(memory, COUNTED, "memory populated for writing");
	write_pages(memory, COUNTED, 3);
	faults = minor_faults() - faults;
	note("%d pages populated: statm grew by %ld, then %ld faults", COUNTED, grown, faults);
	if (grown < COUNTED - COUNTED / 16 || faults > 16)
		broken("not-populated", "not each page was there and writable");
	must_be_written(memory, COUNTED, 3, "after populating");
}

/* Lazily freed pages keep what they held or read as zero; once written again they stay. */
void advise_free(void)
{
	enum { FREE = 8, PAGEOUT = 21 };
	char *memory = thirds(0x31), *rewritten = memory + (2 * THIRD - 4) * PAGE;
	char *written = memory + THIRD * PAGE;

	advise(memory, PAGES, FREE, "MADV_FREE");
	fill_pages(rewritten, 4, 0x77);
	madvise(memory, PAGES * PAGE, PAGEOUT); /* 5.4 and later: takes the freed ones now */
	must_be_zero(memory, THIRD, "read memory after MADV_FREE");
	must_be_filled(rewritten, 4, 0x77, "pages written after MADV_FREE");
	for (int i = 0; i < THIRD - 4; i++) {
		unsigned char first = written[i * PAGE];

		for (unsigned j = 1; j < PAGE; j++)
			if ((unsigned char)written[i * PAGE + j] != first)
				broken("torn", "page %d after MADV_FREE is neither old nor zero", i);
		if (first)
			must_be_filled(written + i * PAGE, 1, 0x31 + i * 31, "kept after MADV_FREE");
	}
	fill_pages(memory, PAGES, 0x32);
	must_be_filled(memory, PAGES, 0x32, "written after MADV_FREE");
}

void advise_cold(void)
{
	enum { COLD = 20, PAGEOUT = 21 };
	char *memory = thirds(0x41);

	advise(memory, PAGES, COLD, "MADV_COLD");
	must_be_thirds(memory, 0x41, "after MADV_COLD");
	advise(memory, PAGES, PAGEOUT, "MADV_PAGEOUT"); /* without a swap area: everything stays */
	must_be_thirds(memory, 0x41, "after MADV_PAGEOUT");
	fill_pages(memory, PAGES, 0x42);
	must_be_filled(memory, PAGES, 0x42, "written after MADV_COLD and MADV_PAGEOUT");
}

void advise_wipeonfork(void)
{
	enum { WIPEONFORK = 18 };
	char *memory = thirds(0x51);
	int child;

	advise(memory, PAGES, WIPEONFORK, "MADV_WIPEONFORK");
	if (!(child = branch())) {
		must_be_zero(memory, PAGES, "in a child, wiped by the fork");
		fill_pages(memory, PAGES, 0x52);
		must_be_filled(memory, PAGES, 0x52, "in a child, written");
		_exit(0);
	}
	join(child);
	must_be_thirds(memory, 0x51, "in the parent, after a child was given wiped memory");
}

void advise_dontfork(void)
{
	enum { DONTFORK = 10, DOFORK = 11 };
	char *memory = thirds(0x61);
	int child;

	advise(memory, PAGES, DONTFORK, "MADV_DONTFORK");
	if (!(child = branch())) {
		for (int i = 0; i < PAGES; i++)
			if (!load_refused(memory + i * PAGE))
				broken("inherited", "page %d is in a child after MADV_DONTFORK", i);
		_exit(0);
	}
	join(child);
	advise(memory, PAGES, DOFORK, "MADV_DOFORK");
	if (!(child = branch())) {
		must_be_thirds(memory, 0x61, "in a child, after MADV_DOFORK");
		_exit(0);
	}
	join(child);
	must_be_thirds(memory, 0x61, "in the parent, after MADV_DONTFORK");
}

/* Guard regions are markers in the page table, where a read fault looks for nothing at all. */
void advise_guard(void)
{
	enum { INSTALL = 102, REMOVE = 103, AT = 8, LENGTH = 4 };
	char *memory = thirds(0x71), *guards[3];

	for (int i = 0; i < 3; i++) {
		guards[i] = memory + (i * THIRD + AT) * PAGE;
		advise(guards[i], LENGTH, INSTALL, "MADV_GUARD_INSTALL");
	}
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < LENGTH; j++)
			if (!load_refused(guards[i] + j * PAGE) || !store_refused(guards[i] + j * PAGE))
				broken("unguarded", "page %d of guard region %d can be used", j, i);
		if (load_refused(guards[i] - 1) || load_refused(guards[i] + LENGTH * PAGE))
			broken("overguarded", "a page beside guard region %d cannot be read", i);
	}
	for (int i = 0; i < 3; i++) {
		advise(guards[i], LENGTH, REMOVE, "MADV_GUARD_REMOVE");
		must_be_zero(guards[i], LENGTH, "after MADV_GUARD_REMOVE");
		fill_pages(guards[i], LENGTH, 0x72);
		must_be_filled(guards[i], LENGTH, 0x72, "written after MADV_GUARD_REMOVE");
	}
	must_be_filled(memory + THIRD * PAGE, AT, 0x71, "written pages beside a guard region");
}

void mincore_read(void)
{
	static unsigned char present[PAGES];
	char *memory = map_pages(PAGES, RW);

	read_pages(memory, THIRD);
	write_pages(memory + THIRD * PAGE, THIRD, 1);
	for (int round = 0; round < 2; round++) {
		if (mincore(memory, PAGES * PAGE, present))
			broken("no-mincore", "mincore: %s", strerror(errno));
		for (int i = 0; i < PAGES; i++)
			if ((present[i] & 1) != (!round && i < 2 * THIRD))
				broken("wrong-page", "mincore says %d of page %d in round %d",
				       present[i], i, round);
		madvise(memory, PAGES * PAGE, MADV_DONTNEED);
	}
}

void mlock_all(void)
{
	char *before = map_pages(THIRD, RW), *after;
	long faults;

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		broken("no-mlockall", "mlockall: %s", strerror(errno));
	after = mmap(NULL, THIRD * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (after == MAP_FAILED)
		broken("no-mmap", "mmap after mlockall: %s", strerror(errno));
	minor_faults();
	faults = minor_faults();
	must_be_zero(before, THIRD, "memory of before mlockall");
	must_be_zero(after, THIRD, "memory of after mlockall(MCL_FUTURE)");
	write_pages(after, THIRD, 5);
	faults = minor_faults() - faults;
	munlockall();
	must_be_written(after, THIRD, 5, "locked memory");
	if (faults > 8)
		broken("faults", "%ld faults in %d locked pages", faults, 2 * THIRD);
}

/* A mapping that may only be read is brought in by read faults. */
void mlock_readonly(void)
{
	char *memory = map_pages(COUNTED, PROT_READ);
	long before = statm_anon(), grown;

	if (mlock(memory, COUNTED * PAGE))
		broken("no-mlock", "mlock: %s", strerror(errno));
	grown = statm_anon() - before;
	must_be_zero(memory, COUNTED, "locked memory that may only be read");
	munlock(memory, COUNTED * PAGE);
	observe_by_growth(grown, COUNTED, "statm resident - shared");
}

/* mlock of memory that was read, back and forth: what is counted as locked comes back. */
void mlock_counted(void)
{
	char *memory = map_pages(COUNTED, RW);
	long before = locked_pages(), locked, after;

	if (proc_field("/proc/meminfo", "Mlocked") < 0)
		skip("/proc/meminfo without Mlocked (CONFIG_UNEVICTABLE_LRU)");
	read_pages(memory, COUNTED / 2);
	if (mlock(memory, COUNTED * PAGE))
		broken("no-mlock", "mlock: %s", strerror(errno));
	locked = locked_pages() - before;
	must_be_zero(memory, COUNTED, "read, then locked");
	munlock(memory, COUNTED * PAGE);
	after = locked_pages() - before;
	note("%d pages, half of them read: Mlocked %+ld pages by mlock, %+ld after munlock",
	     COUNTED, locked, after);
	if (locked < COUNTED - 64 || locked > COUNTED + 64 || after > 64 || after < -64)
		broken("miscounted", "Mlocked does not tell of what is locked");
	fill_pages(memory, COUNTED, 0x21);
	must_be_filled(memory, COUNTED, 0x21, "after munlock");
}

/* Locked when it is first touched: by a read, nothing can be locked where the zero page comes. */
void mlock_onfault(void)
{
	enum { ONFAULT = 1 };
	char *memory = map_pages(COUNTED, RW);
	long anon, before = locked_pages(), after;

	if (syscall(NR_MLOCK_TWO, memory, COUNTED * PAGE, ONFAULT))
		broken("no-mlock", "mlock2: %s", strerror(errno));
	anon = statm_anon();
	if (locked_pages() - before > 64)
		broken("not-on-fault", "mlock2(MLOCK_ONFAULT) brought pages in");
	read_pages(memory, COUNTED);
	after = locked_pages() - before;
	if (statm_anon() - anon > COUNTED / 16 && after < COUNTED - COUNTED / 16)
		broken("unlocked", "pages came in, and only %ld are locked", after);
	must_be_zero(memory, COUNTED, "locked on fault");
	observe_by_growth(after, COUNTED, "meminfo Mlocked");
}

void mremap_dontunmap(void)
{
	enum { DONTUNMAP = 4 };
	char *memory = thirds(0x81), *moved;

	moved = mremap(memory, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | DONTUNMAP, 0);
	if (moved == MAP_FAILED)
		broken("no-mremap", "mremap with MREMAP_DONTUNMAP: %s", strerror(errno));
	must_be_thirds(moved, 0x81, "moved, and its old place kept");
	must_be_zero(memory, PAGES, "the old place of what was moved");
	fill_pages(memory, PAGES, 0x82);
	must_be_thirds(moved, 0x81, "moved, after its old place was written");
	must_be_filled(memory, PAGES, 0x82, "the old place, written");
}

/* Shrunk by half and grown again: what comes back is new. */
void mremap_shrunk(void)
{
	char *memory = map_pages(2 * COUNTED, RW);
	long before, after;

	read_pages(memory, 2 * COUNTED);
	write_pages(memory + COUNTED * PAGE, COUNTED, 9);
	before = statm_anon();
	if (mremap(memory, 2 * COUNTED * PAGE, COUNTED * PAGE, 0) != memory)
		broken("no-mremap", "mremap to shrink: %s", strerror(errno));
	after = statm_anon();
	note("%d written pages cut off: statm anonymous %+ld", COUNTED, after - before);
	if (before - after < COUNTED - COUNTED / 16 || before - after > COUNTED + COUNTED / 16)
		broken("miscounted", "what was cut off is still counted");
	if (mremap(memory, COUNTED * PAGE, 2 * COUNTED * PAGE, 0) != memory)
		broken("no-mremap", "mremap to grow in place: %s", strerror(errno));
	must_be_zero(memory, 2 * COUNTED, "shrunk and grown again");
}

/* What the heap gives back and takes again reads as zero. */
void heap_regrown(void)
{
	unsigned long start = syscall(SYS_brk, 0), from = (start + PAGE - 1) & ~(PAGE - 1);
	unsigned long to = from + PAGES * PAGE;
	char *memory = (char *)from;

	for (int round = 0; round < 3; round++) {
		if ((unsigned long)syscall(SYS_brk, to) != to)
			broken("no-brk", "brk does not grow by %d pages", PAGES);
		must_be_zero(memory, PAGES, "the heap, grown");
		fill_pages(memory, PAGES, 0x91 + round);
		if ((unsigned long)syscall(SYS_brk, from) != from)
			broken("no-brk", "brk does not shrink");
	}
}
