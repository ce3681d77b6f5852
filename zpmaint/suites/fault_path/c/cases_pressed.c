// SPDX-License-Identifier: GPL-2.0-only
/* Reclaim takes pages from all who have them: from a family of processes, wherever their mappings went. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "area.h"
#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { EACH = 96, RW = PROT_READ | PROT_WRITE };

#define MEMINFO "/proc/meminfo"
#define KEPT_BACK "/proc/sys/vm/min_free_kbytes"

static long taken(void)
{
	return (proc_field(MEMINFO, "SwapTotal") - proc_field(MEMINFO, "SwapFree")) / 4;
}

/* Have the kernel push pages out until `goal` more places are taken: it is told to keep more free than
 * there is, so that its thread is awake, and less than would stop others. What reclaim finds used it
 * leaves for another round. */
static void press(long goal)
{
	long long kept = number_in(KEPT_BACK);
	long before = taken();
	int enough = 0; /* rounds since then: what has a place is still to be written */

	put_number(KEPT_BACK, proc_field(MEMINFO, "MemFree") * 85 / 100);
	for (int i = 0; i < 300 && enough < 20; i++) {
		char *some = map_pages(32, RW);

		write_pages(some, 32, 1);
		munmap(some - PAGE, 34 * PAGE);
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		enough += taken() - before >= goal;
	}
	put_number(KEPT_BACK, kept);
	note("%ld places in the swap area taken, %ld were to be", taken() - before, goal);
}

enum part { SHARED, MOVED, PARTED, COPIED, FRESH, PARTS };

static char *parts[PARTS];

static void parts_hold(const unsigned char *marks, const char *when)
{
	for (enum part i = 0; i < PARTS; i++)
		must_be_filled(parts[i], EACH, marks[i], when);
}

/* What of the parts is not in memory. */
static long gone(long resident)
{
	return resident - statm_anon();
}

static void must_be_gone(long resident, const char *who)
{
	long is = gone(resident);

	note("%s: %ld of %d pages left memory", who, is, PARTS * EACH);
	if (is < PARTS * EACH * 2 / 3)
		broken("not-gone", "%s: %ld of %d pages left memory", who, is, PARTS * EACH);
}

void swap_family(void)
{
	static const unsigned char ours[PARTS] = {0x21, 0x22, 0x23, 0x24, 0x25};
	static const unsigned char theirs[PARTS] = {0x21, 0x22, 0x23, 0x34, 0x35};
	char *locked = map_pages(EACH, RW), *to, byte;
	int child, back[2], on[2];
	long resident, faults;
	struct utsname name;

	uname(&name);
	if (!choice.full && !strncmp(name.release, "2.6.33-rc", 9) && name.release[9] < '5')
		skip("%s stands still when a single CPU swaps", name.release);
	swap_on(NULL);
	if (pipe(back) || pipe(on))
		broken("no-pipe", "pipe: %s", strerror(errno));
	for (enum part i = 0; i < PARTS; i++)
		parts[i] = map_pages(EACH, RW);
	fill_pages(locked, EACH, 0x2f);
	if (mlock(locked, EACH * PAGE))
		broken("no-mlock", "mlock: %s", strerror(errno));
	for (enum part i = 0; i < FRESH; i++)
		fill_pages(parts[i], EACH, ours[i]);
	to = map_pages(EACH, RW);
	if (mremap(parts[MOVED], EACH * PAGE, EACH * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		broken("no-mremap", "mremap: %s", strerror(errno));
	parts[MOVED] = to;
	if (!(child = branch())) {
		/* Mappings that are split and moved have to be found, too. */
		mprotect(parts[PARTED] + EACH / 4 * PAGE, EACH / 2 * PAGE, PROT_READ);
		to = map_pages(EACH, RW);
		mremap(parts[SHARED], EACH * PAGE, EACH * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		parts[SHARED] = to;
		fill_pages(parts[COPIED], EACH, theirs[COPIED]);
		fill_pages(parts[FRESH], EACH, theirs[FRESH]);
		resident = statm_anon();
		if (write(back[1], "", 1) != 1 || read(on[0], &byte, 1) != 1)
			_exit(1);
		must_be_gone(resident, "a child");
		parts_hold(theirs, "a child's, from the swap area");
		mprotect(parts[PARTED], EACH * PAGE, RW);
		for (enum part i = 0; i < PARTS; i++)
			fill_pages(parts[i], EACH, 0x61 + i);
		for (enum part i = 0; i < PARTS; i++)
			must_be_filled(parts[i], EACH, 0x61 + i, "a child's stores, after the swap area");
		_exit(0);
	}
	if (read(back[0], &byte, 1) != 1)
		broken("no-child", "the child said nothing");
	fill_pages(parts[FRESH], EACH, ours[FRESH]);
	resident = statm_anon();
	press((PARTS + 2) * EACH);
	must_be_gone(resident, "the parent");
	faults = minor_faults();
	must_be_filled(locked, EACH, 0x2f, "locked memory");
	faults = minor_faults() - faults;
	if (faults > 16)
		broken("not-present", "%ld faults by reading locked memory", faults);
	if (write(on[1], "", 1) != 1)
		broken("no-pipe", "write: %s", strerror(errno));
	join(child);
	parts_hold(ours, "the parent's, once a child stored and ended");
	swap_off();
	parts_hold(ours, "the parent's, after swapoff");
}
