// SPDX-License-Identifier: GPL-2.0-only
/* Transparent huge pages: the huge zero page does not come through the base-page fault. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { HUGES = 8, RW = PROT_READ | PROT_WRITE };

#define PAGES (HUGES * HUGE / PAGE)

#define THP "/sys/kernel/mm/transparent_hugepage/"

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

/* With the huge zero page switched off a read gets real huge pages on every kernel. */
void huge_nozero(void)
{
	char *memory = huge_memory();
	long before = statm_anon(), faults, grown;

	if (put(THP "use_zero_page", "0"))
		broken("no-switch", "use_zero_page cannot be switched off");
	minor_faults();
	faults = minor_faults();
	read_pages(memory, PAGES);
	faults = minor_faults() - faults;
	grown = statm_anon() - before;
	put(THP "use_zero_page", "1");
	must_be_zero(memory, PAGES, "huge pages with use_zero_page 0");
	if (faults > (long)PAGES / 2)
		broken("base-pages", "%ld faults: the memory was not mapped by huge pages", faults);
	observe_by_growth(grown, PAGES, "statm resident - shared");
}

/* Wait until khugepaged has been over all memory twice more. */
static void await_khugepaged(void)
{
	const char *scans = THP "khugepaged/full_scans";
	long long before = number_in(scans);

	/* By what it did, not by a time: a kernel may be in a sleep of ten seconds, or miss the first
	 * word that wakes it. */
	for (int i = 0; i < 1500 && number_in(scans) < before + 3; i++) {
		if (i % 100 == 99)
			put(THP "khugepaged/scan_sleep_millisecs", "10");
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	if (number_in(scans) < before + 3)
		broken("no-scan", "khugepaged got round %lld times in 15 s", number_in(scans) - before);
}

/* khugepaged over base pages that were read, with no hole allowed: it takes them for pages if they
 * are, the zero page it takes for a hole. */
void huge_collapse(void)
{
	enum { NOHUGEPAGE = 15, HUGEPAGE = 14, TWO = 2 * HUGE / PAGE };
	char *memory = huge_memory();
	long huge, before, counted;

	put(THP "khugepaged/max_ptes_none", "0");
	put(THP "khugepaged/scan_sleep_millisecs", "10");
	put(THP "khugepaged/alloc_sleep_millisecs", "10");
	put(THP "khugepaged/pages_to_scan", "4096");
	huge_pages("never");
	before = proc_field("/proc/meminfo", "AnonHugePages");
	read_pages(memory, TWO);
	memory[3 * PAGE] = memory[HUGE + 3 * PAGE] = 0x1f; /* none but writable memory collapses */
	huge_pages("always");
	if (madvise(memory, 2 * HUGE, HUGEPAGE))
		broken("no-madvise", "madvise with MADV_HUGEPAGE: %s", strerror(errno));
	await_khugepaged();
	/* Of meminfo's count a CPU keeps a few back; smaps has none before 2.6.39, and to read it
	 * splits huge pages there. */
	counted = proc_field("/proc/meminfo", "AnonHugePages") - before;
	huge = smaps_field(memory, "AnonHugePages");
	if (huge < 0)
		huge = counted;
	put(THP "khugepaged/max_ptes_none", "511");
	note("%d base pages read: AnonHugePages %ld kB", TWO, huge);
	if (memory[3 * PAGE] != 0x1f || memory[HUGE + 3 * PAGE] != 0x1f)
		broken("lost-write", "a byte was lost on the way to a huge page");
	memory[3 * PAGE] = memory[HUGE + 3 * PAGE] = 0;
	must_be_zero(memory, TWO, "after khugepaged");
	fill_pages(memory, TWO, 0x2f);
	must_be_filled(memory, TWO, 0x2f, "written after khugepaged");
	if (!huge)
		observe(ZERO_PAGE);
	if (huge == 2 * HUGE >> 10)
		observe(PRIVATE);
	broken("mixed", "some of the memory is in huge pages");
}

/* Base pages that are there when huge ones are switched on, in a process that nobody has told khugepaged
 * of: it comes to know of it by the first fault for a huge page, and makes huge pages of the others. */
void huge_noticed(void)
{
	enum { TRIES = 2 };
	char *memory = huge_memory(), *base;

	put(THP "khugepaged/scan_sleep_millisecs", "10");
	put(THP "khugepaged/alloc_sleep_millisecs", "10");
	put(THP "khugepaged/pages_to_scan", "4096");
	huge_pages("never");
	for (int stores = 0; stores < TRIES; stores++) {
		int child = branch();

		if (!child) {
			memory = map_aligned(2 * HUGE, HUGE);
			base = memory + HUGE;
			write_pages(base, HUGE / PAGE, 0x3d);
			huge_pages("always");
			if (stores)
				*(volatile char *)(memory + 3 * PAGE) = 1;
			else
				read_pages(memory + 3 * PAGE, 1);
			await_khugepaged();
			huge_pages("never");
			must_be_written(base, HUGE / PAGE, 0x3d, "after khugepaged");
			if (smaps_field(base, "AnonHugePages") < (long)HUGE >> 10)
				broken("not-noticed", "no huge page in a process that %s one",
				       stores ? "wrote" : "read");
			_exit(0);
		}
		join(child);
	}
}

/* madvise collapses at once and allows holes: the content must come along on every kernel. */
void huge_advised(void)
{
	enum { COLLAPSE = 25 };
	char *memory = huge_memory();

	huge_pages("never");
	read_pages(memory, HUGE / PAGE / 2);
	fill_pages(memory + 8 * PAGE, 8, 0x3f);
	if (madvise(memory, HUGE, COLLAPSE))
		broken("no-collapse", "madvise with MADV_COLLAPSE: %s", strerror(errno));
	if (smaps_field(memory, "AnonHugePages") != HUGE >> 10)
		broken("no-collapse", "no huge page after MADV_COLLAPSE");
	must_be_zero(memory, 8, "after MADV_COLLAPSE");
	must_be_filled(memory + 8 * PAGE, 8, 0x3f, "after MADV_COLLAPSE");
	must_be_zero(memory + 16 * PAGE, HUGE / PAGE - 16, "after MADV_COLLAPSE");
	fill_pages(memory, HUGE / PAGE, 0x4f);
	must_be_filled(memory, HUGE / PAGE, 0x4f, "written after MADV_COLLAPSE");
}

/* A huge page of little but zeros is split when memory is asked for, and the zeros become the zero
 * page: no read fault, and so left as it is. */
void huge_underused(void)
{
	char *memory = huge_memory();
	long before, after;

	put(THP "khugepaged/max_ptes_none", "256");
	for (int i = 0; i < HUGES; i++)
		fill_pages(memory + i * HUGE, 2, 0x5f);
	before = statm_anon();
	if (put("/proc/sys/vm/drop_caches", "2"))
		broken("no-switch", "/proc/sys/vm/drop_caches: %s", strerror(errno));
	after = statm_anon();
	put(THP "khugepaged/max_ptes_none", "511");
	note("%d huge pages, 2 base pages written in each: statm anonymous %+ld", HUGES,
	     after - before);
	for (int i = 0; i < HUGES; i++) {
		must_be_filled(memory + i * HUGE, 2, 0x5f, "written, and its huge page split");
		must_be_zero(memory + i * HUGE + 2 * PAGE, HUGE / PAGE - 2, "split by the shrinker");
	}
	fill_pages(memory, PAGES, 0x6f);
	must_be_filled(memory, PAGES, 0x6f, "written after the split");
	if (before - after >= (long)(HUGES - 1) * (long)(HUGE / PAGE - 16))
		observe(ZERO_PAGE);
	broken("not-split", "%ld pages were given back", before - after);
}

/* Stores through /proc/self/mem into read huge pages of a mapping that may only be read: never into
 * the huge zero page itself (CVE-2017-1000405). */
void huge_forced(void)
{
	char *memory = huge_memory(), *other = map_aligned(HUGE, HUGE);
	int file = open("/proc/self/mem", O_RDWR);
	char byte = 0x7f;

	if (file < 0)
		broken("no-mem", "/proc/self/mem: %s", strerror(errno));
	mprotect(memory, HUGES * HUGE, PROT_READ);
	for (int round = 0; round < 64; round++) {
		char *at = memory + round % HUGES * HUGE;

		read_pages(at, 2);
		if (pwrite(file, &byte, 1, (off_t)(uintptr_t)(at + round)) != 1) {
			if (!round && errno == EIO)
				skip("/proc/self/mem forces no store (CONFIG_PROC_MEM_ALWAYS_FORCE)");
			broken("short-write", "/proc/self/mem: %s", strerror(errno));
		}
		if (at[round] != byte)
			broken("lost-write", "a forced store was lost");
		if (round % 2)
			madvise(at, HUGE, MADV_DONTNEED);
	}
	must_be_zero(other, HUGE / PAGE, "other huge pages, after forced stores");
}
