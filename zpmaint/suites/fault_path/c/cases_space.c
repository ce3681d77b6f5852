// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's list of a process's mappings against a model of what was mapped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "suite.h"
#include "tell.h"

enum { PAGES = 48, MOST = 10, STEPS = 700, LOOKS = 12 };

/* A page's rights as maps tells them, "" where nothing is mapped, and what its first byte holds. */
struct page { char rights[5]; unsigned char byte; };

static struct page model[PAGES];
static char *memory;
static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC,
				  PROT_READ | PROT_WRITE | PROT_EXEC};

static void set_rights(struct page *page, int protection, char how)
{
	page->rights[0] = protection & PROT_READ ? 'r' : '-';
	page->rights[1] = protection & PROT_WRITE ? 'w' : '-';
	page->rights[2] = protection & PROT_EXEC ? 'x' : '-';
	page->rights[3] = how;
}

static int has(int page, char right)
{
	return strchr(model[page].rights, right) != NULL;
}

static int is_mapped(int from, int count)
{
	for (int i = from; i < from + count; i++)
		if (!model[i].rights[0])
			return 0;
	return 1;
}

/* What maps says of each page. */
static void compare_maps(const char *when)
{
	static char text[32768];
	static struct page told[PAGES];
	uintptr_t start = (uintptr_t)memory;

	memset(told, 0, sizeof told);
	if (get("/proc/self/maps", text, sizeof text) <= 0)
		broken("no-maps", "/proc/self/maps: %s", strerror(errno));
	for (char *line = text; line && *line; line = strchr(line, '\n')) {
		char *at;
		uintptr_t from, to;

		line += *line == '\n';
		if (!*line)
			break;
		from = strtoul(line, &at, 16);
		to = strtoul(at + 1, &at, 16);
		for (int i = 0; i < PAGES; i++)
			if (start + i * PAGE >= from && start + i * PAGE < to)
				memcpy(told[i].rights, at + 1, 4);
	}
	for (int i = 0; i < PAGES; i++)
		if (strcmp(told[i].rights, model[i].rights))
			broken("wrong-rights", "%s: page %d is '%s' in /proc/self/maps, not '%s'", when, i,
			       told[i].rights, model[i].rights);
}

static void compare_accesses(const char *when)
{
	for (int i = 0; i < PAGES; i++) {
		volatile unsigned char *at = (unsigned char *)memory + i * PAGE;

		if (load_refused((char *)at) == (has(i, 'r') || has(i, 'w') || has(i, 'x')))
			broken("wrong-rights", "%s: a load from page %d, '%s'", when, i, model[i].rights);
		if (store_refused((char *)at + 9) == has(i, 'w'))
			broken("wrong-rights", "%s: a store into page %d, '%s'", when, i, model[i].rights);
		if (has(i, 'r') && *at != model[i].byte)
			broken("wrong-content", "%s: page %d holds 0x%02x, not 0x%02x", when, i, *at,
			       model[i].byte);
	}
}

static void map_some(int from, int count)
{
	int protection = protections[any(5)], shared = any(4) == 0;
	int flags = MAP_ANONYMOUS | MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE);

	if (mmap(memory + from * PAGE, count * PAGE, protection, flags, -1, 0) == MAP_FAILED)
		broken("no-mmap", "mmap: %s", strerror(errno));
	for (int i = from; i < from + count; i++) {
		set_rights(&model[i], protection, shared ? 's' : 'p');
		model[i].byte = 0;
	}
}

/* Up to the first page that is not mapped; then it is told. */
static void protect_some(int from, int count)
{
	int protection = protections[any(5)], done, whole = is_mapped(from, count), until = from;

	done = mprotect(memory + from * PAGE, count * PAGE, protection);
	if (whole ? done : !done || errno != ENOMEM)
		broken("wrong-answer", "mprotect of %d pages, %s: %d, %s", count,
		       whole ? "all mapped" : "not all mapped", done, strerror(errno));
	while (until < from + count && model[until].rights[0])
		until++;
	if (!model[from].rights[0])
		until = from;
	for (int i = from; i < until; i++)
		set_rights(&model[i], protection, model[i].rights[3]);
}

static void unmap_some(int from, int count)
{
	if (munmap(memory + from * PAGE, count * PAGE))
		broken("no-munmap", "munmap: %s", strerror(errno));
	memset(&model[from], 0, count * sizeof *model);
}

/* One mapping's part, of the same rights throughout: a kernel moves no more than one at once. */
static void move_some(int from, int count, int to)
{
	char *target = memory + to * PAGE;

	if (!is_mapped(from, 1) || model[from].rights[3] == 's')
		return;
	count = 1;
	if (to == from)
		return;
	if (mremap(memory + from * PAGE, count * PAGE, count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) !=
	    target)
		broken("no-mremap", "mremap: %s", strerror(errno));
	model[to] = model[from];
	memset(&model[from], 0, sizeof *model);
}

static void store_some(int from, int count)
{
	for (int i = from; i < from + count; i++)
		if (has(i, 'w'))
			*(volatile unsigned char *)(memory + i * PAGE) = model[i].byte = 1 + any(255);
}

