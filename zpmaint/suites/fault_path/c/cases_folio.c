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
