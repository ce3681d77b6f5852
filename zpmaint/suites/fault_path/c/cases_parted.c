// SPDX-License-Identifier: GPL-2.0-only
/* Huge pages that are parted, in each of the ways there are: what each base page holds, may and is
 * counted as afterwards. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
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

enum { EACH = HUGE / PAGE, HUGES = 2, PAGES = HUGES * EACH, AT = 77, RW = PROT_READ | PROT_WRITE };

#define THP "/sys/kernel/mm/transparent_hugepage/"

static void need_huge(void)
{
	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (huge_pages("always"))
		skip("no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
}

/* Memory with an inaccessible huge page's room on both sides, of huge pages that were written. */
static char *written_huge(unsigned char mark)
{
	char *all = map_aligned((HUGES + 2) * HUGE, HUGE), *memory = all + HUGE;

	mprotect(all, HUGE, PROT_NONE);
	mprotect(memory + HUGES * HUGE, HUGE, PROT_NONE);
	fill_pages(memory, PAGES, mark);
	return memory;
}

static void unmap_huge(char *memory)
{
	munmap(memory - HUGE, (HUGES + 2) * HUGE);
}

static unsigned char mark_of(int page, unsigned char mark)
{
	unsigned char value = mark + page * 31;

	return value ? value : 0x5a;
}

/* Page `page` holds what fill_pages left there, or zeros. */
static void page_holds(const char *memory, int page, int due, const char *when)
{
	const volatile unsigned char *at = (const volatile unsigned char *)memory + page * PAGE;
	static const int bytes[] = {0, 16, 2048, PAGE - 1}; /* stores go to byte 8 */

	for (unsigned i = 0; i < sizeof bytes / sizeof *bytes; i++)
		if (at[bytes[i]] != due)
			broken("wrong-content", "%s: byte %d of page %d is 0x%02x, not 0x%02x", when,
			       bytes[i], page, at[bytes[i]], due);
}

enum way { PROTECTED, UNMAPPED, DROPPED, MOVED, FREED, FORKED, LOCKED, UNLOCKED, FORCED, WAYS };

static const char *const names[WAYS] = {"mprotect", "munmap",  "MADV_DONTNEED",	   "mremap",  "MADV_FREE",
					"fork",	    "mlock",   "mlock and munlock", "a store by force"};

/* One base page of each huge page is treated apart. What becomes of that page is not looked at. */
static void part(enum way way, char *memory)
{
	int file, child;

	for (int i = 0; i < HUGES; i++) {
		char *at = memory + (i * EACH + AT) * PAGE, *away;

		switch (way) {
		case PROTECTED: mprotect(at, PAGE, PROT_READ); break;
		case UNMAPPED: munmap(at, PAGE); break;
		case DROPPED: madvise(at, PAGE, MADV_DONTNEED); break;
		case MOVED:
			away = map_pages(1, RW);
			if (mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, away) != away)
				broken("no-mremap", "mremap: %s", strerror(errno));
			page_holds(away, 0, mark_of(i * EACH + AT, 0x21), "a base page moved away");
			break;
		case FREED: madvise(at, PAGE, 8 /* MADV_FREE */); break;
		case FORKED:
			if (!(child = branch())) {
				*(volatile char *)at = 1;
				_exit(0);
			}
			join(child);
			break;
		case LOCKED: mlock(at, PAGE); break;
		case UNLOCKED: mlock(at, PAGE); munlock(at, PAGE); break;
		default:
			file = open("/proc/self/mem", O_RDWR);
			if (pwrite(file, at, 1, (off_t)(uintptr_t)at) != 1)
				note("/proc/self/mem: %s", strerror(errno));
			close(file);
		}
	}
}

