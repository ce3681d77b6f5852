// SPDX-License-Identifier: GPL-2.0-only
/* Calls over ranges that cross page tables of every level: each page of the range is reached, once,
 * and none beside it. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "tell.h"

/* Where tables of all levels end: on x86_64 at 32 TB, on i386 at 1 GB. */
#ifdef __x86_64__
#define BORDER ((char *)0x200000000000)
#else
#define BORDER ((char *)0x40000000)
#endif

enum { TABLE = HUGE / PAGE, SPAN = 3 * TABLE, RW = PROT_READ | PROT_WRITE };

/* The pages that are there: those at both sides of each border of a table, and some between. */
static const int there[] = {1, 2, 300, TABLE - 1, TABLE, TABLE + 1, TABLE + 77, 2 * TABLE - 2,
			    2 * TABLE - 1, 2 * TABLE, 2 * TABLE + 1, 2 * TABLE + 300, SPAN - 2};

enum { COUNT = sizeof there / sizeof *there };

static unsigned char mark_at(int page)
{
	return 1 + (page * 7 + page / TABLE * 3) % 255;
}

/* SPAN pages around the border; `shift` pages on, so that tables begin elsewhere in it. */
static char *lay(int shift)
{
	char *start = BORDER - 2 * HUGE + shift * PAGE;
	char *memory = mmap(start, SPAN * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap at %p: %s", (void *)start, strerror(errno));
	for (int i = 0; i < COUNT; i++)
		memory[there[i] * PAGE + 40] = mark_at(there[i]);
	return memory;
}

static int is_there(int page)
{
	for (int i = 0; i < COUNT; i++)
		if (there[i] == page)
			return 1;
	return 0;
}

/* Pages [from, to) are as `lay` left them, all others that may be looked at are zero: near the
 * borders, where a range that is cut wrongly shows. */
static void must_hold(const char *memory, int from, int to, const char *when)
{
	for (int page = 0; page < SPAN; page++) {
		int near = page % TABLE < 4 || page % TABLE > TABLE - 4 || is_there(page);
		unsigned char due = is_there(page) && page >= from && page < to ? mark_at(page) : 0;

		if (near && (unsigned char)((volatile const char *)memory)[page * PAGE + 40] != due)
			broken("wrong-content", "%s: page %d holds 0x%02x, not 0x%02x", when, page,
			       (unsigned char)memory[page * PAGE + 40], due);
	}
}

/* How many pages of it are counted, since `before`. */
static void must_be_counted(long before, long due, const char *when)
{
	long grown = statm_anon() - before;

	/* Up to 6.1 a task's count lags by up to 64 faults. */
	if (grown < due - 80 || grown > due + 80)
		broken("miscounted", "%s: %+ld anonymous pages, %ld are due", when, grown, due);
}

static const int shifts[] = {0, 1, 130, TABLE - 1};

enum { SHIFTS = sizeof shifts / sizeof *shifts };

/* Ranges within the span: they begin and end at borders, beside them, and in the midst of tables. */
static const int ranges[][2] = {{0, SPAN}, {1, SPAN - 1}, {TABLE, 2 * TABLE}, {TABLE - 1, TABLE + 1},
				{TABLE + 1, 2 * TABLE - 1}, {2 * TABLE - 1, SPAN}, {300, 2 * TABLE + 300},
				{2, TABLE}};

enum { RANGES = sizeof ranges / sizeof *ranges };

void tables_fork(void)
{
	for (int shift = 0; shift < SHIFTS; shift++) {
		char *memory = lay(shifts[shift]);
		int child;

		if (!(child = branch())) {
			must_hold(memory, 0, SPAN, "in a child");
			for (int i = 0; i < COUNT; i++)
				memory[there[i] * PAGE + 40] = 0x3b;
			_exit(0);
		}
		join(child);
		must_hold(memory, 0, SPAN, "after a child wrote");
		munmap(memory, SPAN * PAGE);
	}
}

void tables_dropped(void)
{
	for (int way = 0; way < 2; way++)
		for (int shift = 0; shift < SHIFTS; shift++)
			for (int i = 0; i < RANGES; i++) {
				char *memory = lay(shifts[shift]), *at = memory + ranges[i][0] * PAGE;
				size_t bytes = (ranges[i][1] - ranges[i][0]) * PAGE;

				if (way ? madvise(at, bytes, MADV_DONTNEED) : munmap(at, bytes))
					broken("not-dropped", "%s: %s", way ? "madvise" : "munmap",
					       strerror(errno));
				if (!way && (!load_refused(at) || !load_refused(at + bytes - PAGE)))
					broken("not-refused", "a load from what was unmapped");
				if (!way && mmap(at, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
						 0) != at)
					broken("no-mmap", "mmap: %s", strerror(errno));
				for (int page = ranges[i][0]; page < ranges[i][1]; page++)
					if (is_there(page) && ((volatile char *)memory)[page * PAGE + 40])
						broken("not-zero", "page %d was dropped", page);
				for (int j = 0; j < COUNT; j++)
					if ((there[j] < ranges[i][0] || there[j] >= ranges[i][1]) &&
					    (unsigned char)memory[there[j] * PAGE + 40] != mark_at(there[j]))
						broken("lost", "page %d was not dropped, and is gone", there[j]);
				munmap(memory, SPAN * PAGE);
			}
}

void tables_protected(void)
{
	for (int shift = 0; shift < SHIFTS; shift++) {
		char *memory = lay(shifts[shift]);

		for (int i = 0; i < RANGES; i++) {
			int from = ranges[i][0], to = ranges[i][1];

			if (mprotect(memory + from * PAGE, (to - from) * PAGE, PROT_READ))
				broken("no-mprotect", "mprotect: %s", strerror(errno));
			for (int j = 0; j < COUNT; j++) {
				volatile char *at = memory + there[j] * PAGE;
				int within = there[j] >= from && there[j] < to;

				if (store_refused(at + 41) != within)
					broken(within ? "not-refused" : "refused",
					       "a store into page %d, and [%d, %d) may only be read",
					       there[j], from, to);
			}
			if (mprotect(memory, SPAN * PAGE, RW))
				broken("no-mprotect", "mprotect: %s", strerror(errno));
			for (int j = 0; j < COUNT; j++)
				if (store_refused(memory + there[j] * PAGE + 41))
					broken("refused", "a store into page %d, which may be written again",
					       there[j]);
			must_hold(memory, 0, SPAN, "after mprotect there and back");
		}
		munmap(memory, SPAN * PAGE);
	}
}

/* From one alignment to each other: whole tables may move at once, or page by page. */
void tables_moved(void)
{
	for (int shift = 0; shift < SHIFTS; shift++)
		for (int to = 0; to < SHIFTS; to++) {
			long before = statm_anon();
			char *memory = lay(shifts[shift]);
			char *target = BORDER + 6 * HUGE + shifts[to] * PAGE;

			if (mremap(memory, SPAN * PAGE, SPAN * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				   target) != target)
				broken("no-mremap", "mremap: %s", strerror(errno));
			must_be_counted(before, COUNT, "moved");
			for (int i = 0; i < COUNT; i++)
				if (!load_refused(memory + there[i] * PAGE))
					broken("not-refused", "page %d is where it was moved from", there[i]);
			must_hold(target, 0, SPAN, "moved over page tables");
			for (int i = 0; i < COUNT; i++)
				if (store_refused(target + there[i] * PAGE + 40))
					broken("refused", "a store into page %d that was moved", there[i]);
			munmap(target, SPAN * PAGE);
			must_be_counted(before, 0, "unmapped where it was moved to");
		}
}

/* Pages that nobody touched are read across the border, and locked. */
void tables_brought(void)
{
	static unsigned char in[SPAN];
	char *memory;

	for (int shift = 0; shift < SHIFTS; shift++)
		for (int i = 2; i < RANGES; i++) {
			int from = ranges[i][0], to = ranges[i][1], pages = 0;

			memory = lay(shifts[shift]);
			if (mlock(memory + from * PAGE, (to - from) * PAGE))
				broken("no-mlock", "mlock: %s", strerror(errno));
			if (mincore(memory, SPAN * PAGE, in))
				memset(in, 2, sizeof in); /* up to 2.6.20 it knows of no anonymous memory */
			for (int page = 0; page < SPAN && in[0] != 2; page++) {
				int due = is_there(page) || (page >= from && page < to);

				pages += due;
				if ((in[page] & 1) != due)
					broken("wrong-page", "[%d, %d) locked: page %d is %s", from, to,
					       page, due ? "not there" : "there");
			}
			must_hold(memory, 0, SPAN, "a part of it locked");
			munmap(memory, SPAN * PAGE);
		}
}

/* The first page of a table takes one fault as every other does, by a load and by a store. */
void tables_faults(void)
{
	enum { TABLES = 96, STRAY = 16 };

	for (int stores = 0; stores < 2; stores++) {
		char *memory = map_aligned(TABLES * HUGE, HUGE);
		long faults;

		minor_faults();
		faults = minor_faults();
		for (int i = 0; i < TABLES; i++) {
			volatile char *at = memory + i * HUGE + i * PAGE;

			if (stores)
				*at = 1;
			else if (*at)
				broken("not-zero", "untouched memory of table %d", i);
		}
		faults = minor_faults() - faults;
		note("%ld faults by %d %s", faults, TABLES, stores ? "stores" : "loads");
		if (faults < TABLES || faults > TABLES + STRAY)
			broken("faults", "%ld faults by the first %s in %d page tables", faults,
			       stores ? "stores" : "loads", TABLES);
		munmap(memory, TABLES * HUGE);
	}
}
