// SPDX-License-Identifier: GPL-2.0-only
/* Several threads and processes on one range. On one CPU they take turns at the ticks and where they
 * wait for one another; the full profile's machine has more CPUs, and there they meet. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.gen.h"
#include "clocks.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { THREADS = 4, PAGES = 256, ROUNDS = 4, RW = PROT_READ | PROT_WRITE };

static char *shared;
static volatile int arrived;
static pthread_barrier_t barrier;

/* Let others run: the pause does where CPUs take turns (-icount), and the other one would wait for
 * the next tick. */
static void hand_over(void)
{
	pause_a_moment();
	sched_yield();
}

/* All of the threads go on together. The barrier wakes one after the other; who is first waits a
 * little more, so that on several CPUs they touch at the same time. */
static void meet(int *times)
{
	int all = ++*times * THREADS;

	pthread_barrier_wait(&barrier);
	__sync_fetch_and_add(&arrived, 1);
	for (int i = 0; i < 30 && arrived < all; i++)
		pause_a_moment();
}

static void *start_all(void *(*body)(void *))
{
	static pthread_t threads[THREADS];

	arrived = 0;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, body, (void *)i))
			broken("no-thread", "pthread_create: %s", strerror(errno));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return NULL;
}

/* Each thread stores one byte of its own into each page, half of them after a load: all of a page's
 * first accesses at once. */
static void *touch_same(void *given)
{
	intptr_t me = (intptr_t)given;
	int times = 0;

	for (int i = 0; i < PAGES; i++) {
		volatile char *at = shared + i * PAGE + me * 64;

		meet(&times);
		if (me % 2 && *at)
			broken("not-zero", "page %d as a thread reads it first", i);
		*at = 0x40 + me;
	}
	return NULL;
}

void race_touch(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		shared = map_pages(PAGES, RW);
		start_all(touch_same);
		for (int i = 0; i < PAGES; i++)
			for (int j = 0; j < THREADS; j++) {
				char *at = shared + i * PAGE + j * 64;

				if (*at != 0x40 + j)
					broken("lost-write", "thread %d's byte of page %d is 0x%02x",
					       j, i, *at);
				*at = 0;
			}
		must_be_zero(shared, PAGES, "the rest of what threads wrote");
		munmap(shared - PAGE, (PAGES + 2) * PAGE);
	}
}

/* Reads alone, all at once: each page is counted once, however many asked for it. */
static void *read_same(void *given)
{
	int times = 0;

	(void)given;
	for (int i = 0; i < PAGES * 4; i += 4) {
		meet(&times);
		read_pages(shared + i * PAGE, 4);
	}
	return NULL;
}

void race_read(void)
{
	enum { ALL = PAGES * 4 };
	long before, grown;

	/* Once without an eye on the counters: the threads' stacks stay mapped. */
	shared = map_pages(ALL, RW);
	start_all(read_same);
	shared = map_pages(ALL, RW);
	before = statm_anon();
	start_all(read_same);
	grown = statm_anon() - before;
	must_be_zero(shared, ALL, "read by threads at once");
	observe_by_growth(grown, ALL, "statm resident - shared");
}

/* One thread writes, the others drop the pages under it: a byte is what was written or zero. */
static void *drop_under(void *given)
{
	intptr_t me = (intptr_t)given;

	for (int round = 0; round < 200; round++) {
		if (me % 2) {
			madvise(shared + me * PAGE, 16 * PAGE, MADV_DONTNEED);
			hand_over();
			continue;
		}
		for (int i = 0; i < 32; i++) {
			unsigned char is = ((volatile unsigned char *)shared)[i * PAGE + 8];

			if (is && is != 0x5a)
				broken("wrong-content", "page %d holds 0x%02x", i, is);
			((volatile char *)shared)[i * PAGE + 8] = 0x5a;
		}
		hand_over();
	}
	return NULL;
}

void race_dropped(void)
{
	shared = map_pages(32, RW);
	start_all(drop_under);
	for (int i = 0; i < 32; i++)
		shared[i * PAGE + 8] = 0;
	must_be_zero(shared, 32, "after pages were dropped under writers");
}

