// SPDX-License-Identifier: GPL-2.0-only
/* A thread that may take the CPU at any moment wakes up while another is inside a fault, and touches
 * the very page. On one CPU only a kernel that can be preempted lets it. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { TRIES = 48, PAGES = 512, BUDGET_MS = 100, RW = PROT_READ | PROT_WRITE };

static char *shared;
static volatile int at, stop, hit;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wake up, and store a byte of one's own into the page that the other is about to touch; once for
 * each try. */
static void *intrude(void *given)
{
	struct sched_param first = {.sched_priority = 10};
	struct timespec moment = {0, 0};

	(void)given;
	/* musl's own does nothing. */
	if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &first))
		broken("no-scheduler", "SCHED_FIFO: %s", strerror(errno));
	for (int i = 0; !stop; i++) {
		int page;

		moment.tv_nsec = 300000 + i * 1237 % 4001;
		nanosleep(&moment, NULL);
		if (stop || hit >= 0)
			continue;
		page = at;
		((volatile char *)shared)[page * PAGE + 64] = 0x6d;
		hit = page;
	}
	return NULL;
}

/* On a CPU of its own the intruder would come beside the fault, not in its midst. */
static void stay_here(void)
{
	unsigned long mask = 1;

	if (syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask))
		broken("no-scheduler", "sched_setaffinity: %s", strerror(errno));
}

/* `touch` the pages of `fresh` memory, one by one, until the intruder has been there. */
static void meet(char *(*fresh)(void), void (*touch)(volatile char *page))
{
	long began = now_ms();
	pthread_t intruder;
	int tries = 0, met = 0;

	stay_here();
	hit = 0;
	if (pthread_create(&intruder, NULL, intrude, NULL))
		broken("no-thread", "pthread_create: %s", strerror(errno));
	for (; tries < TRIES && now_ms() - began < BUDGET_MS; tries++) {
		int page = 0;

		shared = fresh();
		at = 0;
		hit = -1;
		for (; page < PAGES && hit < 0; page++) {
			at = page;
			touch(shared + page * PAGE);
		}
		met += hit >= 0;
		while (hit < 0)
			sched_yield();
		if (((volatile char *)shared)[hit * PAGE + 64] != 0x6d)
			broken("lost-write", "try %d: the byte that was stored in the midst of a "
			       "fault of page %d is gone", tries, hit);
		munmap(shared - PAGE, (PAGES + 2) * PAGE);
	}
	stop = 1;
	pthread_join(intruder, NULL);
	note("%d tries, the other thread came in %d of them", tries, met);
}

static void load(volatile char *page)
{
	(void)*page;
}

static void store(volatile char *page)
{
	*page = 0x19;
}

static char *untouched(void)
{
	return map_pages(PAGES, RW);
}

void preempt_read(void)
{
	meet(untouched, load);
}

void preempt_write(void)
{
	meet(untouched, store);
}

static int holder;

/* Written, and shared with a child that does nothing. */
static char *copied(void)
{
	char *memory = map_pages(PAGES, RW);

	write_pages(memory, PAGES, 0x44);
	if (holder) {
		kill(holder, SIGKILL);
		waitpid(holder, NULL, 0);
	}
	holder = fork();
	if (holder < 0)
		broken("no-fork", "fork: %s", strerror(errno));
	if (!holder)
		for (;;)
			pause();
	return memory;
}

void preempt_copy(void)
{
	meet(copied, store);
}
