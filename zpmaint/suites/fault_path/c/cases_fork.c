// SPDX-License-Identifier: GPL-2.0-only
/* Copy on write between processes. Each order is forced by pipes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { PAGES = 256, RW = PROT_READ | PROT_WRITE };

static int turn[2];

static void turns(void)
{
	if (pipe(turn))
		broken("no-pipe", "pipe failed");
}

static void go(void)
{
	if (write(turn[1], "!", 1) != 1)
		broken("no-pipe", "write to a pipe failed");
}

static void wait_turn(void)
{
	char byte;

	if (read(turn[0], &byte, 1) != 1)
		broken("no-pipe", "read from a pipe failed");
}

void fork_parent_writes(void)
{
	char *memory = map_pages(PAGES, RW);
	int child;

	turns();
	must_be_zero(memory, PAGES, "before the fork");
	if (!(child = branch())) {
		wait_turn();
		must_be_zero(memory, PAGES, "in the child, after the parent wrote");
		fill_pages(memory, PAGES, 0x11);
		must_be_filled(memory, PAGES, 0x11, "in the child, after both wrote");
		_exit(0);
	}
	fill_pages(memory, PAGES, 0x77);
	go();
	join(child);
	must_be_filled(memory, PAGES, 0x77, "in the parent, after both wrote");
}

void fork_child_writes(void)
{
	char *memory = map_pages(PAGES, RW);
	int child;

	must_be_zero(memory, PAGES, "before the fork");
	if (!(child = branch())) {
		fill_pages(memory, PAGES, 0x33);
		must_be_filled(memory, PAGES, 0x33, "in the child");
		_exit(0);
	}
	join(child);
	must_be_zero(memory, PAGES, "in the parent, after the child wrote and ended");
	fill_pages(memory, PAGES, 0x55);
	must_be_filled(memory, PAGES, 0x55, "in the parent, after it wrote");
}

void fork_written(void)
{
	char *memory = map_pages(PAGES, RW);
	int child;

	turns();
	read_pages(memory, PAGES);
	fill_pages(memory, PAGES, 0x10);
	if (!(child = branch())) {
		must_be_filled(memory, PAGES, 0x10, "in the child, as the parent wrote it");
		wait_turn();
		must_be_filled(memory, PAGES, 0x10, "in the child, after the parent wrote anew");
		fill_pages(memory, PAGES, 0x12);
		_exit(0);
	}
	fill_pages(memory, PAGES, 0x14);
	go();
	join(child);
	must_be_filled(memory, PAGES, 0x14, "in the parent, after the child wrote");
}

/* Pages that the parent never touched before the fork are each one's own. */
void fork_untouched(void)
{
	char *memory = map_pages(PAGES, RW);
	int child;

	turns();
	if (!(child = branch())) {
		must_be_zero(memory, PAGES, "in the child, untouched before the fork");
		wait_turn();
		must_be_zero(memory, PAGES, "in the child, after the parent wrote");
		fill_pages(memory, PAGES, 0x61);
		_exit(0);
	}
	fill_pages(memory, PAGES, 0x62);
	go();
	join(child);
	must_be_filled(memory, PAGES, 0x62, "in the parent, after the child wrote");
}

void fork_grandchild(void)
{
	char *memory = map_pages(PAGES, RW);
	int child, grandchild;

	must_be_zero(memory, PAGES, "before the forks");
	if (!(child = branch())) {
		if (!(grandchild = branch())) {
			must_be_zero(memory, PAGES, "in the grandchild");
			fill_pages(memory, PAGES, 0x71);
			_exit(0);
		}
		join(grandchild);
		must_be_zero(memory, PAGES, "in the child, after the grandchild wrote");
		fill_pages(memory, PAGES, 0x72);
		_exit(0);
	}
	join(child);
	must_be_zero(memory, PAGES, "in the parent, after its descendants wrote");
}

/* Many short-lived children that read and write the same range at once. */
void fork_storm(void)
{
	enum { CHILDREN = 24, OWN = 64 };
	char *memory = map_pages(OWN, RW);
	int child[CHILDREN];

	read_pages(memory, OWN / 2);
	for (int i = 0; i < CHILDREN; i++)
		if (!(child[i] = branch())) {
			must_be_zero(memory, OWN, "in one child of many");
			fill_pages(memory, OWN, i);
			must_be_filled(memory, OWN, i, "in one child of many");
			_exit(0);
		}
	for (int i = 0; i < CHILDREN; i++)
		join(child[i]);
	must_be_zero(memory, OWN, "in the parent, after all children");
}

/* A private mapping of a file, one page of it written: a fork copies its entries, and what of them is
 * a file's page counts as one in the child. */
void fork_file_counters(void)
{
	enum { FILED = 512, OWN = 200 };
	static char page[PAGE];
	int file = open("/dev/zp-filed", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *memory;
	int child;

	unlink("/dev/zp-filed");
	for (int i = 0; i < FILED; i++)
		if (write(file, page, PAGE) != (ssize_t)PAGE)
			broken("no-file", "a file in /dev cannot be written");
	memory = mmap(NULL, FILED * PAGE, RW, MAP_PRIVATE, file, 0);
	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of a file failed");
	memory[0] = 1;
	read_pages(memory, FILED);
	if (!(child = branch())) {
		long resident, shared;

		statm(&resident, &shared);
		note("in the child: %ld pages resident, %ld of them shared", resident, shared);
		if (shared < FILED - 1 - 64)
			broken("miscounted", "of %d file pages the child counts %ld as shared",
			       FILED - 1, shared);
		if (resident - shared > OWN)
			broken("miscounted", "the child counts %ld pages as anonymous", resident - shared);
		_exit(0);
	}
	join(child);
	close(file);
}

/* More than the lowest zone holds (16 MB): copies may come from everywhere. */
void fork_volume(void)
{
	enum { MANY = 6144 };
	char *memory = map_pages(MANY, RW);
	int child;

	write_pages(memory, MANY, 1);
	if (!(child = branch())) {
		write_pages(memory, MANY, 2);
		must_be_written(memory, MANY, 2, "in the child, all of it written");
		_exit(0);
	}
	join(child);
	must_be_written(memory, MANY, 1, "in the parent, after the child wrote all of it");
}

/* What was written is dirty in the child, too: only of shared mappings the parent alone answers for
 * that. */
void fork_dirty(void)
{
	char *memory = map_pages(PAGES, RW);
	int child;

	if (smaps_field(memory, "Shared_Dirty") < 0)
		skip("no Shared_Dirty in /proc/self/smaps (CONFIG_PROC_PAGE_MONITOR)");
	write_pages(memory, PAGES, 1);
	if (!(child = branch())) {
		long dirty = smaps_field(memory, "Shared_Dirty") / 4;

		if (dirty != PAGES)
			broken("clean", "of %d written pages the child has %ld dirty", PAGES, dirty);
		_exit(0);
	}
	join(child);
}
