// SPDX-License-Identifier: GPL-2.0-only
/* Folios of several pages, smaller than a huge one (6.8 on). */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "suite.h"
#include "tell.h"

#define SETTING "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled"

enum { EACH = 16, FOLIOS = 64, PAGES = EACH * FOLIOS, RW = PROT_READ | PROT_WRITE };

static void folios(const char *when)
{
	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (put(SETTING, when))
		skip("no folios of 64 kB (CONFIG_TRANSPARENT_HUGEPAGE)");
}

/* Aligned, and without dirt of its own: what was there before goes back dirty. */
static char *folio_memory(void)
{
	char *memory = map_aligned(PAGES * PAGE, EACH * PAGE);

	fill_pages(memory, PAGES, 0xd3);
	munmap(memory, PAGES * PAGE);
	memory = map_aligned(PAGES * PAGE, EACH * PAGE);
	return memory;
}

void folio_read(void)
{
	char *memory;
	long before, grown, fell, free = proc_field("/proc/meminfo", "MemFree");

	folios("always");
	for (int round = 0; round < 8; round++) {
		memory = folio_memory();
		before = statm_anon();
		for (int i = 0; i < FOLIOS; i++)
			read_pages(memory + (i * EACH + 5) * PAGE, 1);
		grown = statm_anon() - before;
		must_be_zero(memory, PAGES, "folios that were read");
		fill_pages(memory, PAGES, 0x23 + round);
		must_be_filled(memory, PAGES, 0x23 + round, "folios that were written");
		/* One page of each goes by itself. */
		for (int i = 0; i < FOLIOS; i++)
			madvise(memory + (i * EACH + 3) * PAGE, PAGE, MADV_DONTNEED);
		must_be_zero(memory + 3 * PAGE, 1, "a page dropped out of a folio");
		munmap(memory, PAGES * PAGE);
	}
	folios("never");
	note("one read in each of %d folios: %ld pages", FOLIOS, grown);
	fell = free_fell(free, PAGES * 4 * 3);
	if (fell > PAGES * 4 * 3)
		broken("leak", "MemFree fell by %ld kB", fell);
	if (grown >= PAGES - PAGES / 16)
		observe(PRIVATE);
	if (grown <= PAGES / 16)
		observe(ZERO_PAGE);
	broken("mixed", "%ld pages by one read in each of %d folios", grown, FOLIOS);
}

/* Pages that are there already stay as they are, and the fault beside them ends. */
void folio_beside(void)
{
	char *memory = folio_memory();

	for (int i = 0; i < FOLIOS; i++)
		memory[(i * EACH + i % EACH) * PAGE] = 0x71;
	folios("always");
	for (int i = 0; i < PAGES; i++) {
		char is = ((volatile char *)memory)[i * PAGE];
		char due = i % EACH == i / EACH % EACH ? 0x71 : 0;

		if (is != due)
			broken("wrong-content", "page %d starts with 0x%02x, not 0x%02x", i, is, due);
		memory[i * PAGE] = 0;
	}
	folios("never");
	must_be_zero(memory, PAGES, "pages beside those that were there");
}

/* Mappings that begin and end in the midst of folios, between memory that may not be touched: no folio
 * reaches beyond its mapping, on either side. */
void folio_edges(void)
{
	static unsigned long frames[3 * EACH];
	static const int lengths[] = {1, 2, 5, EACH - 1, EACH + 1};

	folios("always");
	for (int from = 1; from < EACH; from += 2)
		for (unsigned which = 0; which < sizeof lengths / sizeof *lengths; which++) {
			int pages = lengths[which], backwards = from % 4 == 1;
			char *all = map_aligned(3 * EACH * PAGE, EACH * PAGE);
			char *memory = all + from * PAGE;

			if (mprotect(all, from * PAGE, PROT_NONE) ||
			    mprotect(memory + pages * PAGE, (3 * EACH - from - pages) * PAGE, PROT_NONE))
				broken("no-mprotect", "mprotect failed");
			for (int i = 0; i < pages; i++)
				read_pages(memory + (backwards ? pages - 1 - i : i) * PAGE, 1);
			page_frames(all, 3 * EACH, frames);
			for (int i = 0; i < 3 * EACH; i++)
				if ((i < from || i >= from + pages) && frames[i])
					broken("over-the-edge", "%d pages from %d on were read, and page "
					       "%d is there", pages, from, i);
			if (!load_refused(memory - PAGE) || !load_refused(memory + pages * PAGE))
				broken("not-refused", "%d pages from %d on: a neighbour that may not be "
				       "read", pages, from);
			fill_pages(memory, pages, 0x2c);
			mprotect(all, 3 * EACH * PAGE, PROT_READ | PROT_WRITE);
			must_be_zero(all, from, "before the mapping that was read");
			must_be_zero(memory + pages * PAGE, 3 * EACH - from - pages, "behind it");
			must_be_filled(memory, pages, 0x2c, "the mapping itself");
			munmap(all, 3 * EACH * PAGE);
		}
	folios("never");
}