/* All other pages are as they were: content, rights, dirt, and one fault at most for a store. */
void huge_parted(void)
{
	long before = 0;

	need_huge();
	for (enum way way = 0; way < WAYS; way++) {
		char *memory;
		long anon = statm_anon(), faults, dirty, clean;

		if (way == 1) /* the first brought what the kernel keeps at hand */
			before = proc_field("/proc/meminfo", "AnonHugePages");
		memory = written_huge(0x21);
		part(way, memory);
		if (labs(statm_anon() - anon - PAGES) > 80)
			broken("miscounted", "%s: %+ld anonymous pages of %d", names[way],
			       statm_anon() - anon, PAGES);
		clean = smaps_field(memory, "Private_Clean");
		dirty = smaps_field(memory, "Private_Dirty");
		if (way != FREED && (clean > 8 || (dirty >= 0 && dirty < (AT - 1) * 4)))
			broken("clean", "%s: %ld kB of written memory are clean, %ld dirty", names[way],
			       clean, dirty);
		for (int i = 0; i < PAGES; i++)
			if (i % EACH != AT)
				page_holds(memory, i, mark_of(i, 0x21), names[way]);
		faults = minor_faults();
		for (int i = 0; i < PAGES; i++)
			if (i % EACH != AT)
				*(volatile char *)(memory + i * PAGE + 8) = mark_of(i, 0x21);
		faults = minor_faults() - faults;
		note("%s: %ld faults by %d stores", names[way], faults, PAGES - HUGES);
		if (way != FORKED && faults > 16)
			broken("faults", "%s: %ld faults by stores into pages that are there", names[way],
			       faults);
		if (way == PROTECTED)
			for (int i = 0; i < HUGES; i++)
				if (!store_refused(memory + (i * EACH + AT) * PAGE))
					broken("not-refused", "a base page that may only be read");
		if (way == UNMAPPED || way == MOVED)
			for (int i = 0; i < HUGES; i++)
				if (!load_refused(memory + (i * EACH + AT) * PAGE))
					broken("not-refused", "a base page that is not mapped any more");
		if (way == DROPPED)
			for (int i = 0; i < HUGES; i++)
				page_holds(memory, i * EACH + AT, 0, "a base page that was dropped");
		for (int i = 0; i < PAGES; i++)
			if (i % EACH != AT)
				page_holds(memory, i, mark_of(i, 0x21), "stored into, once parted");
		if (way == LOCKED || way == UNLOCKED)
			munlockall();
		unmap_huge(memory);
		if (labs(statm_anon() - anon) > 80)
			broken("miscounted", "%s, then munmap: %+ld anonymous pages", names[way],
			       statm_anon() - anon);
	}
	if (labs(proc_field("/proc/meminfo", "AnonHugePages") - before) > 0)
		broken("miscounted", "AnonHugePages is off by %ld kB",
		       proc_field("/proc/meminfo", "AnonHugePages") - before);
}

static void must_be_huge(const char *memory, long due, const char *when)
{
	long kilobytes = smaps_field(memory, "AnonHugePages");

	if (kilobytes >= 0 && kilobytes != due)
		broken("not-huge", "%s: %ld kB of huge pages, not %ld", when, kilobytes, due);
}

