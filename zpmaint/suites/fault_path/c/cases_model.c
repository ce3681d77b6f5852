// SPDX-License-Identifier: GPL-2.0-only
/* A random mix of calls, each step compared with a model of what memory must hold. */
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

enum { PAGES = 48, STEPS = 1500, MOST = 8 };
enum right { NONE, READ, WRITE };

/* What each page must hold, and what may be done to it. The model's own pages are all there. */
static unsigned char model[PAGES][PAGE] __attribute__((aligned(8)));
static enum right rights[PAGES];
static char *memory;
static uint32_t seed;

/* xorshift32 (Marsaglia 2003): the same mix in every run. */
static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static int protection(enum right right)
{
	return right == WRITE ? PROT_READ | PROT_WRITE : right == READ ? PROT_READ : PROT_NONE;
}

static int same(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	for (unsigned i = 0; i < PAGE / sizeof *x; i++)
		if (x[i] != y[i])
			return 0;
	return 1;
}

static void check(int page, const char *when)
{
	if (rights[page] == NONE) {
		if (!load_refused(memory + page * PAGE))
			broken("read", "%s: page %d without rights can be read", when, page);
		return;
	}
	if (!same(memory + page * PAGE, model[page]))
		for (unsigned i = 0; i < PAGE; i++) {
			unsigned char is = memory[page * PAGE + i];

			if (is != model[page][i])
				broken("wrong-content", "%s: byte %u of page %d is 0x%02x, not 0x%02x",
				       when, i, page, is, model[page][i]);
		}
	if (rights[page] == READ && any(4) == 0 && !store_refused(memory + page * PAGE))
		broken("wrote", "%s: page %d took a store without the right", when, page);
}

static void check_all(const char *when)
{
	for (int page = 0; page < PAGES; page++)
		check(page, when);
}

static void store(int page)
{
	unsigned at = any(PAGE), length = 1 + any(any(8) ? 64 : PAGE - 1);
	unsigned char byte = 1 + any(255);

	if (rights[page] != WRITE)
		return;
	if (at + length > PAGE)
		length = PAGE - at;
	memset(model[page] + at, byte, length);
	memset(memory + page * PAGE + at, byte, length);
}

static void map_anew(int from, int count, enum right right)
{
	if (mmap(memory + from * PAGE, count * PAGE, protection(right),
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		broken("no-mmap", "mmap: %s", strerror(errno));
	for (int i = from; i < from + count; i++) {
		memset(model[i], 0, PAGE);
		rights[i] = right;
	}
}

static void protect(int from, int count)
{
	enum right right = any(8) ? READ + any(2) : NONE;

	if (mprotect(memory + from * PAGE, count * PAGE, protection(right)))
		broken("no-mprotect", "mprotect: %s", strerror(errno));
	for (int i = from; i < from + count; i++)
		rights[i] = right;
}

static void drop(int from, int count)
{
	if (madvise(memory + from * PAGE, count * PAGE, MADV_DONTNEED))
		broken("no-madvise", "madvise: %s", strerror(errno));
	for (int i = from; i < from + count; i++)
		memset(model[i], 0, PAGE);
}

/* Move one page over another; where it was comes new memory. */
static void move(int from, int to)
{
	char *target = memory + to * PAGE;

	if (from == to)
		return;
	if (mremap(memory + from * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) != target)
		broken("no-mremap", "mremap: %s", strerror(errno));
	memcpy(model[to], model[from], PAGE);
	rights[to] = rights[from];
	map_anew(from, 1, WRITE);
}

/* A child checks what it got, writes all over it and ends; or this process goes on as the child. */
static void part(void)
{
	int child = branch();

	if (!child) {
		check_all("in a child");
		for (int i = 0; i < PAGES; i++)
			store(i);
		check_all("in a child that wrote");
		_exit(0);
	}
	if (any(2)) {
		for (int i = 0; i < PAGES; i += 3)
			store(i);
	}
	join(child);
	check_all("after a child");
}

static void step(void)
{
	int from = any(PAGES), count = 1 + any(MOST);

	if (from + count > PAGES)
		count = PAGES - from;
	switch (any(16)) {
	case 0: map_anew(from, count, READ + any(2)); break;
	case 1: protect(from, count); break;
	case 2: drop(from, count); break;
	case 3: move(from, any(PAGES)); break;
	case 4: if (any(12) == 0) part(); break;
	case 5: case 6: case 7: case 8: store(from); break;
	default:
		for (int i = from; i < from + count; i++)
			check(i, "in the mix");
	}
}

static void mix(uint32_t start)
{
	seed = start;
	memory = map_pages(PAGES, PROT_READ | PROT_WRITE);
	map_anew(0, PAGES, WRITE);
	for (int i = 0; i < STEPS; i++)
		step();
	check_all("at the end");
	munmap(memory - PAGE, (PAGES + 2) * PAGE);
}

void stress_model(void)
{
	long before, after;

	mix(2007);
	before = statm_anon();
	mix(416);
	mix(262);
	after = statm_anon();
	note("%d steps on %d pages; statm anonymous %+ld", 3 * STEPS, PAGES, after - before);
	/* What a mapping's end gives back is less exact than the 64 events a task may keep back. */
	if (after - before > 80 || before - after > 80)
		broken("miscounted", "%ld pages stay counted after the mix", after - before);
}
