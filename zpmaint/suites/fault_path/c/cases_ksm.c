// SPDX-License-Identifier: GPL-2.0-only
/* Kernel samepage merging over memory that was read. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

/* Pages that the scans may miss, and the one of each content that stays. */
enum { SOME = 16 };

enum { PAGES = 256, MERGEABLE = 12, UNMERGEABLE = 13, RW = PROT_READ | PROT_WRITE };

#define KSM "/sys/kernel/mm/ksm/"

static void ksm_start(char *memory, const char *zero_pages)
{
	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (access(KSM "run", W_OK))
		skip("no /sys/kernel/mm/ksm (CONFIG_KSM)");
	put(KSM "use_zero_pages", zero_pages);
	put(KSM "smart_scan", "0");
	put(KSM "sleep_millisecs", "10");
	put(KSM "pages_to_scan", "4096");
	if (madvise(memory, PAGES * PAGE, MERGEABLE))
		broken("no-madvise", "madvise with MADV_MERGEABLE: %s", strerror(errno));
	put(KSM "run", "1");
}

/* A page is merged in the second scan that finds it unchanged; a third sees to the rest. */
static void ksm_scan(void)
{
	long long scans = number_in(KSM "full_scans");

	for (int i = 0; i < 400 && number_in(KSM "full_scans") < scans + 4; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	if (number_in(KSM "full_scans") < scans + 4)
		broken("no-scan", "four scans did not end within 4 s");
}

/* Merged pages, besides the one that stays. */
static long ksm_shared(void)
{
	return number_in(KSM "pages_sharing");
}

static void ksm_end(void)
{
	put(KSM "run", "2");
	put(KSM "run", "0");
	put(KSM "use_zero_pages", "0");
}

void ksm_read(void)
{
	char *memory = map_pages(PAGES, RW);
	long merged;

	read_pages(memory, PAGES);
	ksm_start(memory, "0");
	ksm_scan();
	merged = ksm_shared();
	must_be_zero(memory, PAGES, "read memory after the merging");
	write_pages(memory, PAGES, 7);
	must_be_written(memory, PAGES, 7, "written after the merging");
	ksm_end();
	must_be_written(memory, PAGES, 7, "unmerged");
	note("%d pages read: %ld merged", PAGES, merged);
	if (merged == 0)
		observe(ZERO_PAGE);
	if (merged >= PAGES - SOME)
		observe(PRIVATE);
	broken("mixed", "neither none nor all of the pages were merged");
}

/* Equal pages, zero or not, are merged, and each is its own again once written or unmerged. */
void ksm_content(void)
{
	char *memory = map_pages(PAGES, RW);
	int child;

	for (int i = 0; i < PAGES; i++)
		memset(memory + i * PAGE, i % 2 ? 0x1d : 0, PAGE);
	ksm_start(memory, "0");
	ksm_scan();
	if (ksm_shared() < PAGES - SOME)
		broken("not-merged", "%ld of %d equal pages were merged", ksm_shared(), PAGES);
	if (!(child = branch())) {
		fill_pages(memory, PAGES / 2, 0x2d);
		must_be_filled(memory, PAGES / 2, 0x2d, "merged pages, written by a child");
		_exit(0);
	}
	join(child);
	fill_pages(memory, PAGES / 4, 0x3d);
	if (madvise(memory, PAGES * PAGE, UNMERGEABLE))
		broken("no-madvise", "madvise with MADV_UNMERGEABLE: %s", strerror(errno));
	must_be_filled(memory, PAGES / 4, 0x3d, "merged pages, written");
	for (int i = PAGES / 4; i < PAGES; i++)
		for (unsigned j = 0; j < PAGE; j++)
			if (((volatile char *)memory)[i * PAGE + j] != (i % 2 ? 0x1d : 0))
				broken("wrong-content", "byte %u of page %d after unmerging", j, i);
	ksm_end();
}

/* With use_zero_pages, pages of zeros that someone wrote are replaced by the zero page: no read
 * fault, and so left as it is. */
void ksm_zero(void)
{
	enum { WHOLE = PAGES };
	char *memory = map_pages(WHOLE, RW);
	long before, grown;

	if (access(KSM "use_zero_pages", W_OK))
		skip("no /sys/kernel/mm/ksm/use_zero_pages (CONFIG_KSM)");
	for (int i = 0; i < WHOLE; i++)
		*(volatile char *)(memory + i * PAGE) = 0;
	before = smaps_field(memory, "Anonymous");
	ksm_start(memory, "1");
	ksm_scan();
	grown = before - smaps_field(memory, "Anonymous");
	note("%d pages of zeros: smaps Anonymous %+ld kB, %ld merged", WHOLE, -grown, ksm_shared());
	must_be_zero(memory, WHOLE, "replaced by the zero page");
	fill_pages(memory, WHOLE, 0x4d);
	must_be_filled(memory, WHOLE, 0x4d, "written after that");
	ksm_end();
	must_be_filled(memory, WHOLE, 0x4d, "unmerged");
	if (before < 0)
		skip("no Anonymous in /proc/self/smaps (CONFIG_PROC_PAGE_MONITOR)");
	if (grown / 4 >= WHOLE - SOME)
		observe(ZERO_PAGE);
	broken("not-replaced", "%ld of %d pages were replaced", grown / 4, WHOLE);
}

/* What a processor remembers of a page that was merged is no more: the page itself is given away. */
void ksm_stale(void)
{
	char *memory = map_pages(PAGES, RW), *other;

	for (int i = 0; i < PAGES; i++)
		memset(memory + i * PAGE, 0x3e, PAGE);
	ksm_start(memory, "0");
	for (int round = 0; round < 40 && ksm_shared() < PAGES - SOME; round++) {
		/* Remembered again before each sleep, in which nobody else runs but kernel threads. */
		read_pages(memory, PAGES);
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	other = mmap(NULL, 4 * PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < PAGES; i++) {
		/* What this page was may be that one now. */
		*(volatile char *)(other + 4 * i * PAGE) = 0x4e;
		if (*(volatile char *)(memory + i * PAGE) != 0x3e)
			broken("stale", "merged page %d holds 0x%02x", i,
			       *(volatile unsigned char *)(memory + i * PAGE));
	}
	if (ksm_shared() < PAGES - SOME)
		broken("not-merged", "%ld of %d equal pages were merged", ksm_shared(), PAGES);
	/* The scans notice, while there is something to scan. */
	munmap(memory, (PAGES - SOME / 2) * PAGE);
	ksm_scan();
	if (ksm_shared() > SOME)
		broken("miscounted", "%ld pages are still merged after munmap", ksm_shared());
	ksm_end();
}
