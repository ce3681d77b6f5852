// SPDX-License-Identifier: GPL-2.0-only
/* Memory runs short: what was read goes to the swap area and comes back, or its reader is killed. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "area.h"
#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { PAGES = 1024, RW = PROT_READ | PROT_WRITE };

static const char meminfo[] = "/proc/meminfo";

/* Be the first to go when memory ends, so that nobody else does. */
static void be_the_victim(void)
{
	if (put("/proc/self/oom_score_adj", "1000"))
		put("/proc/self/oom_adj", "15");
}

/* Fill memory until only `left` kB are free, quickly: by huge pages where there are any. What the
 * kernel keeps back, more where it has huge pages, is made little first. */
static void fill_memory(long left)
{
	enum { FILLED = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE };
	volatile char *memory;
	long bytes;

	huge_pages("always");
	put("/proc/sys/vm/min_free_kbytes", "2048");
	bytes = (proc_field(meminfo, "MemFree") - left) << 10;
	memory = mmap(NULL, bytes, RW, FILLED, -1, 0);
	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of %ld bytes: %s", bytes, strerror(errno));
	for (long at = 0; at < bytes; at += PAGE) /* MAP_POPULATE did nothing here in old 2.6 */
		memory[at] = 1;
	huge_pages("never");
}

static long long kept_back;

/* Before a case that fills memory: what the kernel keeps back comes back after it. */
static void note_kept_back(void)
{
	kept_back = number_in("/proc/sys/vm/min_free_kbytes");
}

static void restore_kept_back(void)
{
	if (kept_back > 0)
		put_number("/proc/sys/vm/min_free_kbytes", kept_back);
}

static int wait_status(int child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		broken("no-child", "waitpid: %s", strerror(errno));
	return status;
}

static long swapped(void)
{
	return (proc_field(meminfo, "SwapTotal") - proc_field(meminfo, "SwapFree")) / 4;
}

enum { YOUNGER = 128 };

/* Get the pages out of memory: by asking (5.4 and later), else by another process that takes more
 * than there is, and ends. Pages written after them tell when it was enough: the oldest go first. */
static void push_out(char *memory, size_t pages)
{
	enum { ROUNDS = 4 };
	char *younger = map_pages(YOUNGER, RW);
	long before = swapped();

	fill_pages(younger, YOUNGER, 0x2e);
	if (!madvise(younger, YOUNGER * PAGE, MADV_PAGEOUT_)) {
		madvise(memory, pages * PAGE, MADV_PAGEOUT_);
		return;
	}
	note_kept_back();
	for (int round = 0; round < ROUNDS && swapped() - before < YOUNGER; round++) {
		int child = branch();

		if (!child) {
			be_the_victim();
			fill_memory(-(8L << 10));
			_exit(0);
		}
		wait_status(child);
	}
	restore_kept_back();
}

/* From f50de2d3 (2.6.33-rc1) to de3fab39348 (-rc5) kswapd goes round for ever on a single CPU where no
 * zone has anything left to reclaim: -rc4 with that one mend gets through. */
static void skip_where_swap_hangs(void)
{
	struct utsname name;

	uname(&name);
	if (!choice.full && !strncmp(name.release, "2.6.33-rc", 9) && name.release[9] < '5')
		skip("%s stands still when a single CPU swaps", name.release);
}

