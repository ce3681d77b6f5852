// SPDX-License-Identifier: GPL-2.0-only
/* Read faults: what they map, what it holds, and how it is counted. */
#define _GNU_SOURCE
#include <alloca.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "tell.h"

enum { PAGES = 512, COUNTED = 2048, RW = PROT_READ | PROT_WRITE };

enum { KPF_ANON = 12, KPF_ZERO_PAGE = 24 };

void read_zero(void)
{
	must_be_zero(map_pages(PAGES, RW), PAGES, "untouched memory");
}

void read_recycled(void)
{
	enum { DIRTY = 4096 };

	for (int round = 0; round < 3; round++) {
		char *memory = map_pages(DIRTY, RW);

		must_be_zero(memory, DIRTY, "memory that another mapping left dirty");
		fill_pages(memory, DIRTY, 0xa1 + round);
		munmap(memory, DIRTY * PAGE);
	}
}

void read_faults(void)
{
	observe_by_faults(map_pages(PAGES, RW), PAGES);
}

static int frame_order(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return (x > y) - (x < y);
}

/* How many different numbers there are. Sorts them. */
static size_t distinct(unsigned long *numbers, size_t count)
{
	size_t different = count > 0;

	qsort(numbers, count, sizeof *numbers, frame_order);
	for (size_t i = 1; i < count; i++)
		different += numbers[i] != numbers[i - 1];
	return different;
}

static unsigned long frames[PAGES];

static void observe_by_frames(const char *memory)
{
	size_t different;

	page_frames(memory, PAGES, frames);
	for (size_t i = 0; i < PAGES; i++)
		if (!frames[i])
			broken("not-present", "page %zu is not present after a read", i);
	different = distinct(frames, PAGES);
	note("%d pages read: %zu different page frames", PAGES, different);
	if (different == 1)
		observe(ZERO_PAGE);
	if (different == PAGES)
		observe(PRIVATE);
	broken("mixed", "some pages share a page frame");
}

void read_distinct(void)
{
	char *memory = map_pages(PAGES, RW);

	read_pages(memory, PAGES);
	observe_by_frames(memory);
}

void read_flags(void)
{
	char *memory = map_pages(PAGES, RW);
	int zero = 0, anon = 0;

	read_pages(memory, PAGES);
	page_frames(memory, PAGES, frames);
	for (size_t i = 0; i < PAGES; i++) {
		unsigned long flags = frame_flags(frames[i]);

		zero += flags >> KPF_ZERO_PAGE & 1;
		anon += flags >> KPF_ANON & 1;
	}
	note("%d pages read: %d with ZERO_PAGE, %d with ANON in kpageflags", PAGES, zero, anon);
	if (zero == PAGES && !anon)
		observe(ZERO_PAGE);
	if (anon == PAGES && !zero)
		observe(PRIVATE);
	broken("mixed", "neither all of the one nor all of the other");
}

void read_statm(void)
{
	char *memory = map_pages(COUNTED, RW);
	long before = statm_anon();

	read_pages(memory, COUNTED);
	observe_by_growth(statm_anon() - before, COUNTED, "statm resident - shared");
}

void read_smaps(void)
{
	char *memory = map_pages(COUNTED, RW);
	long clean, dirty;

	if (smaps_field(memory, "Rss") < 0)
		skip("no Rss in /proc/self/smaps (CONFIG_PROC_PAGE_MONITOR)");
	read_pages(memory, COUNTED);
	clean = smaps_field(memory, "Private_Clean");
	dirty = smaps_field(memory, "Private_Dirty");
	observe_by_growth((clean + dirty) / 4, COUNTED, "smaps Private_Clean + Private_Dirty");
}

void read_meminfo(void)
{
	char *memory = map_pages(COUNTED, RW);
	long before = proc_field("/proc/meminfo", "AnonPages");

	if (before < 0)
		broken("no-anonpages", "/proc/meminfo without AnonPages");
	read_pages(memory, COUNTED);
	observe_by_growth((proc_field("/proc/meminfo", "AnonPages") - before) / 4, COUNTED,
			  "meminfo AnonPages");
}

void readonly_statm(void)
{
	char *memory = map_pages(COUNTED, PROT_READ);
	long before = statm_anon();

	must_be_zero(memory, COUNTED, "a mapping that may only be read");
	observe_by_growth(statm_anon() - before, COUNTED, "statm resident - shared");
}

