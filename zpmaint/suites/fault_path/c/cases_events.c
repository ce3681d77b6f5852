// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says that it did (/proc/vmstat, the statistics of folios) against what was done. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "area.h"
#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { PAGES = 512, STRAY = 24, RW = PROT_READ | PROT_WRITE };

/* -1 stands for a counter that the kernel has not. */
static void take(const char *const *names, long *counts, int count)
{
	for (int i = 0; i < count; i++)
		counts[i] = vmstat(names[i]);
}

static long since(const char *name, long before)
{
	return before < 0 ? -1 : vmstat(name) - before;
}

static void must_count(const char *what, const char *name, long before, long due, long slack)
{
	long seen = since(name, before);

	if (before < 0)
		return;
	note("%s: %s %+ld", what, name, seen);
	if (seen < due - slack || seen > due + slack)
		broken("miscounted", "%s: %s rose by %ld, %ld were due", what, name, seen, due);
}

enum { FAULTS, MAJOR, REUSED, KINDS };

static const char *const kinds[KINDS] = {"pgfault", "pgmajfault", "pgreuse"};

static void by_reading(char *memory)
{
	read_pages(memory, PAGES);
}

static void by_writing(char *memory)
{
	write_pages(memory, PAGES, 0x33);
}

static void by_locking(char *memory)
{
	if (mlock(memory, PAGES * PAGE))
		broken("no-mlock", "mlock: %s", strerror(errno));
}

/* Each fault is one of the system's, and none of these waits for a device; `reused` of them take a
 * page that is there as it is. */
static void must_fault(const char *what, void (*touch)(char *memory), char *memory, long faults,
		       long reused)
{
	long before[KINDS];

	take(kinds, before, KINDS);
	touch(memory);
	must_count(what, kinds[FAULTS], before[FAULTS], faults, STRAY);
	must_count(what, kinds[MAJOR], before[MAJOR], 0, STRAY);
	must_count(what, kinds[REUSED], before[REUSED], reused, STRAY);
}

void events_faults(void)
{
	char *memory = map_pages(PAGES, RW), *locked = map_pages(PAGES, RW);
	int child;

	if (!choice.as_init)
		skip("only init knows that nobody else faults");
	vmstat("pgfault");
	must_fault("untouched pages written", by_writing, memory, PAGES, 0);
	must_fault("pages that are there", by_reading, memory, 0, 0);
	must_fault("untouched pages locked", by_locking, locked, PAGES, 0);
	must_fault("untouched pages read", by_reading, map_pages(PAGES, RW), PAGES, 0);
	if (!(child = branch())) {
		must_fault("shared pages read", by_reading, memory, 0, 0);
		must_fault("shared pages written", by_writing, memory, PAGES, 0);
		_exit(0);
	}
	join(child);
	must_fault("pages whose sharer has ended, written", by_writing, memory, PAGES, PAGES);
	must_fault("the same again", by_writing, memory, 0, 0);
}

