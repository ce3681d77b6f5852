// SPDX-License-Identifier: GPL-2.0-only
/* Running the patterns: sizes, page kinds, room, and one process for each. */
#define _GNU_SOURCE
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "channel.h"
#include "memory.h"
#include "passes.h"
#include "patterns.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum {
	SIZES = 32,
	WARM = 16,          /* pages of the round that brings code, stack and buffers in */
	HEADROOM_KB = 16384 /* free memory that no pattern may take: the kernel's, and what lags */
};

static struct {
	char glob[128];
	size_t pages[SIZES];
	int sizes, huge, runs;
} wanted = {"", {0}, 0, 0, 1};

int patterns_choose(const char *word)
{
	if (!strncmp(word, "zp.patterns=", 12)) {
		snprintf(wanted.glob, sizeof wanted.glob, "%s", word + 12);
	} else if (!strncmp(word, "zp.pages=", 9)) {
		char *at = (char *)word + 9;

		for (wanted.sizes = 0; *at && wanted.sizes < SIZES; at += *at == ',')
			wanted.pages[wanted.sizes++] = strtoul(at, &at, 10);
	} else if (!strncmp(word, "zp.huge=", 8)) {
		wanted.huge = atoi(word + 8);
	} else if (!strncmp(word, "zp.runs=", 8)) {
		wanted.runs = atoi(word + 8);
	} else {
		return 0;
	}
	return 1;
}

static const struct pattern *current;
static struct ground ground;
static int round_number, ended;

static void name_it(const char *what)
{
	say("# %s pattern=%s pages=%zu huge=%d share=%u run=%d ", what, current->name,
	    ground.pages, ground.huge, ground.share, round_number);
}

static void heard(char kind, const char *text)
{
	if (kind == 'O') {
		ended = 1;
	} else if (kind == 'N' && !strncmp(text, "pass=", 5)) {
		name_it("measured");
		say("%s\n", text);
	} else {
		say("# problem: pattern %s of %zu pages: %s\n", current->name, ground.pages, text);
	}
}

/* Where pages come from, and so what they cost, depends on what was given back before: pages that a
 * CPU has put aside are cheaper than those of the buddy system. So that every pattern on every kernel
 * begins alike, as much memory as it may hold is written and given back first. */
static void settle(void)
{
	struct ground all = ground;
	char *memory;

	all.pages = ground.pages / 100 * current->percent + ground.pages % 100;
	memory = pass_memory(&all);
	store_each(memory, all.pages);
	munmap(memory, all.pages * PAGE);
}

static void body(void)
{
	struct ground warm = ground;

	warm.pages = WARM;
	warm.quiet = 1;
	current->run(&warm);
	settle();
	current->run(&ground);
	observe("ok");
}

static void measure(void)
{
	unsigned long size = ground.pages * (PAGE / 1024);
	unsigned long need = size / 100 * current->percent + size / 256 + HEADROOM_KB;
	long left = proc_field("/proc/meminfo", "MemFree");
	int status;

	if (ground.huge && ground.pages * PAGE < HUGE) {
		name_it("unmeasured");
		say("why=smaller than a huge page\n");
		return;
	}
	if (current->most && ground.pages > current->most) {
		name_it("unmeasured");
		say("why=not wanted above %zu pages\n", current->most);
		return;
	}
	if (left < 0 || (unsigned long)left < need) {
		name_it("unmeasured");
		say("why=needs %lu kB and %ld kB are free\n", need, left);
		return;
	}
	ended = 0;
	status = run_apart(body, choice.deadline, heard);
	if (!ended)
		say("# problem: pattern %s of %zu pages ended with wait status 0x%x\n",
		    current->name, ground.pages, status);
}

static void measure_all(int huge)
{
	for (int size = 0; size < wanted.sizes; size++)
		for (int i = 0; i < pattern_count; i++) {
			current = &patterns[i];
			if (fnmatch(wanted.glob, current->name, 0))
				continue;
			ground = (struct ground){wanted.pages[size], huge, current->share, 0};
			measure();
		}
}

void patterns_run(void)
{
	if (!*wanted.glob)
		return;
	for (round_number = 1; round_number <= wanted.runs; round_number++) {
		if (choice.as_init)
			huge_pages("never");
		measure_all(0);
		if (!wanted.huge)
			continue;
		if (choice.as_init && !huge_pages("always"))
			measure_all(1);
		else if (round_number == 1)
			say("# unmeasured huge=1 why=no transparent huge pages here\n");
	}
}
