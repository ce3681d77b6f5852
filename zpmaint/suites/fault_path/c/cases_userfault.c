// SPDX-License-Identifier: GPL-2.0-only
/* Faults that a program serves itself: it has to be asked for reads as well as for writes. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
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
#include "userfault.h"

enum { PAGES = 16, RW = PROT_READ | PROT_WRITE };

/* One access, in a thread of its own: it waits until its fault is served. */
struct access {
	volatile char *at;
	int store; /* the byte to store, 0 for a load */
	volatile int value;
	pthread_t thread;
};

static void *do_access(void *given)
{
	struct access *access = given;

	if (access->store)
		*access->at = access->store;
	access->value = (unsigned char)*access->at;
	return NULL;
}

static void begin(struct access *access, char *at, int store)
{
	access->at = at;
	access->store = store;
	access->value = -1;
	if (pthread_create(&access->thread, NULL, do_access, access))
		broken("no-thread", "pthread_create: %s", strerror(errno));
}

static void await(struct access *access, int value)
{
	pthread_join(access->thread, NULL);
	if (access->value != value)
		broken("wrong-content", "the access saw 0x%02x, not 0x%02x", access->value, value);
}

/* The fault of an access must be told, with these flags. */
static void must_ask(int file, char *memory, unsigned long flags, const char *what)
{
	char *at;
	unsigned long told = userfault_next(file, &at);

	if (at != memory || (told & (FAULT_WRITE | FAULT_PROTECTED)) != flags)
		broken("wrong-event", "%s: told of page %+ld with flags 0x%lx, not 0x%lx", what,
		       (long)(at - memory) / (long)PAGE, told, flags);
}

void userfault_missing(void)
{
	char *memory = map_pages(PAGES, RW), *from = map_pages(1, RW);
	int file = userfault_open(FEATURE_NONE, "plain interface");
	struct access access;

	fill_pages(from, 1, 0x3c);
	userfault_watch(file, memory, PAGES, WATCH_MISSING);
	for (int i = 0; i < PAGES; i++) {
		char *at = memory + i * PAGE;
		int writes = i % 4 == 3;

		begin(&access, at, writes ? 0x99 : 0);
		must_ask(file, at, writes ? FAULT_WRITE : 0, writes ? "a store" : "a load");
		if (i % 2)
			userfault_zeropage_at(file, at, 1);
		else
			userfault_copy_to(file, at, from, 1);
		await(&access, writes ? 0x99 : i % 2 ? 0 : 0x3c);
	}
	for (int i = 0; i < PAGES; i += 2)
		must_be_filled(memory + i * PAGE, 1, 0x3c, "given by UFFDIO_COPY");
	fill_pages(memory, PAGES, 0x3d);
	must_be_filled(memory, PAGES, 0x3d, "written after UFFDIO_COPY and UFFDIO_ZEROPAGE");
}