static long faults_taken(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* Pages that go to the swap area and come back: each is told once, both ways. */
void events_swap(void)
{
	static const char *const names[] = {"pswpout", "pswpin", "pgmajfault"};
	char *memory = map_pages(PAGES, RW);
	long before[3], faults, out;

	swap_on(NULL);
	fill_pages(memory, PAGES, 0x47);
	take(names, before, 3);
	if (madvise(memory, PAGES * PAGE, MADV_PAGEOUT_))
		broken("no-madvise", "MADV_PAGEOUT: %s", strerror(errno));
	out = since(names[0], before[0]);
	note("%d pages pushed out: pswpout %+ld", PAGES, out);
	if (out < PAGES / 2 || out > PAGES)
		broken("miscounted", "%d pages pushed out, pswpout rose by %ld", PAGES, out);
	faults_taken();
	faults = faults_taken();
	must_be_filled(memory, PAGES, 0x47, "back from the swap area");
	faults = faults_taken() - faults;
	must_count("pages back from the swap area", names[1], before[1], out, STRAY);
	note("%ld faults, pgmajfault %+ld", faults, since(names[2], before[2]));
	if (since(names[2], before[2]) < 1 || faults < out - STRAY || faults > PAGES + STRAY)
		broken("miscounted", "%ld pages came back by %ld faults, of which %ld were major", out,
		       faults, since(names[2], before[2]));
}

#define THP "/sys/kernel/mm/transparent_hugepage/"

/* Statistics of folios of one size; -1 where the kernel has none. */
static long of_folios(const char *size, const char *name)
{
	char path[128] = THP "hugepages-";

	return number_in(strcat(strcat(strcat(path, size), "/stats/"), name));
}

enum { HUGES = 6 };

/* Each huge page that a fault brings in, is split or goes is told once. */
void events_huge(void)
{
	static const char *const names[] = {"thp_fault_alloc", "thp_fault_fallback", "thp_split_pmd"};
	long before[3], allocated, fallen, there;
	char *memory;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (huge_pages("always"))
		skip("no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	if (proc_field("/proc/meminfo", "MemTotal") < 200 << 10)
		skip("less than 200 MB of memory: not each fault finds a huge page");
	memory = map_aligned(HUGES * HUGE, HUGE);
	take(names, before, 3);
	allocated = of_folios("2048kB", "anon_fault_alloc");
	fallen = of_folios("2048kB", "anon_fault_fallback");
	there = of_folios("2048kB", "nr_anon");
	for (int i = 0; i < HUGES; i++)
		memory[i * HUGE + 5 * PAGE] = 1;
	must_count("huge pages written", names[0], before[0], HUGES, 0);
	must_count("huge pages written", names[1], before[1], 0, 0);
	must_count("huge pages written", names[2], before[2], 0, 0);
	if (allocated >= 0 && of_folios("2048kB", "anon_fault_alloc") - allocated != HUGES)
		broken("miscounted", "%d huge pages written: anon_fault_alloc rose by %ld", HUGES,
		       of_folios("2048kB", "anon_fault_alloc") - allocated);
	if (fallen >= 0 && of_folios("2048kB", "anon_fault_fallback") != fallen)
		broken("miscounted", "anon_fault_fallback rose, and each page was huge");
	if (there >= 0 && of_folios("2048kB", "nr_anon") - there != HUGES)
		broken("miscounted", "%d huge pages: nr_anon rose by %ld", HUGES,
		       of_folios("2048kB", "nr_anon") - there);
	for (int i = 0; i < HUGES / 2; i++)
		mprotect(memory + i * HUGE + 3 * PAGE, PAGE, PROT_READ);
	must_count("half of them parted", names[2], before[2], HUGES / 2, 0);
	munmap(memory, HUGES * HUGE);
	if (there >= 0 && of_folios("2048kB", "nr_anon") != there)
		broken("miscounted", "unmapped huge pages: nr_anon is off by %ld",
		       of_folios("2048kB", "nr_anon") - there);
}

/* The same of folios of 64 kB. */
void events_folio(void)
{
	enum { EACH = 16, FOLIOS = 32 };
	long allocated, fallen, there;
	char *memory;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (put(THP "hugepages-64kB/enabled", "always"))
		skip("no folios of 64 kB (CONFIG_TRANSPARENT_HUGEPAGE)");
	allocated = of_folios("64kB", "anon_fault_alloc");
	fallen = of_folios("64kB", "anon_fault_fallback");
	there = of_folios("64kB", "nr_anon");
	memory = map_aligned(FOLIOS * EACH * PAGE, EACH * PAGE);
	for (int i = 0; i < FOLIOS; i++)
		memory[(i * EACH + i % EACH) * PAGE] = 1;
	put(THP "hugepages-64kB/enabled", "never");
	note("%d folios written: anon_fault_alloc %+ld, anon_fault_fallback %+ld, nr_anon %+ld", FOLIOS,
	     of_folios("64kB", "anon_fault_alloc") - allocated,
	     of_folios("64kB", "anon_fault_fallback") - fallen, of_folios("64kB", "nr_anon") - there);
	if (of_folios("64kB", "anon_fault_alloc") - allocated != FOLIOS ||
	    of_folios("64kB", "anon_fault_fallback") != fallen ||
	    (there >= 0 && of_folios("64kB", "nr_anon") - there != FOLIOS))
		broken("miscounted", "%d folios written: anon_fault_alloc rose by %ld, nr_anon by %ld",
		       FOLIOS, of_folios("64kB", "anon_fault_alloc") - allocated,
		       of_folios("64kB", "nr_anon") - there);
	munmap(memory, FOLIOS * EACH * PAGE);
	if (there >= 0 && of_folios("64kB", "nr_anon") != there)
		broken("miscounted", "unmapped folios: nr_anon is off by %ld",
		       of_folios("64kB", "nr_anon") - there);
}
