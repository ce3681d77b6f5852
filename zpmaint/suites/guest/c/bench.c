// SPDX-License-Identifier: GPL-2.0-only
/* The memory benchmark: what reading, then writing, then writing fresh memory costs, and what each
 * of the kernel's counters says of it. Raw figures only; the judge makes deltas of them. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "clocks.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

/* One figure; none of a pass without a name, which only warms up. */
static void reading(const char *phase, const char *counter, long long value, const char *unit)
{
	/* A counter that this kernel does not have is not reported at all. */
	if (phase && value >= 0)
		note("bench phase=%s counter=%s value=%lld unit=%s", phase, counter, value, unit);
}

/* How much there is: levels. */
static void levels(const char *phase)
{
	static const char status[] = "/proc/self/status", meminfo[] = "/proc/meminfo";
	long resident = -1, shared = -1;

	statm(&resident, &shared);
	reading(phase, "VmRSS", proc_field(status, "VmRSS"), "kB");
	reading(phase, "RssAnon", proc_field(status, "RssAnon"), "kB");
	reading(phase, "RssFile", proc_field(status, "RssFile"), "kB");
	reading(phase, "VmPTE", proc_field(status, "VmPTE"), "kB");
	reading(phase, "StatmResident", resident, "pages");
	reading(phase, "StatmShared", shared, "pages");
	reading(phase, "StatmAnon", resident < 0 ? -1 : resident - shared, "pages");
	reading(phase, "AnonPages", proc_field(meminfo, "AnonPages"), "kB");
	reading(phase, "MemFree", proc_field(meminfo, "MemFree"), "kB");
	reading(phase, "MemAvailable", proc_field(meminfo, "MemAvailable"), "kB");
	reading(phase, "PageTables", proc_field(meminfo, "PageTables"), "kB");
}

/* The loops of the passes, as short as they can be: what they cost is the faults. */
static unsigned load_all(const volatile char *memory, size_t bytes)
{
	unsigned sum = 0;

	for (size_t at = 0; at < bytes; at += PAGE)
		sum |= memory[at];
	return sum;
}

static void store_all(volatile char *memory, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += PAGE)
		memory[at] = 1;
}

/* What a pass took: flows. Nothing but the pass happens between the clocks. */
static void pass(const char *phase, char *memory, size_t pages, int writes)
{
	long faults = minor_faults();
	int64_t clock = nanoseconds();
	uint64_t count = ticks();

	if (writes)
		store_all(memory, pages * PAGE);
	else if (load_all(memory, pages * PAGE))
		note("problem: untouched memory of the benchmark was not zero");
	count = ticks() - count;
	clock = nanoseconds() - clock;
	faults = minor_faults() - faults;
	reading(phase, "MinorFaults", faults, "faults");
	reading(phase, "tsc", count, "ticks");
	reading(phase, "ns", clock, "ns");
	levels(phase);
}

static void bench(void)
{
	size_t bytes = (size_t)choice.bench_mb << 20;
	char *memory;

	/* Once through all of it on a little memory: code, stack and buffers are there. */
	memory = map_pages(16, PROT_READ | PROT_WRITE);
	levels(NULL);
	pass(NULL, memory, 16, 0);
	pass(NULL, memory, 16, 1);

	reading("start", "pages", bytes / PAGE, "pages");
	memory = map_pages(bytes / PAGE, PROT_READ | PROT_WRITE);
	levels("start");
	pass("read", memory, bytes / PAGE, 0);
	pass("write", memory, bytes / PAGE, 1);
	munmap(memory, bytes);
	memory = map_pages(bytes / PAGE, PROT_READ | PROT_WRITE);
	levels("fresh-start");
	pass("fresh-write", memory, bytes / PAGE, 1);
	observe("ok");
}

static int ended;

static void pass_on(char kind, const char *text)
{
	if (kind == 'O')
		ended = 1;
	else if (kind == 'N')
		say("# %s\n", text);
	else
		say("# problem: the benchmark: %s\n", text);
}

void bench_run(void)
{
	/* The three passes take a fraction of a second; the deadline is the suite's. */
	int status = run_apart(bench, choice.deadline, pass_on);

	if (!ended)
		say("# problem: the benchmark ended with wait status 0x%x\n", status);
}