/* With huge pages on, the fault does not come by the base pages' way. */
void userfault_huge(void)
{
	char *memory, *from = map_pages(1, RW);
	struct access access;
	int file;

	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (huge_pages("always"))
		skip("no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	file = userfault_open(FEATURE_NONE, "plain interface");
	memory = map_aligned(2 * HUGE, HUGE);
	fill_pages(from, 1, 0x4c);
	userfault_watch(file, memory, 2 * HUGE / PAGE, WATCH_MISSING);
	for (int i = 0; i < 2; i++) {
		char *at = memory + i * HUGE + 5 * PAGE;

		begin(&access, at, i ? 0x98 : 0);
		/* The kernel may name the huge page's start. */
		if (i)
			must_ask(file, at, FAULT_WRITE, "a store");
		else
			must_ask(file, at, 0, "a load");
		userfault_copy_to(file, at, from, 1);
		await(&access, i ? 0x98 : 0x4c);
	}
}

/* Pages that were read, then protected: loads go on, a store is told. */
void userfault_protect(void)
{
	char *memory = map_pages(PAGES, RW);
	int file = userfault_open(FEATURE_WP, "write protection");
	struct access access;

	userfault_watch(file, memory, PAGES, WATCH_WRITES);
	must_be_zero(memory, PAGES / 2, "watched for stores");
	fill_pages(memory + PAGES / 2 * PAGE, PAGES / 2, 0x5c);
	userfault_protect_at(file, memory, PAGES, 1);
	must_be_zero(memory, PAGES / 2, "read, then protected");
	for (int i = 0; i < PAGES; i += PAGES / 4) {
		begin(&access, memory + i * PAGE, 0x97);
		must_ask(file, memory + i * PAGE, FAULT_WRITE | FAULT_PROTECTED, "a store");
		if (i < PAGES / 2 && memory[i * PAGE])
			broken("wrote", "page %d took a store while it was protected", i);
		userfault_protect_at(file, memory + i * PAGE, 1, 0);
		await(&access, 0x97);
	}
	userfault_protect_at(file, memory, PAGES, 0);
	memory[0] = memory[PAGES / 4 * PAGE] = 0;
	must_be_zero(memory, PAGES / 2, "the rest of what was protected");
}

/* Protected before there is a page: the read that brings one in keeps the protection. */
void userfault_unpopulated(void)
{
	char *memory = map_pages(PAGES, RW);
	int file = userfault_open(FEATURE_WP | FEATURE_WP_UNPOPULATED, "WP_UNPOPULATED");
	struct access access;

	userfault_watch(file, memory, PAGES, WATCH_WRITES);
	userfault_protect_at(file, memory, PAGES, 1);
	must_be_zero(memory, PAGES / 2, "protected while untouched");
	for (int i = 0; i < PAGES; i += PAGES / 4) {
		begin(&access, memory + i * PAGE, 0x96);
		must_ask(file, memory + i * PAGE, FAULT_WRITE | FAULT_PROTECTED, "a store");
		userfault_protect_at(file, memory + i * PAGE, 1, 0);
		await(&access, 0x96);
	}
}

/* Pages move to a place that nobody touched, as they are. */
void userfault_move(void)
{
	char *memory = map_pages(PAGES, RW), *from = map_pages(PAGES, RW);
	int file = userfault_open(FEATURE_NONE, "plain interface");

	userfault_watch(file, memory, PAGES, WATCH_MISSING);
	read_pages(from, PAGES / 2);
	fill_pages(from + PAGES / 2 * PAGE, PAGES / 2, 0x6c);
	if (userfault_move_to(file, memory, from, PAGES))
		broken("no-move", "UFFDIO_MOVE: %s", strerror(errno));
	must_be_zero(memory, PAGES / 2, "read, then moved by UFFDIO_MOVE");
	must_be_filled(memory + PAGES / 2 * PAGE, PAGES / 2, 0x6c, "written, then moved");
	must_be_zero(from, PAGES, "where pages moved away");
	fill_pages(memory, PAGES, 0x6d);
	must_be_filled(memory, PAGES, 0x6d, "moved, then written");
	must_be_zero(from, PAGES, "where pages moved away, after a write to their new place");
}

/* What is given into memory that may only be read takes no store. */
void userfault_readonly(void)
{
	char *memory = map_pages(PAGES, PROT_READ), *from = map_pages(1, RW);
	int file = userfault_open(FEATURE_NONE, "plain interface");

	fill_pages(from, 1, 0x7c);
	userfault_watch(file, memory, PAGES, WATCH_MISSING);
	for (int i = 0; i < PAGES; i++)
		if (i % 2)
			userfault_copy_to(file, memory + i * PAGE, from, 1);
		else
			userfault_zeropage_at(file, memory + i * PAGE, 1);
	for (int i = 0; i < PAGES; i++)
		if (!store_refused(memory + i * PAGE))
			broken("not-refused", "page %d of memory that may only be read took a store", i);
	must_be_zero(memory, 1, "given by UFFDIO_ZEROPAGE");
	must_be_filled(memory + PAGE, 1, 0x7c, "given by UFFDIO_COPY");
}

/* Protection outlives what else is done to the mapping. */
void userfault_kept(void)
{
	enum { COLD = 20, PAGEOUT = 21, WAYS = 5 };
	static const char *const ways[WAYS] = {"mprotect to reading and back", "mprotect to nothing and back",
					       "MADV_PAGEOUT", "a fork", "mprotect of the page beside"};
	char *memory = map_pages(WAYS, RW);
	int file = userfault_open(FEATURE_WP, "write protection"), child;
	struct access access;

	if (choice.as_init && number_in("/sys/block/ram0/size") > 0)
		swap_on(NULL);
	userfault_watch(file, memory, WAYS, WATCH_WRITES);
	for (int i = 0; i < WAYS; i++) {
		char *at = memory + i * PAGE;

		fill_pages(at, 1, 0x2e);
		userfault_protect_at(file, at, 1, 1);
		switch (i) {
		case 0: mprotect(at, PAGE, PROT_READ); mprotect(at, PAGE, RW); break;
		case 1: mprotect(at, PAGE, PROT_NONE); mprotect(at, PAGE, RW); break;
		case 2: madvise(at, PAGE, PAGEOUT); madvise(at, PAGE, COLD); break;
		case 3:
			if (!(child = branch()))
				_exit(0);
			join(child);
			break;
		default: mprotect(at - PAGE, PAGE, PROT_READ); mprotect(at - PAGE, PAGE, RW); break;
		}
		must_be_filled(at, 1, 0x2e, ways[i]);
		note("a store after %s", ways[i]);
		begin(&access, at, 0x95);
		must_ask(file, at, FAULT_WRITE | FAULT_PROTECTED, ways[i]);
		userfault_protect_at(file, at, 1, 0);
		await(&access, 0x95);
	}
}

/* A page that moved is found by who maps it: it can leave memory, and comes back. */
void userfault_reclaimed(void)
{
	enum { MANY = 128, PAGEOUT = 21 };
	char *memory = map_pages(MANY, RW), *from = map_pages(MANY, RW);
	int file = userfault_open(FEATURE_NONE, "plain interface");
	long before, gone;

	swap_on(NULL);
	userfault_watch(file, memory, MANY, WATCH_MISSING);
	read_pages(from, MANY / 2);
	fill_pages(from + MANY / 2 * PAGE, MANY / 2, 0x6e);
	if (userfault_move_to(file, memory, from, MANY))
		broken("no-move", "UFFDIO_MOVE: %s", strerror(errno));
	fill_pages(memory, MANY, 0x6f);
	before = statm_anon();
	madvise(memory, MANY * PAGE, PAGEOUT);
	gone = before - statm_anon();
	note("%d pages moved by UFFDIO_MOVE, then MADV_PAGEOUT: %ld are not here any more", MANY, gone);
	if (gone < MANY / 2)
		broken("not-gone", "%ld of %d moved pages left memory", gone, MANY);
	close(file);
	must_be_filled(memory, MANY, 0x6f, "moved, pushed out and back");
}