/* Processes fork while threads of theirs fault. */
static void *fork_under(void *given)
{
	intptr_t me = (intptr_t)given;

	for (int round = 0; round < 12; round++) {
		int status, child;

		if (me) {
			volatile char *at = shared + (me * 12 + round) * PAGE;

			if (*at)
				broken("not-zero", "an untouched page while forking");
			hand_over();
			*at = me;
			if (*at != me)
				broken("lost-write", "a write while forking");
			continue;
		}
		child = fork();
		if (child < 0)
			broken("no-fork", "fork: %s", strerror(errno));
		if (!child) {
			for (int i = 0; i < THREADS * 12; i++) {
				char is = ((volatile char *)shared)[i * PAGE];

				if (is && is != i / 12)
					_exit(3);
				shared[i * PAGE] = 0x66;
			}
			_exit(0);
		}
		hand_over();
		if (waitpid(child, &status, 0) != child || status)
			broken("child-failed", "a child's wait status is 0x%x", status);
	}
	return NULL;
}

void race_fork(void)
{
	shared = map_pages(THREADS * 12, RW);
	start_all(fork_under);
	for (int i = 0; i < THREADS * 12; i++)
		if (shared[i * PAGE] != i / 12)
			broken("lost-write", "page %d holds 0x%02x", i, shared[i * PAGE]);
}

static int forced;

/* Stores through /proc/self/mem into a mapping that may only be read, while its pages are dropped
 * (CVE-2016-5195): they end in a private page, whatever lies below it. */
static void *force_stores(void *given)
{
	intptr_t me = (intptr_t)given;
	char bytes[PAGES / 2];

	memset(bytes, 0x6b, sizeof bytes);
	for (int round = 0; round < 150; round++) {
		if (me % 2) {
			madvise(shared, 4 * PAGE, MADV_DONTNEED);
			read_pages(shared, 4);
		} else if (pwrite(forced, bytes, sizeof bytes,
				  (off_t)(uintptr_t)(shared + round % 4 * PAGE)) < 0) {
			broken("short-write", "/proc/self/mem: %s", strerror(errno));
		}
		if (round % 8 == 0)
			hand_over();
	}
	return NULL;
}

static void race_forced(int file)
{
	shared = mmap(NULL, 4 * PAGE, PROT_READ,
		      MAP_PRIVATE | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
	if (shared == MAP_FAILED)
		broken("no-mmap", "mmap: %s", strerror(errno));
	forced = open("/proc/self/mem", O_RDWR);
	if (forced < 0)
		broken("no-mem", "/proc/self/mem: %s", strerror(errno));
	if (pwrite(forced, "", 1, (off_t)(uintptr_t)shared) != 1 && errno == EIO)
		skip("/proc/self/mem forces no store (CONFIG_PROC_MEM_ALWAYS_FORCE)");
	start_all(force_stores);
	close(forced);
}

void race_file(void)
{
	static char page[PAGE];
	int file = open("/dev/zp-file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (file < 0)
		skip("no file in /dev: %s", strerror(errno));
	memset(page, 0x2a, sizeof page);
	for (int i = 0; i < 4; i++)
		if (write(file, page, sizeof page) != sizeof page)
			broken("short-write", "write to a file: %s", strerror(errno));
	race_forced(file);
	unlink("/dev/zp-file");
	for (int i = 0; i < 4; i++) {
		if (pread(file, page, sizeof page, i * PAGE) != sizeof page)
			broken("short-read", "read of a file: %s", strerror(errno));
		for (unsigned j = 0; j < PAGE; j++)
			if (page[j] != 0x2a)
				broken("wrote", "byte %u of page %d of a file mapped for reading "
				       "was written", j, i);
	}
}

void race_zero(void)
{
	race_forced(-1);
	must_be_zero(map_pages(PAGES, RW), PAGES, "other memory after forced stores");
	must_be_zero(map_pages(PAGES, PROT_READ), PAGES, "read-only memory after forced stores");
}
