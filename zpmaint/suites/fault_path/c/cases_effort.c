// SPDX-License-Identifier: GPL-2.0-only
/* How hard a fault tries for a huge page where memory is free, and in pieces. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"
#define KEPT_BACK "/proc/sys/vm/min_free_kbytes"
#define PER_CPU "/proc/sys/vm/percpu_pagelist_high_fraction"

enum { PIECES = 16384, LEFT = 96 << 10 /* kB */, TRIES = 8, RW = PROT_READ | PROT_WRITE, HUGEPAGE = 14 };

enum effort { NO_EFFORT, AT_ONCE, LATER };

/* What Documentation/admin-guide/mm/transhuge.rst says of the setting `defrag`: whether a fault makes
 * room itself, has a thread of the kernel make it, or does neither. Where nobody advised, "always" gives up
 * so soon that it does not show. */
static const struct {
	const char *setting;
	int advised;
	enum effort effort;
} trials[] = {
	{"never", 0, NO_EFFORT},  {"never", 1, NO_EFFORT},    {"madvise", 0, NO_EFFORT},
	{"always", 1, AT_ONCE},	  {"madvise", 1, AT_ONCE},    {"defer+madvise", 1, AT_ONCE},
	{"defer", 0, LATER},	  {"defer", 1, LATER},	      {"defer+madvise", 0, LATER},
};

enum { TRIALS = sizeof trials / sizeof *trials };

/* Room for a huge page in a mapping of its own, that begins at an odd or an even multiple of two pages. */
static char *place(int odd, int advised)
{
	size_t before = odd ? 2 * PAGE : 4 * PAGE;
	char *all = mmap(NULL, 3 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *memory = (char *)(((uintptr_t)all + 2 * HUGE - 1) & ~(HUGE - 1));

	if (all == MAP_FAILED || mprotect(memory - before, before + HUGE, RW))
		broken("no-mmap", "mmap: %s", strerror(errno));
	if (advised && madvise(memory - before, before + HUGE, HUGEPAGE)) /* a part would be parted */
		broken("no-madvise", "MADV_HUGEPAGE: %s", strerror(errno));
	return memory;
}

/* Whether a fault under a setting got a huge page, which stays. */
static int try(const char *setting, int advised, int store)
{
	long got = vmstat("thp_fault_alloc"), not = vmstat("thp_fault_fallback");
	char *memory;

	if (put(THP "defrag", setting) || huge_pages(advised ? "madvise" : "always"))
		broken("no-setting", "defrag %s: %s", setting, strerror(errno));
	put(KEPT_BACK, "2048"); /* khugepaged keeps more back when it starts */
	memory = place(store, advised);
	if (store)
		*(volatile char *)memory = 1;
	else
		read_pages(memory, 1);
	got = vmstat("thp_fault_alloc") - got;
	not = vmstat("thp_fault_fallback") - not;
	if (got + not != 1)
		broken("miscounted", "defrag %s: thp_fault_alloc %+ld, thp_fault_fallback %+ld by one fault",
		       setting, got, not);
	return got;
}

/* Take what room for huge pages there is by itself; most of it by a file, whose pages nobody clears
 * before somebody looks at them. */
static void use_up(void)
{
	long most = proc_field("/proc/meminfo", "MemFree") - LEFT;
	int file = memfd_create("room", 0);

	if (file < 0 || (most > 0 && fallocate(file, 0, 0, most << 10)))
		broken("no-file", "%ld kB: %s", most, strerror(errno));
	for (int i = 0; i < 2048; i++)
		if (!try("never", 0, 1))
			return;
	broken("no-end", "2048 huge pages, and there are more");
}

static void wait_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

static void all_trials(void)
{
	char *pieces;
	int shown = 0, later = 0;

	huge_pages("never");
	pieces = map_pages(PIECES, RW);
	write_pages(pieces, PIECES, 1);
	use_up();
	for (int i = 0; i < PIECES; i += 2)
		madvise(pieces + i * PAGE, PAGE, MADV_DONTNEED);
	for (int i = 0; i < TRIALS; i++)
		for (int store = 0; store < 2; store++) {
			long woken, stalls;
			int got, tried, again = 0;

			do { /* room that came to be by itself meanwhile is no effort */
				use_up();
				woken = vmstat("compact_daemon_wake") + vmstat("pageoutrun");
				stalls = vmstat("compact_stall");
				got = try(trials[i].setting, trials[i].advised, store);
			} while (got && trials[i].effort != AT_ONCE && vmstat("compact_stall") == stalls &&
				 ++again < TRIES);
			/* The kernel gives up for a while where making room did not work. */
			for (int more = 0; !got && trials[i].effort == AT_ONCE && more < TRIES; more++)
				got = try(trials[i].setting, trials[i].advised, store);
			tried = got || vmstat("compact_stall") != stalls;
			shown += tried;
			/* Where nothing can be moved the kernel sees that there is no use in trying. */
			if (tried && trials[i].effort != AT_ONCE)
				broken("too-hard", "defrag %s, %s: a %s got %s huge page, compact_stall %+ld",
				       trials[i].setting, trials[i].advised ? "advised" : "not advised",
				       store ? "store" : "load", got ? "a" : "no",
				       vmstat("compact_stall") - stalls);
			wait_a_little();
			woken = vmstat("compact_daemon_wake") + vmstat("pageoutrun") - woken;
			note("%s%s: %d, %+ld, %ld", trials[i].setting, trials[i].advised ? ", advised" : "", got,
			     vmstat("compact_stall") - stalls, woken);
			later += trials[i].effort == LATER && woken;
		}
	/* One trial alone may find the thread awake, or sure that there is no use. */
	if (shown && !later)
		broken("not-tried", "no setting that leaves it to a thread of the kernel woke one");
	if (!shown)
		skip("no setting makes room for a huge page in this memory");
}

void huge_effort(void)
{
	char was[128] = "", *from, *to;
	long long kept = number_in(KEPT_BACK);
	int child;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (choice.full)
		skip("several nodes have memory in pieces of their own: only in the minimal profile");
	if (proc_field("/proc/meminfo", "MemTotal") < 400 << 10)
		skip("less than 400 MB of memory");
	if (huge_pages("always"))
		skip("no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	if (vmstat("compact_daemon_wake") < 0)
		skip("no compaction (CONFIG_COMPACTION)");
	get(THP "defrag", was, sizeof was);
	/* It makes room for huge pages, too. */
	put(THP "khugepaged/defrag", "0");
	put(THP "khugepaged/scan_sleep_millisecs", "60000");
	put(THP "khugepaged/alloc_sleep_millisecs", "60000");
	/* With the huge zero page a load on a stock kernel asks for no other. */
	put(THP "use_zero_page", "0");
	put(PER_CPU, "10000"); /* a CPU's own free pages cannot be made into huge ones */
	if (!(child = branch())) {
		put("/proc/self/oom_score_adj", "1000");
		all_trials();
		_exit(0);
	}
	join(child);
	put(PER_CPU, "0");
	put(THP "khugepaged/defrag", "1");
	put(THP "use_zero_page", "1");
	put_number(KEPT_BACK, kept);
	if ((from = strchr(was, '[')) && (to = strchr(from, ']'))) {
		*to = 0;
		put(THP "defrag", from + 1);
	}
}
