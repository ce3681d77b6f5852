// SPDX-License-Identifier: GPL-2.0-only
/* Places in the swap area: whose they are, how long, and what comes back out of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "area.h"
#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "suite.h"
#include "tell.h"

enum { PAGES = 512, SLACK = 96, RW = PROT_READ | PROT_WRITE };

/* Pages of the swap area that are taken. */
static long taken(void)
{
	return (proc_field("/proc/meminfo", "SwapTotal") - proc_field("/proc/meminfo", "SwapFree")) / 4;
}

/* Pages of this process that are there and not in memory. */
static long own_swapped(void)
{
	return proc_field("/proc/self/status", "VmSwap") / 4;
}

static void push_out(char *memory, size_t pages)
{
	if (madvise(memory, pages * PAGE, MADV_PAGEOUT_))
		broken("no-madvise", "MADV_PAGEOUT: %s", strerror(errno));
}

static void must_take(long before, long due, const char *when)
{
	long now = taken() - before;

	note("%s: %ld places taken, VmSwap %ld", when, now, own_swapped());
	if (labs(now - due) > SLACK)
		broken("miscounted", "%s: %ld places are taken, %ld are due", when, now, due);
}

static void must_own(long due, const char *when)
{
	if (labs(own_swapped() - due) > SLACK)
		broken("miscounted", "%s: VmSwap is %ld pages, not %ld", when, own_swapped(), due);
}

/* A place is taken as long as anybody has the page there, and no longer. */
void swap_places(void)
{
	enum { HALF = PAGES / 2 };
	char *memory = map_pages(PAGES, RW);
	long before, anon;
	int child;

	swap_on(NULL);
	before = taken();
	fill_pages(memory, PAGES, 0x35);
	anon = statm_anon();
	push_out(memory, PAGES);
	must_take(before, PAGES, "pushed out");
	must_own(PAGES, "pushed out");
	if (labs(anon - statm_anon() - PAGES) > SLACK)
		broken("miscounted", "%d pages pushed out: %ld fewer are resident", PAGES,
		       anon - statm_anon());
	if (!(child = branch())) {
		must_own(PAGES, "in a child");
		must_be_filled(memory, HALF, 0x35, "a child's, back from the swap area");
		must_own(HALF, "in a child that read half");
		fill_pages(memory, HALF, 0x36);
		must_be_filled(memory, HALF, 0x36, "a child's own");
		must_take(before, PAGES, "a child wrote half");
		munmap(memory, HALF * PAGE);
		must_take(before, PAGES, "a child unmapped half");
		_exit(0);
	}
	join(child);
	must_take(before, PAGES, "a child that had all of it has ended");
	must_own(PAGES, "after a child");
	madvise(memory, HALF * PAGE, MADV_DONTNEED);
	must_take(before, HALF, "half of it dropped");
	must_own(HALF, "half of it dropped");
	must_be_zero(memory, HALF, "dropped in the swap area");
	/* Stores into what is out there: the page is one's own again, the place is free. */
	fill_pages(memory + HALF * PAGE, HALF / 2, 0x37);
	must_own(HALF / 2, "a quarter of it written");
	swap_off();
	must_own(0, "after swapoff");
	must_be_filled(memory + HALF * PAGE, HALF / 2, 0x37, "written where it was out");
	for (int i = HALF + HALF / 2; i < PAGES; i++) {
		unsigned char mark = 0x35 + i * 31;

		if ((unsigned char)memory[i * PAGE + 7] != (mark ? mark : 0x5a))
			broken("wrong-content", "page %d after swapoff starts with 0x%02x", i,
			       (unsigned char)memory[i * PAGE + 7]);
	}
}

/* What went out of a mapping with these rights has no others when it comes back, nor has what a fork
 * shares there. */
