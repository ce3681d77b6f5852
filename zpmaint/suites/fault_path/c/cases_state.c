// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel keeps of a page that a read brought in, beyond its count. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { PAGES = 512, COUNTED = 4096, RW = PROT_READ | PROT_WRITE };

/* Both lists of reclaim. */
static long listed(void)
{
	return (proc_field("/proc/meminfo", "Active") + proc_field("/proc/meminfo", "Inactive")) / 4;
}

void state_listed(void)
{
	char *memory = map_pages(COUNTED, RW);
	long before;

	listed();
	before = listed();
	read_pages(memory, COUNTED);
	observe_by_growth(listed() - before, COUNTED, "meminfo Active + Inactive");
}

/* kpageflags has these bits from 2.6.31 on. */
enum { KPF_UPTODATE = 3, KPF_LRU = 5, KPF_MMAP = 11, KPF_ANON = 12, KPF_SWAPBACKED = 14 };

void state_flags(void)
{
	static unsigned long frames[PAGES];
	static const struct {
		int bit;
		const char *name;
	} wanted[] = {{KPF_UPTODATE, "UPTODATE"}, {KPF_MMAP, "MMAP"}, {KPF_ANON, "ANON"},
		      {KPF_SWAPBACKED, "SWAPBACKED"}, {KPF_LRU, "LRU"}};
	char *memory = map_pages(PAGES, RW);

	read_pages(memory, PAGES);
	page_frames(memory, PAGES, frames);
	if (frames[0] == frames[1] && frames[1] == frames[2])
		observe(ZERO_PAGE);
	for (unsigned j = 0; j < sizeof wanted / sizeof *wanted; j++) {
		int with = 0;

		for (int i = 0; i < PAGES; i++)
			with += frame_flags(frames[i]) >> wanted[j].bit & 1;
		note("%d pages read: %d with %s in kpageflags", PAGES, with, wanted[j].name);
		/* The last few may still be on their way to the list. */
		if (with < PAGES - (wanted[j].bit == KPF_LRU ? 64 : 0))
			broken("wrong-state", "%d of %d pages without %s", PAGES - with, PAGES,
			       wanted[j].name);
	}
	observe(PRIVATE);
}

static sigjmp_buf back;

static void refused(int number)
{
	(void)number;
	siglongjmp(back, 1);
}

static void watch_refusals(void)
{
	struct sigaction action = {.sa_handler = refused};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

void protect_noexec(void)
{
	char *memory = map_pages(2, RW);

#ifdef __i386__
	skip("without PAE a page table entry has no bit against execution");
#endif
	watch_refusals();
	read_pages(memory, 2);
	for (int i = 0; i < 2; i++) {
		memory[i * PAGE] = (char)0xc3; /* ret */
		if (!sigsetjmp(back, 1)) {
			((void (*)(void))(memory + i * PAGE))();
			broken("executed", "a page of a mapping that may not be executed was");
		}
	}
}

void protect_huge(void)
{
	volatile char *memory;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (huge_pages("always"))
		skip("no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	memory = map_aligned(2 * HUGE, HUGE);
	if (mprotect((void *)memory, 2 * HUGE, PROT_READ))
		broken("no-mprotect", "mprotect: %s", strerror(errno));
	watch_refusals();
	must_be_zero((char *)memory, 2 * HUGE / PAGE, "huge pages that may only be read");
	for (int i = 0; i < 8; i++)
		if (!sigsetjmp(back, 1)) {
			memory[i * HUGE / 4 + 5] = 1;
			broken("wrote", "a huge page that may only be read took a write");
		}
	must_be_zero((char *)memory, 2 * HUGE / PAGE, "huge pages that refused writes");
}

/* Far more huge pages than any lag of the counters pass through. */
void huge_leak(void)
{
	enum { EACH = 8, ROUNDS = 12 };
	long before, fell;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (huge_pages("always"))
		skip("no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	before = proc_field("/proc/meminfo", "MemFree");
	for (int round = 0; round < ROUNDS; round++) {
		char *memory = map_aligned(EACH * HUGE, HUGE);

		read_pages(memory, EACH * HUGE / PAGE);
		if (round % 2)
			write_pages(memory, EACH * HUGE / PAGE, 1);
		munmap(memory, EACH * HUGE);
	}
	fell = free_fell(before, ROUNDS * EACH * HUGE >> 12);
	note("%lu MB read by huge pages and unmapped: MemFree %+ld kB", ROUNDS * EACH * HUGE >> 20,
	     -fell);
	if (fell > (long)(ROUNDS * EACH * HUGE >> 12))
		broken("leak", "MemFree fell by %ld kB", fell);
}

/* The kernel itself reads memory that the program never touched. */
void syscall_statm(void)
{
	char *memory = map_pages(COUNTED / 2, RW);
	static char sink[PAGE];
	int ends[2];
	long before;

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	sink[0] = 1;
	before = statm_anon();
	for (int i = 0; i < COUNTED / 2; i++)
		if (write(ends[1], memory + i * PAGE, PAGE) != PAGE ||
		    read(ends[0], sink, PAGE) != PAGE)
			broken("short-write", "a pipe: %s", strerror(errno));
	observe_by_growth(statm_anon() - before, COUNTED / 2, "statm resident - shared");
}

/* A mapping far larger than what is touched in it, and many of one page each. */
void size_large(void)
{
	enum { STRIDE = 16 };
	char *memory = map_pages(2048 * STRIDE, RW);
	long before = statm_anon();

	for (int i = 0; i < 2048; i++)
		read_pages(memory + i * STRIDE * PAGE, 1);
	observe_by_growth(statm_anon() - before, 2048, "statm resident - shared");
}

void size_small(void)
{
	static char *memory[1024];
	long before;

	for (int i = 0; i < 1024; i++)
		memory[i] = map_pages(1, RW);
	before = statm_anon();
	for (int i = 0; i < 1024; i++)
		must_be_zero(memory[i], 1, "a mapping of one page");
	observe_by_growth(statm_anon() - before, 1024, "statm resident - shared");
}