/* What is done to whole huge pages leaves them huge, and does it. */
void huge_whole(void)
{
	enum { WHOLE = HUGES * HUGE >> 10 };
	char *memory, *to, *all;
	long anon, faults;

	need_huge();
	memory = written_huge(0x31);
	must_be_huge(memory, WHOLE, "written");
	if (mprotect(memory, HUGES * HUGE, PROT_READ) || !store_refused(memory) ||
	    !store_refused(memory + HUGES * HUGE - 1))
		broken("not-refused", "a store into huge pages that may only be read");
	must_be_filled(memory, PAGES, 0x31, "for reading only");
	if (mprotect(memory, HUGES * HUGE, PROT_NONE) || !load_refused(memory + HUGE))
		broken("not-refused", "a load from huge pages without rights");
	if (mprotect(memory, HUGES * HUGE, RW))
		broken("no-mprotect", "mprotect: %s", strerror(errno));
	must_be_huge(memory, WHOLE, "rights given back");
	faults = minor_faults();
	fill_pages(memory, PAGES, 0x32);
	faults = minor_faults() - faults;
	if (faults > HUGES + 16)
		broken("faults", "%ld faults by stores into %d huge pages", faults, HUGES);
	must_be_filled(memory, PAGES, 0x32, "written again");
	must_be_huge(memory, WHOLE, "written again");
	/* Moved to where huge pages fit, and to where they do not. */
	anon = statm_anon();
	for (int shift = 0; shift < 2; shift++) {
		all = map_aligned((HUGES + 2) * HUGE, HUGE);
		to = all + shift * 3 * PAGE;
		if (mremap(memory, HUGES * HUGE, HUGES * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
			broken("no-mremap", "mremap: %s", strerror(errno));
		if (!load_refused(memory + HUGE))
			broken("not-refused", "a load from where huge pages were");
		memory = to;
		if (!shift)
			must_be_huge(memory, WHOLE, "moved");
		must_be_filled(memory, PAGES, 0x32, "moved");
		if (labs(statm_anon() - anon) > 80)
			broken("miscounted", "%+ld anonymous pages by mremap", statm_anon() - anon);
		fill_pages(memory, PAGES, 0x33);
		must_be_filled(memory, PAGES, 0x33, "moved and written");
		fill_pages(memory, PAGES, 0x32);
	}
	munmap(memory, HUGES * HUGE);
	if (labs(statm_anon() - anon + PAGES) > 80)
		broken("miscounted", "%+ld anonymous pages by munmap of %d", statm_anon() - anon, PAGES);
	/* Dropped whole: it comes again, as zeros. */
	memory = written_huge(0x34);
	madvise(memory, HUGES * HUGE, MADV_DONTNEED);
	must_be_huge(memory, 0, "dropped");
	for (int i = 0; i < PAGES; i += 5)
		page_holds(memory, i, 0, "huge pages that were dropped");
	unmap_huge(memory);
}

/* After a fork huge pages are both processes': who stores has a page of its own. */
void huge_shared(void)
{
	char *memory;
	int child, to[2], back[2];
	char byte;

	need_huge();
	if (pipe(to) || pipe(back))
		broken("no-pipe", "pipe: %s", strerror(errno));
	for (int first = 0; first < 2; first++) {
		memory = written_huge(0x45);
		if (!(child = branch())) {
			if (first && read(to[0], &byte, 1) != 1)
				_exit(1);
			must_be_filled(memory, PAGES, 0x45, "a child's huge pages");
			for (int i = 0; i < PAGES; i += 3)
				*(volatile char *)(memory + i * PAGE + 8) = 0x7e;
			for (int i = 0; i < PAGES; i++) {
				unsigned char is = memory[i * PAGE + 8];

				if (is != (i % 3 ? mark_of(i, 0x45) : 0x7e))
					broken("wrong-content", "page %d in a child that stored is 0x%02x", i,
					       is);
				page_holds(memory, i, mark_of(i, 0x45), "beside a child's stores");
			}
			if (!first && (write(back[1], "", 1) != 1 || read(to[0], &byte, 1) != 1))
				_exit(1);
			_exit(0);
		}
		if (!first && read(back[0], &byte, 1) != 1)
			broken("no-child", "the child said nothing");
		must_be_filled(memory, PAGES, 0x45, "the parent's huge pages");
		fill_pages(memory, PAGES, 0x46);
		must_be_filled(memory, PAGES, 0x46, "the parent's own");
		if (write(to[1], "", 1) != 1)
			broken("no-pipe", "write: %s", strerror(errno));
		join(child);
		must_be_filled(memory, PAGES, 0x46, "the parent's, once the child has ended");
		unmap_huge(memory);
	}
}

/* Huge pages go to the swap area and come back. */
void huge_swapped(void)
{
	char *memory;
	long anon, gone;

	need_huge();
	swap_on(NULL);
	memory = written_huge(0x5b);
	anon = statm_anon();
	if (madvise(memory, HUGES * HUGE, MADV_PAGEOUT_))
		broken("no-madvise", "MADV_PAGEOUT: %s", strerror(errno));
	gone = anon - statm_anon();
	note("%d base pages in huge ones pushed out: %ld are not here any more", PAGES, gone);
	if (gone < PAGES / 2)
		broken("not-gone", "%ld of %d pages left memory", gone, PAGES);
	must_be_filled(memory, PAGES, 0x5b, "huge pages, back from the swap area");
	fill_pages(memory, PAGES, 0x5c);
	swap_off();
	must_be_filled(memory, PAGES, 0x5c, "huge pages after swapoff");
	unmap_huge(memory);
}

/* How hard the kernel tries for a huge page is a setting: where there are enough, each of them gets
 * one, for loads and stores, and none that another may need more. */
void huge_tried(void)
{
	static const char *const settings[] = {"always", "defer", "defer+madvise", "madvise", "never"};
	static const char *const enabled[] = {"always", "madvise"};
	char was[128] = "", *end;
	long before;

	need_huge();
	get(THP "defrag", was, sizeof was);
	before = vmstat("thp_fault_fallback");
	for (int i = 0; i < 5; i++)
		for (int advised = 0; advised < 2; advised++) {
			char *memory;

			if (put(THP "defrag", settings[i]))
				continue; /* defer from 4.6 on, defer+madvise from 4.11 on */
			huge_pages(enabled[advised]);
			memory = map_aligned(2 * HUGE, HUGE);
			if (advised && madvise(memory, 2 * HUGE, 14 /* MADV_HUGEPAGE */))
				broken("no-madvise", "MADV_HUGEPAGE: %s", strerror(errno));
			*(volatile char *)(memory + 9 * PAGE) = 1;
			must_be_huge(memory, HUGE >> 10, settings[i]);
			if (memory[HUGE + 9 * PAGE])
				broken("not-zero", "a huge page that was read, with defrag %s", settings[i]);
			memory[9 * PAGE] = 0;
			must_be_zero(memory, 2 * EACH, settings[i]);
			fill_pages(memory, 2 * EACH, 0x27);
			must_be_filled(memory, 2 * EACH, 0x27, settings[i]);
			munmap(memory, 2 * HUGE);
		}
	if (before >= 0 && vmstat("thp_fault_fallback") != before)
		broken("fallback", "%ld huge pages were not to be had",
		       vmstat("thp_fault_fallback") - before);
	if ((end = strchr(was, ']')) && strchr(was, '[')) {
		*end = 0;
		put(THP "defrag", strchr(was, '[') + 1);
	}
}