void swap_read(void)
{
	char *memory = map_pages(PAGES, RW);
	long before, out, resident, gone, shared, written;

	skip_where_swap_hangs();
	if (madvise(memory, PAGE, MADV_PAGEOUT_) && !choice.full &&
	    proc_field(meminfo, "MemTotal") > 512 << 10)
		skip("without MADV_PAGEOUT all of %ld MB would have to run short",
		     proc_field(meminfo, "MemTotal") >> 10);
	swap_on(NULL);
	before = swapped();
	read_pages(memory, PAGES);
	resident = statm_anon();
	push_out(memory, PAGES);
	out = swapped() - before - YOUNGER;
	gone = resident - statm_anon();
	note("%d pages read and pushed out: %ld are in the swap area, %ld are not here any more", PAGES,
	     out, gone);
	must_be_zero(memory, PAGES / 2, "read memory that went to the swap area");
	swap_off();
	if (swapped())
		broken("swap-count", "%ld pages are out after swapoff", swapped());
	must_be_zero(memory, PAGES, "read memory after swapoff");
	statm(&resident, &shared);
	write_pages(memory, PAGES, 4);
	must_be_written(memory, PAGES, 4, "written after it came back");
	statm(&resident, &written);
	/* Some pages of other processes go, too. */
	if (out > -YOUNGER && out <= PAGES / 8)
		observe(ZERO_PAGE);
	/* A page has its place there before it leaves: it may never find out who maps it. */
	if (out >= PAGES / 4 && gone < PAGES / 16)
		broken("not-gone", "%ld pages have a place in the swap area, %ld left memory", out, gone);
	/* It is anonymous memory as before, and not a file's. Up to 2.6.23 the zero page is one. */
	if (out >= PAGES / 4 && (written - shared > PAGES / 8 || shared - written > PAGES / 8))
		broken("miscounted", "%+ld pages of files, by writing what came back", written - shared);
	if (out >= PAGES / 4)
		observe(PRIVATE);
	broken("mixed", "neither none nor most of the pages were swapped");
}

/* Read pages, written pages and untouched ones go out together, before a fork and after it. */
void swap_content(void)
{
	char *memory = map_pages(PAGES, RW), *written = memory + PAGES / 2 * PAGE;
	int child;

	swap_on(NULL);
	for (int round = 0; round < 3; round++) {
		read_pages(memory, PAGES / 4);
		fill_pages(written, PAGES / 2, 0x51 + round);
		push_out(memory, PAGES);
		if (!swapped())
			broken("not-swapped", "nothing went to the swap area");
		if (!(child = branch())) {
			must_be_zero(memory, PAGES / 2, "in a child, after the swap area");
			must_be_filled(written, PAGES / 2, 0x51 + round, "in a child");
			fill_pages(memory, PAGES, 0x60);
			_exit(0);
		}
		join(child);
		must_be_zero(memory, PAGES / 2, "read memory, back from the swap area");
		must_be_filled(written, PAGES / 2, 0x51 + round, "written memory, back from there");
	}
}

void swap_off_again(void)
{
	char *memory = map_pages(PAGES, RW);
	long before;

	swap_on(NULL);
	read_pages(memory, PAGES / 2);
	fill_pages(memory + PAGES / 2 * PAGE, PAGES / 2, 0x57);
	push_out(memory, PAGES);
	before = swapped();
	swap_off();
	note("%ld pages were in the swap area, %ld are after swapoff", before, swapped());
	if (swapped() || before < PAGES / 4)
		broken("swap-count", "%ld pages out, %ld after swapoff", before, swapped());
	must_be_zero(memory, PAGES / 2, "read memory after swapoff");
	must_be_filled(memory + PAGES / 2 * PAGE, PAGES / 2, 0x57, "written memory after swapoff");
}

/* Reads of more memory than there is: free of charge with the zero page, the end of the reader
 * without it, and of nobody else. */
void oom_read(void)
{
	enum { LEFT = 24 << 10, READ = 40 << 10 }; /* kB */
	char *kept = map_pages(16, RW);
	int child, status;

	if (!choice.as_init)
		skip("only init may use up the memory");
	fill_pages(kept, 16, 0x71);
	note_kept_back();
	if (!(child = branch())) {
		char *memory = map_pages(READ / 4, RW);

		be_the_victim();
		fill_memory(LEFT);
		must_be_zero(memory, READ / 4, "more memory than there is");
		_exit(0);
	}
	status = wait_status(child);
	restore_kept_back();
	must_be_filled(kept, 16, 0x71, "after memory ran out");
	must_be_zero(map_pages(PAGES, RW), PAGES, "memory that ran out, and was given back");
	note("a reader of %d MB with %d MB free: wait status 0x%x", READ >> 10, LEFT >> 10, status);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		observe(PRIVATE);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		observe(ZERO_PAGE);
	if (WIFEXITED(status) && WEXITSTATUS(status) == TOLD)
		_exit(0);
	broken("child-killed", "the reader ended with wait status 0x%x", status);
}

