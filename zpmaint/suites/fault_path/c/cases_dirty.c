// SPDX-License-Identifier: GPL-2.0-only
/* What the page tables say of memory that was read: dirty, soft-dirty, mapped once, the zero page. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { PAGES = 256, COUNTED = 2048, RW = PROT_READ | PROT_WRITE };

/* A page that may be written comes dirty, so that the write that follows needs no help. */
void dirty_read(void)
{
	char *memory = map_pages(COUNTED, RW);
	long clean, dirty;

	if (smaps_field(memory, "Rss") < 0)
		skip("no Rss in /proc/self/smaps (CONFIG_PROC_PAGE_MONITOR)");
	read_pages(memory, COUNTED);
	clean = smaps_field(memory, "Private_Clean") / 4;
	dirty = smaps_field(memory, "Private_Dirty") / 4;
	if (clean)
		broken("clean", "%ld private pages of %d are clean", clean, COUNTED);
	observe_by_growth(dirty, COUNTED, "smaps Private_Dirty");
}

/* The second of two generations: what was written since the first is marked, and no more. */
static unsigned soft_dirty(const char *memory, int from, int count)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	unsigned marked = 0;

	if (file < 0)
		skip("no /proc/self/pagemap (CONFIG_PROC_PAGE_MONITOR)");
	for (int i = from; i < from + count; i++) {
		uint64_t entry = 0;

		if (pread(file, &entry, sizeof entry,
			  (off_t)((uintptr_t)memory / PAGE + i) * 8) != sizeof entry)
			broken("no-pagemap", "/proc/self/pagemap: %s", strerror(errno));
		marked += entry >> 55 & 1;
	}
	close(file);
	return marked;
}

void dirty_soft(void)
{
	char *memory = map_pages(PAGES, RW);
	unsigned read, written, untouched;

	fill_pages(memory, PAGES / 4, 1);
	if (put("/proc/self/clear_refs", "4"))
		skip("clear_refs does not take 4 (CONFIG_MEM_SOFT_DIRTY)");
	if (soft_dirty(memory, 0, PAGES / 4))
		broken("not-cleared", "pages are soft-dirty after clear_refs");
	fill_pages(memory, PAGES / 4, 2);
	if (!soft_dirty(memory, 0, PAGES / 4))
		skip("pagemap tells no soft-dirty bit (CONFIG_MEM_SOFT_DIRTY)");
	read_pages(memory + PAGES / 4 * PAGE, PAGES / 4);
	write_pages(memory + PAGES / 2 * PAGE, PAGES / 4, 3);
	written = soft_dirty(memory, 0, PAGES / 4) + soft_dirty(memory, PAGES / 2, PAGES / 4);
	read = soft_dirty(memory, PAGES / 4, PAGES / 4);
	untouched = soft_dirty(memory, 3 * PAGES / 4, PAGES / 4);
	note("soft-dirty: %u of %d written pages, %u of %d read ones, %u untouched", written,
	     PAGES / 2, read, PAGES / 4, untouched);
	if (written != PAGES / 2 || untouched)
		broken("wrong-mark", "written pages are not marked, or untouched ones are");
	if (read == 0)
		observe(ZERO_PAGE);
	if (read == PAGES / 4)
		observe(PRIVATE);
	broken("mixed", "some of the pages that were read are soft-dirty");
}

static unsigned long frames[PAGES];

/* /proc/kpagecount: how often a frame is mapped. */
void read_mapcount(void)
{
	char *memory = map_pages(PAGES, RW);
	int file = open("/proc/kpagecount", O_RDONLY), one_frame = 1;

	if (file < 0)
		skip("no /proc/kpagecount (CONFIG_PROC_PAGE_MONITOR)");
	read_pages(memory, PAGES);
	page_frames(memory, PAGES, frames);
	for (int i = 1; i < PAGES; i++)
		one_frame &= frames[i] == frames[0];
	if (one_frame)
		observe(ZERO_PAGE);
	for (int i = 0; i < PAGES; i++) {
		uint64_t count = 0;

		if (pread(file, &count, sizeof count, (off_t)frames[i] * 8) != sizeof count)
			broken("no-kpagecount", "/proc/kpagecount: %s", strerror(errno));
		if (count != 1)
			broken("miscounted", "the frame of page %d is mapped %lu times", i,
			       (unsigned long)count);
	}
	observe(PRIVATE);
}

/* ioctl(PAGEMAP_SCAN): the ranges of pages in a category. */
static long scan_pages(const char *memory, uint64_t category)
{
	struct region { uint64_t start, end, categories; } regions[64];
	struct {
		uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
		uint64_t inverted, mask, anyof, returned;
	} scan = {.size = sizeof scan, .start = (uintptr_t)memory,
		  .end = (uintptr_t)memory + PAGES * PAGE, .vec = (uintptr_t)regions,
		  .vec_len = 64, .mask = category, .returned = category};
	int file = open("/proc/self/pagemap", O_RDONLY);
	long found, pages = 0;

	if (file < 0)
		skip("no /proc/self/pagemap (CONFIG_PROC_PAGE_MONITOR)");
	found = syscall(SYS_ioctl, file, 0xc0606610UL, &scan);
	close(file);
	if (found < 0)
		broken("no-scan", "PAGEMAP_SCAN: %s", strerror(errno));
	for (long i = 0; i < found; i++)
		pages += (regions[i].end - regions[i].start) / PAGE;
	return pages;
}

void scan_read(void)
{
	enum { PRESENT = 1 << 3, PFNZERO = 1 << 5 };
	char *memory = map_pages(PAGES, RW);
	long zero, present;

	read_pages(memory, PAGES / 2);
	fill_pages(memory + PAGES / 2 * PAGE, PAGES / 4, 1);
	zero = scan_pages(memory, PFNZERO);
	present = scan_pages(memory, PRESENT);
	note("%d pages read, %d written: %ld present, %ld of them the zero page", PAGES / 2,
	     PAGES / 4, present, zero);
	if (present != 3 * PAGES / 4)
		broken("wrong-page", "%ld pages are present", present);
	if (zero == PAGES / 2)
		observe(ZERO_PAGE);
	if (!zero)
		observe(PRIVATE);
	broken("mixed", "some of the pages that were read are the zero page");
}
