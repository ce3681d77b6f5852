// SPDX-License-Identifier: GPL-2.0-only
/* The copy in copy on write: all of it, once, and nothing left over. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { PAGES = 256, STRAY_FAULTS = 16, RW = PROT_READ | PROT_WRITE };

/* Memory that is not zero goes back to the kernel, so that a page that nobody fills shows. */
static void leave_dirt(void)
{
	char *dirt = map_pages(PAGES * 4, RW);

	fill_pages(dirt, PAGES * 4, 0xe7);
	munmap(dirt - PAGE, (PAGES * 4 + 2) * PAGE);
}

/* One store into the midst of each page: every other byte is what was copied. */
static void must_be_copied(char *memory, unsigned char mark, const char *who)
{
	for (int i = 0; i < PAGES; i++) {
		volatile char *at = memory + i * PAGE + PAGE / 2;
		char was = *at;

		*at = ~was;
		if (*at != (char)~was)
			broken("lost-write", "%s: page %d", who, i);
		*at = was;
	}
	must_be_filled(memory, PAGES, mark, who);
}

void cow_whole(void)
{
	char *memory = map_pages(PAGES, RW);
	int child;

	fill_pages(memory, PAGES, 0x21);
	leave_dirt();
	if (!(child = branch())) {
		must_be_copied(memory, 0x21, "in the child");
		_exit(0);
	}
	join(child);
	must_be_copied(memory, 0x21, "in the parent, alone again");
	if (!(child = branch())) {
		sleep(60);
		_exit(0);
	}
	leave_dirt();
	must_be_copied(memory, 0x21, "in the parent, with a child");
}

static void must_fault_once(char *memory, const char *who)
{
	long before, faults;

	minor_faults();
	before = minor_faults();
	write_pages(memory, PAGES, 0x31);
	faults = minor_faults() - before;
	note("%s: %ld faults by writing %d shared pages", who, faults, PAGES);
	if (labs(faults - PAGES) > STRAY_FAULTS)
		broken("faults-differ", "%s: %ld faults by writing %d shared pages", who, faults,
		       PAGES);
}

void cow_once(void)
{
	char *memory = map_pages(PAGES, RW);
	int child;

	fill_pages(memory, PAGES, 0x41);
	if (!(child = branch())) {
		must_fault_once(memory, "the child");
		_exit(0);
	}
	join(child);
	must_fault_once(memory, "the parent, alone again");
}

/* Far more memory than any lag of the counters is shared, copied and given back. */
void cow_leak(void)
{
	enum { CHUNK = 2048, ROUNDS = 12 };
	long before = proc_field("/proc/meminfo", "MemFree"), fell;

	if (before < 0)
		broken("no-memfree", "/proc/meminfo without MemFree");
	for (int round = 0; round < ROUNDS; round++) {
		char *memory = map_pages(CHUNK, RW);
		int child;

		write_pages(memory, CHUNK, 0x51);
		if (!(child = branch())) {
			write_pages(memory, CHUNK, 0x52);
			_exit(0);
		}
		join(child);
		munmap(memory - PAGE, (CHUNK + 2) * PAGE);
	}
	fell = free_fell(before, ROUNDS * CHUNK * 4 / 4);
	note("%d MB shared, copied and unmapped: MemFree %+ld kB", ROUNDS * CHUNK / 256, -fell);
	if (fell > ROUNDS * CHUNK * 4 / 4)
		broken("leak", "MemFree fell by %ld kB", fell);
}

/* A child has what it shares with its parent, and is charged for it. */
void fork_counted(void)
{
	enum { COUNTED = 2048, SLACK = COUNTED / 16 };
	char *memory = map_pages(COUNTED, RW);
	long mine, its;
	int child;

	write_pages(memory, COUNTED, 0x59);
	mine = statm_anon();
	if (!(child = branch())) {
		its = statm_anon();
		note("%ld anonymous pages of the parent, %ld of the child", mine, its);
		if (labs(its - mine) > SLACK)
			broken("miscounted", "%ld anonymous pages of the parent, %ld of the child",
			       mine, its);
		_exit(0);
	}
	join(child);
}

/* With split locks of page tables a task's pages are counted apart, up to 64 faults of it and up to
 * 6.1; one that is given back adds them up. Faults around one bring a file's pages sixteen at once. */
static void settle_counts(void)
{
	char *one = map_pages(1, RW);

	write_pages(one, 1, 0x3d);
	munmap(one, PAGE);
}

/* A private mapping of a file: its pages are the file's until they are written, and then no more. */
void cow_counted(void)
{
	enum { COUNTED = 512, SLACK = 64 + COUNTED / 16 };
	static char page[PAGE];
	int file = open("/dev/zp-cow", O_RDWR | O_CREAT | O_TRUNC, 0600);
	long resident, shared, resident_read, shared_read, resident_written, shared_written;
	char *memory;

	if (file < 0)
		skip("no file in /dev: %s", strerror(errno));
	unlink("/dev/zp-cow");
	memset(page, 0x29, sizeof page);
	for (int i = 0; i < COUNTED; i++)
		if (write(file, page, sizeof page) != sizeof page)
			broken("short-write", "write to a file: %s", strerror(errno));
	memory = mmap(NULL, COUNTED * PAGE, RW, MAP_PRIVATE, file, 0);
	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of a file: %s", strerror(errno));
	statm(&resident, &shared);
	statm(&resident, &shared);
	read_pages(memory, COUNTED);
	settle_counts();
	statm(&resident_read, &shared_read);
	write_pages(memory, COUNTED, 0x61);
	settle_counts();
	statm(&resident_written, &shared_written);
	note("%d pages of a file: read, resident %+ld, shared %+ld; written, resident %+ld, shared %+ld",
	     COUNTED, resident_read - resident, shared_read - shared, resident_written - resident,
	     shared_written - shared);
	if (labs(resident_read - resident - COUNTED) > SLACK ||
	    labs(shared_read - shared - COUNTED) > SLACK)
		broken("miscounted", "a file's pages that were read");
	if (labs(resident_written - resident - COUNTED) > SLACK ||
	    labs(shared_written - shared) > SLACK)
		broken("miscounted", "private copies of a file's pages");
}
