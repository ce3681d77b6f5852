// SPDX-License-Identifier: GPL-2.0-only
/* Locked memory: what is counted as locked, for the system and for the process, and what ends it. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

/* The kernel collects what it locks in batches of 15 pages, and counts in steps of a CPU's. */
enum { PAGES = 512, LAG = 64, RW = PROT_READ | PROT_WRITE, DONTNEED_LOCKED = 24 };

#define STATUS "/proc/self/status"

static long mlocked(void)
{
	long kilobytes = proc_field("/proc/meminfo", "Mlocked");

	if (kilobytes < 0)
		skip("/proc/meminfo without Mlocked (CONFIG_UNEVICTABLE_LRU)");
	return kilobytes / 4;
}

static long own_locked(void)
{
	return proc_field(STATUS, "VmLck") / 4;
}

static void lock(const char *memory, size_t pages)
{
	if (mlock(memory, pages * PAGE))
		broken("no-mlock", "mlock of %zu pages: %s", pages, strerror(errno));
}

enum end { BY_MUNMAP, BY_MUNLOCK, BY_MUNLOCKALL, BY_MAP, BY_SHRINKING, BY_DONTNEED, BY_EXIT, ENDS };

static const char *const end_names[ENDS] = {"munmap",  "munlock",	"munlockall", "MAP_FIXED",
					    "mremap to less", "MADV_DONTNEED_LOCKED", "exit"};

/* 0 where the kernel knows no such end. */
static int end_lock(enum end end, char *memory)
{
	switch (end) {
	case BY_MUNMAP: munmap(memory, PAGES * PAGE); break;
	case BY_MUNLOCK: munlock(memory, PAGES * PAGE); break;
	case BY_MUNLOCKALL: munlockall(); break;
	case BY_MAP:
		mmap(memory, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case BY_SHRINKING:
		if (mremap(memory, PAGES * PAGE, PAGE, 0) != memory)
			broken("no-mremap", "mremap: %s", strerror(errno));
		munlock(memory, PAGE);
		break;
	case BY_DONTNEED:
		if (madvise(memory, PAGES * PAGE, DONTNEED_LOCKED))
			return 0;
		munlock(memory, PAGES * PAGE);
		break;
	default: break;
	}
	return 1;
}

/* The pages of a locked mapping live on in a child, where nothing is locked. */
void lock_shared(void)
{
	long before = mlocked();

	for (enum end end = 0; end < ENDS; end++) {
		int holder, hold[2], locker, told[2], status;
		long locked, after;
		char byte;

		if (pipe(hold) || pipe(told))
			broken("no-pipe", "pipe: %s", strerror(errno));
		locker = branch();
		if (!locker) {
			char *memory = map_pages(PAGES, RW);

			fill_pages(memory, PAGES, 0x41);
			lock(memory, PAGES);
			locked = mlocked() - before;
			if (locked < PAGES - LAG || own_locked() != PAGES)
				broken("miscounted", "%d pages locked: Mlocked %+ld, VmLck %ld pages",
				       PAGES, locked, own_locked());
			if (!(holder = branch())) {
				close(hold[1]);
				if (own_locked())
					broken("inherited", "a child has %ld pages locked", own_locked());
				/* Copies of its own are not locked either. */
				fill_pages(memory, PAGES / 2, 0x42);
				if (write(told[1], "", 1) != 1 || read(hold[0], &byte, 1) < 0)
					_exit(1);
				must_be_filled(memory, PAGES / 2, 0x42, "a child's own pages");
				_exit(0);
			}
			if (read(told[0], &byte, 1) != 1)
				broken("no-child", "the child said nothing");
			locked = mlocked() - before;
			if (locked > PAGES + LAG)
				broken("miscounted", "Mlocked %+ld pages by a child's copies", locked);
			if (!end_lock(end, memory))
				_exit(7);
			if (end != BY_EXIT && own_locked())
				broken("miscounted", "VmLck is %ld pages after %s", own_locked(),
				       end_names[end]);
			_exit(0);
		}
		close(hold[0]);
		if (waitpid(locker, &status, 0) != locker || (status && WEXITSTATUS(status) != 7))
			WEXITSTATUS(status) == TOLD ? _exit(0) :
						      broken("child-killed", "status 0x%x", status);
		after = mlocked() - before;
		if (after > LAG || after < -LAG)
			broken("miscounted", "Mlocked %+ld pages after %s, and a child has the pages",
			       after, end_names[end]);
		/* Its end closes the pipe, and the child ends. */
		close(hold[1]);
		close(told[0]);
		close(told[1]);
	}
}

/* What is locked counts against the limit once, and no more when it is locked no more. */
void lock_limit(void)
{
	enum { MOST = 64, EACH = 48 };
	struct rlimit limit = {MOST * PAGE, MOST * PAGE};
	char *memory;

	if (!choice.as_init)
		skip("only init may be every user");
	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setresuid(65534, 65534, 65534))
		broken("no-limit", "setrlimit or setresuid: %s", strerror(errno));
	for (enum end end = 0; end < BY_EXIT; end++)
		for (int round = 0; round < 3; round++) {
			memory = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (mlock(memory, EACH * PAGE))
				broken("limited", "%d of %d pages are refused after %s: %s", EACH, MOST,
				       end_names[end], strerror(errno));
			if (!mlock(memory + EACH * PAGE, EACH * PAGE))
				broken("unlimited", "%d pages could be locked, the limit is %d",
				       2 * EACH, MOST);
			if (own_locked() != EACH)
				broken("miscounted", "VmLck is %ld pages", own_locked());
			end_lock(end, memory);
			munmap(memory, PAGES * PAGE);
			if (own_locked())
				broken("miscounted", "VmLck is %ld pages after %s", own_locked(),
				       end_names[end]);
		}
}

/* A locked mapping that grows is locked, and there, as a whole. */
void lock_grown(void)
{
	static unsigned char there[PAGES];
	char *memory = map_pages(PAGES / 2, RW), *grown;
	long before = mlocked(), after;

	lock(memory, PAGES / 2);
	grown = mremap(memory, PAGES / 2 * PAGE, PAGES * PAGE, MREMAP_MAYMOVE);
	if (grown == MAP_FAILED)
		broken("no-mremap", "mremap: %s", strerror(errno));
	after = mlocked() - before;
	if (own_locked() != PAGES || after < PAGES - LAG || after > PAGES + LAG)
		broken("miscounted", "%d pages are locked: VmLck %ld, Mlocked %+ld pages", PAGES,
		       own_locked(), after);
	if (mincore(grown, PAGES * PAGE, there) == 0)
		for (int i = 0; i < PAGES; i++)
			if (!(there[i] & 1))
				broken("not-present", "page %d of a locked mapping is not there", i);
	must_be_zero(grown, PAGES, "a locked mapping that has grown");
	munmap(grown, PAGES * PAGE);
	after = mlocked() - before;
	if (own_locked() || after > LAG || after < -LAG)
		broken("miscounted", "after munmap: VmLck %ld, Mlocked %+ld pages", own_locked(), after);
}