void swap_rights(void)
{
	enum { EACH = 16, WAYS = 4 };
	static const int rights[WAYS] = {RW, PROT_READ, PROT_NONE, PROT_READ | PROT_EXEC};
	char *memory = map_pages(WAYS * EACH, RW);

	swap_on(NULL);
	for (int forked = 0; forked < 2; forked++) {
		int child = 1;

		for (int i = 0; i < WAYS; i++) {
			char *at = memory + i * EACH * PAGE;

			mprotect(at, EACH * PAGE, RW);
			fill_pages(at, EACH, 0x51 + i);
			/* Out while it may be written, or once it may not. */
			if (forked)
				push_out(at, EACH);
			mprotect(at, EACH * PAGE, rights[i]);
			if (!forked)
				push_out(at, EACH);
		}
		if (forked && (child = branch()))
			join(child);
		for (int i = 0; i < WAYS; i++)
			for (int page = 0; page < EACH; page++) {
				char *at = memory + (i * EACH + page) * PAGE;

				/* First touched by a load, or by a store. */
				if (page % 2 && (rights[i] & PROT_READ))
					*(volatile char *)at;
				if (!(rights[i] & PROT_WRITE) && !store_refused(at + 9))
					broken("not-refused", "a store into page %d, which has rights %d, "
					       "and was in the swap area", page, rights[i]);
				if (!(rights[i] & PROT_READ) && !load_refused(at))
					broken("not-refused", "a load from page %d, which has none", page);
			}
		for (int i = 0; i < WAYS; i++) {
			char *at = memory + i * EACH * PAGE;

			mprotect(at, EACH * PAGE, RW);
			must_be_filled(at, EACH, 0x51 + i, "back from the swap area, with all rights");
			fill_pages(at, EACH, 0x61 + i);
			must_be_filled(at, EACH, 0x61 + i, "written after that");
		}
		if (!child)
			_exit(0);
	}
}

/* What two processes have in the swap area: each one's stores are its own, whoever is first and
 * however it stores, and what is pushed out a second time is what was last there. */
void swap_shared(void)
{
	enum { EACH = 32, PARTS = 4 };
	char *memory = map_pages(PARTS * EACH, RW);
	int child, to[2], back[2];
	char byte;

	if (pipe(to) || pipe(back))
		broken("no-pipe", "pipe: %s", strerror(errno));
	swap_on(NULL);
	for (int first = 0; first < 2; first++) {
		fill_pages(memory, PARTS * EACH, 0x41);
		push_out(memory, PARTS * EACH);
		if (!(child = branch())) {
			if (first && read(to[0], &byte, 1) != 1)
				_exit(1);
			/* Read before it is written; written at once; left; dropped. */
			must_be_filled(memory, EACH, 0x41, "a child's, from the swap area");
			fill_pages(memory, 2 * EACH, 0x42);
			madvise(memory + 3 * EACH * PAGE, EACH * PAGE, MADV_DONTNEED);
			push_out(memory, PARTS * EACH);
			must_be_filled(memory, 2 * EACH, 0x42, "a child's stores, out and back");
			if (!first && (write(back[1], "", 1) != 1 || read(to[0], &byte, 1) != 1))
				_exit(1);
			must_be_filled(memory, 2 * EACH, 0x42, "a child's stores, after its parent's");
			must_be_zero(memory + 3 * EACH * PAGE, EACH, "what a child dropped");
			_exit(0);
		}
		if (!first && read(back[0], &byte, 1) != 1)
			broken("no-child", "the child said nothing");
		for (int i = 0; i < PARTS * EACH; i += 2) {
			unsigned char mark = 0x41 + i * 31;

			if ((unsigned char)memory[i * PAGE + 11] != (mark ? mark : 0x5a))
				broken("wrong-content", "page %d of the parent starts with 0x%02x", i,
				       (unsigned char)memory[i * PAGE + 11]);
		}
		push_out(memory, PARTS * EACH);
		must_be_filled(memory, PARTS * EACH, 0x41, "the parent's, out a second time");
		fill_pages(memory, PARTS * EACH, 0x43);
		push_out(memory, PARTS * EACH);
		if (write(to[1], "", 1) != 1)
			broken("no-pipe", "write: %s", strerror(errno));
		join(child);
		must_be_filled(memory, PARTS * EACH, 0x43, "the parent's, once the child has ended");
	}
}