/* Every second of eight parts may be executed, too: a mapping of its own. */
static char *in_parts(char *memory, size_t pages)
{
	for (size_t part = 1; part < 8; part += 2)
		mprotect(memory + part * pages / 8 * PAGE, pages / 8 * PAGE, RW | PROT_EXEC);
	return memory;
}

/* mlockall() of more memory than there is: shared with the parent, untouched, and in mappings that
 * have never held a page. Whose allocation then fails, whichever it is, ends; nobody else does. */
void oom_locked(void)
{
	enum { LEFT = 16 << 10, SHARED = 4096, UNTOUCHED = 8192, MAPPINGS = 512 };
	char *kept = map_pages(16, RW), *shared = map_pages(SHARED, RW), *again;
	long before = proc_field(meminfo, "AnonPages"), left;
	int child, status;

	if (!choice.as_init)
		skip("only init may use up the memory");
	if (!choice.full && proc_field(meminfo, "MemTotal") > 512 << 10)
		skip("to use up more than 512 MB takes seconds: only in the full profile");
	fill_pages(kept, 16, 0x71);
	write_pages(shared, SHARED, 0x33);
	note_kept_back();
	put("/proc/sys/vm/overcommit_memory", "1");
	if (!(child = branch())) {
		char *many;

		be_the_victim();
		fill_memory(LEFT);
		in_parts(shared, SHARED);
		in_parts(map_pages(UNTOUCHED, RW), UNTOUCHED);
		many = map_pages(2 * MAPPINGS, PROT_NONE);
		for (int i = 0; i < MAPPINGS; i++)
			mprotect(many + 2 * i * PAGE, PAGE, RW);
		mlockall(MCL_CURRENT);
		_exit(0);
	}
	status = wait_status(child);
	put("/proc/sys/vm/overcommit_memory", "0");
	restore_kept_back();
	must_be_filled(kept, 16, 0x71, "after memory ran out");
	must_be_written(shared, SHARED, 0x33, "shared memory that a child tried to lock");
	again = map_pages(PAGES, RW);
	must_be_zero(again, PAGES, "memory that ran out, and was given back");
	note("a child that locks %d MB with %d MB free: wait status 0x%x", (SHARED + UNTOUCHED) * 4 >> 10,
	     LEFT >> 10, status);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		broken("not-killed", "who locks more memory than there is ends with wait status 0x%x", status);
	munmap(shared, SHARED * PAGE);
	munmap(again, PAGES * PAGE);
	/* Not MemFree: from 6.7 on a CPU keeps a hundred MB for itself. */
	left = proc_field(meminfo, "AnonPages") - before;
	if (left < -1024 || left > 1024)
		broken("miscounted", "AnonPages is off by %ld kB after a child that was killed", left);
}

/* The commit limit counts mappings when they are made: reading them changes nothing. */
void overcommit_read(void)
{
	enum { COUNTED = 4096 };
	long before = proc_field(meminfo, "Committed_AS"), mapped, read;
	char *memory = map_pages(COUNTED, RW);

	if (before < 0)
		broken("no-committed", "/proc/meminfo without Committed_AS");
	mapped = proc_field(meminfo, "Committed_AS") - before;
	read_pages(memory, COUNTED);
	read = proc_field(meminfo, "Committed_AS") - before - mapped;
	note("%d pages mapped: Committed_AS %+ld kB; read: %+ld kB", COUNTED, mapped, read);
	if (mapped < COUNTED * 4 - 512 || mapped > COUNTED * 4 + 512)
		broken("miscounted", "Committed_AS does not hold what was mapped");
	if (read > 256 || read < -256)
		broken("miscounted", "Committed_AS changed by reading");
	if (!choice.as_init)
		return;
	if (put("/proc/sys/vm/overcommit_memory", "2"))
		skip("no /proc/sys/vm/overcommit_memory (CONFIG_PROC_SYSCTL)");
	mapped = (long)(proc_field(meminfo, "MemTotal") * 2);
	if (mmap(NULL, (size_t)mapped << 10, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		broken("overcommitted", "a mapping beyond the commit limit was made");
	must_be_zero(memory, COUNTED, "under the strict commit limit");
	put("/proc/sys/vm/overcommit_memory", "0");
}
