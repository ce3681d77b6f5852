// SPDX-License-Identifier: GPL-2.0-only
/* Pages that the kernel moves to other frames, by compaction: rights, sharing and content go along. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "suite.h"
#include "tell.h"

enum { ALL = 8192, STEP = 8, PAGES = ALL / STEP, RW = PROT_READ | PROT_WRITE };

static unsigned long before[PAGES], after[PAGES];

static char *kept(char *memory, int number)
{
	return memory + (size_t)number * STEP * PAGE;
}

static void frames_of(char *memory, unsigned long *frames)
{
	for (int i = 0; i < PAGES; i++)
		page_frames(kept(memory, i), 1, &frames[i]);
}

static void must_hold(char *memory, int mark, const char *when)
{
	for (int i = 0; i < PAGES; i++)
		must_be_filled(kept(memory, i), 1, mark + i % 8, when);
}

static void hold(char *memory, int mark)
{
	for (int i = 0; i < PAGES; i++)
		fill_pages(kept(memory, i), 1, mark + i % 8);
}

/* One page of eight stays: there is much to compact. */
void migrate_compacted(void)
{
	char *memory;
	int moved = 0, child, ends[2];
	char byte;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (access("/proc/sys/vm/compact_memory", W_OK))
		skip("no /proc/sys/vm/compact_memory (CONFIG_COMPACTION)");
	memory = map_pages(ALL, RW);
	fill_pages(memory, ALL, 0x11);
	hold(memory, 0x41);
	for (int i = 0; i < PAGES; i++)
		madvise(kept(memory, i) + PAGE, (STEP - 1) * PAGE, MADV_DONTNEED);
	if (pipe(ends))
		broken("no-pipe", "pipe failed");
	frames_of(memory, before);
	if (!(child = branch())) {
		if (read(ends[0], &byte, 1) != 1)
			_exit(1);
		must_hold(memory, 0x41, "in a child, after its parent stored into pages that moved");
		hold(memory, 0x51);
		must_hold(memory, 0x51, "in a child, stored into pages that moved");
		_exit(0);
	}
	/* A quarter may only be read. */
	mprotect(memory, ALL / 4 * PAGE, PROT_READ);
	put("/proc/sys/vm/compact_memory", "1");
	frames_of(memory, after);
	for (int i = 0; i < PAGES; i++)
		moved += before[i] != after[i];
	note("%d of %d pages moved", moved, PAGES);
	must_hold(memory, 0x41, "after compaction");
	for (int i = 0; i < PAGES / 4; i += 16)
		if (!store_refused(kept(memory, i)))
			broken("not-refused", "page %d may only be read, and took a store", i);
	mprotect(memory, ALL / 4 * PAGE, RW);
	hold(memory, 0x61);
	must_hold(memory, 0x61, "stored into pages that moved");
	if (write(ends[1], "", 1) != 1)
		broken("no-pipe", "write failed");
	join(child);
	must_hold(memory, 0x61, "after the child has stored, too");
}
