// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "clocks.h"
#include "memory.h"
#include "passes.h"
#include "probe.h"
#include "tell.h"

static struct {
	long faults;
	int64_t clock;
	uint64_t ticks;
} begun;

char *pass_memory(const struct ground *on)
{
	if (on->huge)
		return map_aligned(on->pages * PAGE, HUGE);
	return map_pages(on->pages, PROT_READ | PROT_WRITE);
}

/* One more figure of a line; none where the kernel does not have it. */
static int figure(char *line, int at, int size, const char *name, long long value)
{
	if (value < 0 || at >= size)
		return at;
	return at + snprintf(line + at, size - at, " %s=%lld", name, value);
}

static void report(const struct ground *on, const char *pass, size_t touched, const char *flows)
{
	static const char status[] = "/proc/self/status", meminfo[] = "/proc/meminfo";
	long resident = -1, shared = -1;
	char line[400] = "";
	int at = 0;

	statm(&resident, &shared);
	at = figure(line, at, sizeof line, "VmRSS", proc_field(status, "VmRSS"));
	at = figure(line, at, sizeof line, "RssAnon", proc_field(status, "RssAnon"));
	at = figure(line, at, sizeof line, "VmPTE", proc_field(status, "VmPTE"));
	at = figure(line, at, sizeof line, "StatmAnon", resident < 0 ? -1 : resident - shared);
	at = figure(line, at, sizeof line, "AnonPages", proc_field(meminfo, "AnonPages"));
	at = figure(line, at, sizeof line, "PageTables", proc_field(meminfo, "PageTables"));
	figure(line, at, sizeof line, "MemFree", proc_field(meminfo, "MemFree"));
	if (!on->quiet)
		note("pass=%s touched=%zu%s%s", pass, touched, flows, line);
}

void pass_start(const struct ground *on)
{
	report(on, "start", 0, "");
}

void pass_begin(void)
{
	begun.faults = minor_faults();
	begun.clock = nanoseconds();
	begun.ticks = ticks();
}

void pass_end(const struct ground *on, const char *name, size_t touched)
{
	uint64_t took = ticks() - begun.ticks;
	int64_t clock = nanoseconds() - begun.clock;
	long faults = minor_faults() - begun.faults;
	char flows[96];

	snprintf(flows, sizeof flows, " tsc=%llu ns=%lld MinorFaults=%ld", (unsigned long long)took,
		 (long long)clock, faults);
	report(on, name, touched, flows);
}

unsigned load_each(const volatile char *memory, size_t pages)
{
	unsigned sum = 0;

	for (size_t at = 0; at < pages * PAGE; at += PAGE)
		sum |= memory[at];
	return sum;
}

void store_each(volatile char *memory, size_t pages)
{
	for (size_t at = 0; at < pages * PAGE; at += PAGE)
		memory[at] = 1;
}

void pass_zero(unsigned sum)
{
	if (sum)
		broken("not-zero", "untouched memory was not zero");
}
