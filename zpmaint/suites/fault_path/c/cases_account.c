// SPDX-License-Identifier: GPL-2.0-only
/* Accounting: everything is given back, and the kernel's views agree. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { COUNTED = 2048, RW = PROT_READ | PROT_WRITE };

static const char meminfo[] = "/proc/meminfo";

/* Batched counters (64 events of a task, 125 pages of a CPU) may lag by this much. */
enum { LAG_PAGES = 192 };

void unmap_counters(void)
{
	char *memory;
	long anon, resident, shared, resident_after, shared_after, anon_after;

	statm_anon();
	anon = proc_field(meminfo, "AnonPages");
	if (statm(&resident, &shared))
		broken("no-statm", "no /proc/self/statm");
	for (int round = 0; round < 4; round++) {
		memory = map_pages(COUNTED, RW);
		read_pages(memory, COUNTED);
		write_pages(memory, COUNTED / 2, 1);
		munmap(memory - PAGE, (COUNTED + 2) * PAGE);
	}
	statm(&resident_after, &shared_after);
	anon_after = proc_field(meminfo, "AnonPages");
	note("after four rounds: resident %+ld, shared %+ld pages, AnonPages %+ld kB",
	     resident_after - resident, shared_after - shared, anon_after - anon);
	if (labs(resident_after - resident) > LAG_PAGES || labs(shared_after - shared) > LAG_PAGES)
		broken("miscounted", "statm does not come back after munmap");
	if (anon >= 0 && labs(anon_after - anon) / 4 > LAG_PAGES)
		broken("miscounted", "AnonPages does not come back after munmap");
}

/* Far more memory than any lag of the counters passes through: a page lost on each fault shows in
 * MemFree, and a leaked page table in PageTables. */
void unmap_leak(void)
{
	long before = proc_field(meminfo, "MemFree"), tables = proc_field(meminfo, "PageTables");
	long fell, tables_after, volume = before / 2 < 192 << 10 ? before / 2 : 192 << 10;
	size_t chunk = COUNTED * 2, rounds = volume / 4 / chunk;

	if (before < 0)
		broken("no-memfree", "/proc/meminfo without MemFree");
	for (size_t round = 0; round < rounds; round++) {
		char *memory = map_pages(chunk, RW);

		read_pages(memory, chunk);
		if (round % 2)
			write_pages(memory, chunk, 1);
		munmap(memory - PAGE, (chunk + 2) * PAGE);
	}
	/* With more CPUs, page tables go when all of them have looked up (RCU). */
	usleep(200 * 1000);
	fell = free_fell(before, volume / 4);
	tables_after = proc_field(meminfo, "PageTables");
	note("%zu kB read, half of it written, unmapped: MemFree %+ld kB, PageTables %+ld kB",
	     rounds * chunk * 4, -fell, tables_after - tables);
	/* The lag of MemFree is bounded by what one round holds and by the kernel's free lists;
	 * a quarter of the volume is beyond both, and below what one leak in two faults takes. */
	if (fell > volume / 4)
		broken("leak", "MemFree fell by %ld kB", fell);
	if (tables >= 0 && tables_after - tables > 256)
		broken("leak", "PageTables rose by %ld kB", tables_after - tables);
}

void exit_counters(void)
{
	long anon = proc_field(meminfo, "AnonPages"), after;

	for (int round = 0; round < 4; round++) {
		int child = branch();

		if (!child) {
			char *memory = map_pages(COUNTED, RW);

			read_pages(memory, COUNTED);
			write_pages(memory + COUNTED / 2 * PAGE, COUNTED / 2, 1);
			_exit(0);
		}
		join(child);
	}
	after = proc_field(meminfo, "AnonPages");
	if (anon < 0)
		broken("no-anonpages", "/proc/meminfo without AnonPages");
	note("four processes read and ended: AnonPages %+ld kB", after - anon);
	if (labs(after - anon) / 4 > LAG_PAGES)
		broken("miscounted", "AnonPages does not come back after exit");
}

/* smaps walks the page tables, statm reads counters: both must tell of the same memory. */
void smaps_agrees(void)
{
	char *memory = map_pages(COUNTED, RW);
	enum { SLACK = COUNTED / 16 };
	long resident, shared, resident_after, shared_after, rss, grown;

	if (smaps_field(memory, "Rss") < 0)
		skip("no Rss in /proc/self/smaps (CONFIG_PROC_PAGE_MONITOR)");
	statm(&resident, &shared);
	statm(&resident, &shared);
	read_pages(memory, COUNTED);
	write_pages(memory, COUNTED / 4, 1);
	statm(&resident_after, &shared_after);
	rss = smaps_field(memory, "Rss") / 4;
	grown = resident_after - resident;
	note("smaps Rss %ld pages, statm resident %+ld pages", rss, grown);
	if (labs(rss - grown) <= SLACK)
		return;
	/* The walk takes the zero page for memory, the counters know only what was written. */
	if (labs(rss - COUNTED) <= SLACK && labs(grown - COUNTED / 4) <= SLACK)
		observe("zero-page-counted");
	broken("disagree", "smaps and statm differ");
}