void read_twice(void)
{
	char *memory = map_pages(PAGES, RW);
	long before, after;

	minor_faults();
	read_pages(memory, PAGES);
	before = minor_faults();
	read_pages(memory, PAGES);
	after = minor_faults();
	note("%d pages: %ld faults by reading again", PAGES, after - before);
	if (after - before > 8)
		broken("faults-again", "a page that was read faults again");
}

void heap_faults(void)
{
	uintptr_t start = syscall(SYS_brk, 0), from = (start + PAGE - 1) & ~(PAGE - 1);

	if ((uintptr_t)syscall(SYS_brk, from + PAGES * PAGE) != from + PAGES * PAGE)
		broken("no-brk", "brk does not grow by %d pages", PAGES);
	observe_by_faults((char *)from, PAGES);
}

static char bss[(PAGES + 2) * PAGE];

void bss_faults(void)
{
	observe_by_faults((char *)(((uintptr_t)bss + PAGE - 1) & ~(PAGE - 1)), PAGES);
}

/* The area lies above the stack pointer, so the stack has to grow down to it at once. Its upper
 * end is left alone: earlier calls reached down into it. */
static void __attribute__((noinline)) on_stack(void)
{
	volatile char area[(PAGES + 32) * PAGE];
	uintptr_t from = ((uintptr_t)area + 2 * PAGE - 1) & ~(PAGE - 1);

	observe_by_faults((char *)from, PAGES);
}

void stack_faults(void)
{
	on_stack();
}

void populate_write(void)
{
	char *memory = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
			    0);
	long before, after;

	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap with MAP_POPULATE failed");
	must_be_zero(memory, PAGES, "populated memory");
	before = minor_faults();
	write_pages(memory, PAGES, 3);
	after = minor_faults();
	note("%d populated pages: %ld faults by writing", PAGES, after - before);
	must_be_written(memory, PAGES, 3, "populated memory");
}

void populate_read(void)
{
	enum { POPULATE_READ = 22 };
	char *memory = map_pages(COUNTED, RW);
	long before = statm_anon(), grown;

	if (madvise(memory, COUNTED * PAGE, POPULATE_READ))
		skip("madvise refuses MADV_POPULATE_READ (CONFIG_ADVISE_SYSCALLS)");
	grown = statm_anon() - before;
	must_be_zero(memory, COUNTED, "memory populated for reading");
	observe_by_growth(grown, COUNTED, "statm resident - shared");
}

/* The stack grows by read faults, too, and not right up to another mapping. */
void stack_guard(void)
{
	enum { BELOW = 24 };
	static char aside[64 << 10];
	volatile char *at, *lowest = NULL;
	uintptr_t start = 0, here = (uintptr_t)__builtin_frame_address(0);
	stack_t stack = {.ss_sp = aside, .ss_size = sizeof aside};
	static char maps[8192];

	if (sigaltstack(&stack, NULL) || get("/proc/self/maps", maps, sizeof maps) < 0)
		broken("no-maps", "no alternate stack, or no /proc/self/maps");
	for (char *line = maps; line && *line; line = strchr(line, '\n')) {
		uintptr_t from, to;

		line += *line == '\n';
		from = strtoul(line, &line, 16);
		to = *line == '-' ? strtoul(line + 1, &line, 16) : 0;
		if (from <= here && here < to)
			start = from;
	}
	if (!start)
		broken("no-stack", "/proc/self/maps does not tell of the stack");
	at = mmap((void *)(start - BELOW * PAGE), PAGE, RW,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (at == MAP_FAILED)
		broken("no-mmap", "no mapping below the stack");
	*at = 0x5d;
	/* Up to 4.20 a program may only touch what is not far below its stack pointer. */
	at = alloca(here - start + 4 * PAGE);
	for (at = (char *)start - PAGE; at > (char *)start - BELOW * PAGE; at -= PAGE) {
		if (load_refused(at))
			break;
		if (*at)
			broken("not-zero", "the stack's new page is not zero");
		lowest = at;
	}
	note("%ld pages below the stack could be read, a mapping is %d below it",
	     lowest ? (long)(start - (uintptr_t)lowest) / (long)PAGE : 0, BELOW);
	if (at == (char *)start - BELOW * PAGE)
		broken("no-guard", "the stack grew right up to another mapping");
	if (*(volatile char *)(start - BELOW * PAGE) != 0x5d)
		broken("lost-write", "the mapping below the stack");
}
