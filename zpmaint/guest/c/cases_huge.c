/* Transparent huge pages: the huge zero page does not come through the base-page fault. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { HUGES = 8, RW = PROT_READ | PROT_WRITE };

#define PAGES (HUGES * HUGE / PAGE)

static char *huge_memory(void)
{
	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (huge_pages("always"))
		skip("no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	/* Off by default on a guest of 512 MB or less. */
	if (put("/sys/kernel/mm/transparent_hugepage/use_zero_page", "1"))
		note("use_zero_page cannot be switched on");
	return map_aligned(HUGES * HUGE, HUGE);
}

void huge_read(void)
{
	char *memory = huge_memory();
	long zeros = vmstat("thp_zero_page_alloc"), before = statm_anon(), faults, grown;

	minor_faults();
	faults = minor_faults();
	read_pages(memory, PAGES);
	faults = minor_faults() - faults;
	grown = statm_anon() - before;
	note("%lu pages read: %ld faults, thp_zero_page_alloc %+ld", PAGES, faults,
	     vmstat("thp_zero_page_alloc") - zeros);
	if (faults > (long)PAGES / 2)
		broken("base-pages", "%ld faults: the memory was not mapped by huge pages", faults);
	observe_by_growth(grown, PAGES, "statm resident - shared");
}

void huge_content(void)
{
	char *memory = huge_memory();
	int child;

	/* Dirty memory first, so that what comes next is not zero by chance. */
	fill_pages(memory, PAGES, 0xd1);
	munmap(memory, HUGES * HUGE);
	memory = huge_memory();
	must_be_zero(memory, PAGES, "a huge page that was read");
	write_pages(memory, PAGES / 2, 5);
	must_be_written(memory, PAGES / 2, 5, "huge pages read, then written");
	must_be_zero(memory + PAGES / 2 * PAGE, PAGES / 2, "huge pages only read");
	if (!(child = branch())) {
		write_pages(memory, PAGES, 6);
		must_be_written(memory, PAGES, 6, "huge pages written after a fork");
		_exit(0);
	}
	join(child);
	must_be_written(memory, PAGES / 2, 5, "huge pages after a child wrote");
	must_be_zero(memory + PAGES / 2 * PAGE, PAGES / 2, "huge pages after a child wrote");
}

/* One base page of a read huge page is protected, written, dropped: the huge page splits. */
void huge_split(void)
{
	char *memory = huge_memory();

	read_pages(memory, PAGES);
	for (int i = 0; i < HUGES; i++) {
		char *at = memory + i * HUGE;

		if (mprotect(at + 3 * PAGE, PAGE, PROT_READ) ||
		    madvise(at + 5 * PAGE, PAGE, MADV_DONTNEED))
			broken("no-split", "mprotect or madvise inside a huge page failed");
		at[7 * PAGE] = 1;
	}
	for (int i = 0; i < HUGES; i++) {
		char *at = memory + i * HUGE;

		if (at[7 * PAGE] != 1)
			broken("lost-write", "a write into a split huge page was lost");
		at[7 * PAGE] = 0;
	}
	must_be_zero(memory, PAGES, "split huge pages");
}