static void drop_some(int from, int count)
{
	if (!is_mapped(from, count))
		return;
	if (madvise(memory + from * PAGE, count * PAGE, MADV_DONTNEED))
		broken("no-madvise", "MADV_DONTNEED: %s", strerror(errno));
	for (int i = from; i < from + count; i++)
		if (has(i, 'p'))
			model[i].byte = 0;
}

static void lock_some(int from, int count)
{
	int whole = is_mapped(from, count), none = 0;

	for (int i = from; i < from + count; i++)
		none |= model[i].rights[0] && !has(i, 'r');
	/* What may not be read cannot be brought in. */
	if (none)
		return;
	if (mlock(memory + from * PAGE, count * PAGE) ? whole || errno != ENOMEM : !whole)
		broken("wrong-answer", "mlock of %d pages, %s: %s", count,
		       whole ? "all mapped" : "not all mapped", strerror(errno));
	munlock(memory + from * PAGE, count * PAGE);
}

static void step(void)
{
	int from = any(PAGES), count = 1 + any(MOST);

	if (from + count > PAGES)
		count = PAGES - from;
	switch (any(12)) {
	case 0: case 1: map_some(from, count); break;
	case 2: unmap_some(from, count); break;
	case 3: move_some(from, count, any(PAGES)); break;
	case 4: drop_some(from, count); break;
	case 5: lock_some(from, count); break;
	case 6: case 7: case 8: store_some(from, count); break;
	default: protect_some(from, count);
	}
}

/* Kilobytes of mappings that are promised memory; slack for what the C library takes. */
static long committed(void)
{
	return proc_field("/proc/meminfo", "Committed_AS");
}

void space_model(void)
{
	enum { AROUND = 4 };
	long before, size, after;
	int child;

	memory = mmap(NULL, (PAGES + 2 * AROUND) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap: %s", strerror(errno));
	munmap(memory + AROUND * PAGE, PAGES * PAGE);
	memory += AROUND * PAGE;
	size = proc_field("/proc/self/status", "VmSize");
	before = committed();
	for (uint32_t start = 1; start <= 3; start++) {
		seed = 2007 * start;
		for (int i = 1; i <= STEPS; i++) {
			step();
			if (i % (STEPS / LOOKS) == 0) {
				compare_maps("in the mix");
				compare_accesses("in the mix");
			}
		}
		if (!(child = branch())) {
			compare_maps("in a child");
			compare_accesses("in a child");
			_exit(0);
		}
		join(child);
		unmap_some(0, PAGES);
		compare_maps("all unmapped");
	}
	after = proc_field("/proc/self/status", "VmSize");
	note("3 mixes: VmSize %+ld kB, Committed_AS %+ld kB", after - size, committed() - before);
	if (after - size > 64 || size - after > 64)
		broken("miscounted", "VmSize is off by %ld kB", after - size);
	if (choice.as_init && labs(committed() - before) > 256)
		broken("miscounted", "Committed_AS is off by %ld kB", committed() - before);
}

/* Memory that becomes writable is promised then; what was unmapped is not any more. */
void space_committed(void)
{
	enum { MANY = 4096, SLACK = 512, RW = PROT_READ | PROT_WRITE };
	long before = committed(), now;
	char *at = mmap(NULL, MANY * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int child;

	if (!choice.as_init)
		skip("only init knows that nobody else maps memory");
	if (before < 0)
		broken("no-committed", "/proc/meminfo without Committed_AS");
	now = committed() - before;
	if (labs(now) > SLACK)
		broken("miscounted", "memory that may only be read: Committed_AS %+ld kB", now);
	mprotect(at, MANY * PAGE, RW);
	now = committed() - before;
	if (labs(now - MANY * 4) > SLACK)
		broken("miscounted", "%d kB became writable: Committed_AS %+ld kB", MANY * 4, now);
	write_pages(at, MANY, 0x41);
	mprotect(at, MANY * PAGE, PROT_READ);
	mprotect(at, MANY * PAGE, RW);
	now = committed() - before;
	if (labs(now - MANY * 4) > SLACK)
		broken("miscounted", "writable a second time: Committed_AS %+ld kB", now);
	if (!(child = branch())) {
		now = committed() - before;
		if (now < 2 * MANY * 4 - SLACK)
			broken("miscounted", "a child has it, too: Committed_AS %+ld kB", now);
		_exit(0);
	}
	join(child);
	now = committed() - before;
	if (labs(now - MANY * 4) > SLACK)
		broken("miscounted", "after a child: Committed_AS %+ld kB", now);
	at = mremap(at, MANY * PAGE, 2 * MANY * PAGE, MREMAP_MAYMOVE);
	now = committed() - before;
	if (labs(now - 2 * MANY * 4) > SLACK)
		broken("miscounted", "twice as large: Committed_AS %+ld kB", now);
	munmap(at + MANY / 2 * PAGE, MANY * PAGE);
	now = committed() - before;
	if (labs(now - MANY * 4) > SLACK)
		broken("miscounted", "half of it unmapped: Committed_AS %+ld kB", now);
	munmap(at, 2 * MANY * PAGE);
	now = committed() - before;
	if (labs(now) > SLACK)
		broken("miscounted", "all unmapped: Committed_AS %+ld kB", now);
}
