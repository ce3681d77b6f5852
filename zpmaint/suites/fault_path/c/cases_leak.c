// SPDX-License-Identifier: GPL-2.0-only
/* Pages counted before and after many rounds of one thing: what it keeps of each round shows. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "area.h"
#include "cases.gen.h"
#include "memory.h"
#include "numbers.h"
#include "probe.h"
#include "rows.h"
#include "suite.h"
#include "tell.h"
#include "userfault.h"

/* Each round handles EACH pages. An eighth of all, lost, is told; the lag of the counters is less. */
enum { EACH = 80, ROUNDS = 20, HUGE_ROUNDS = 8, ALL = EACH * ROUNDS, RW = PROT_READ | PROT_WRITE };
enum { MADV_FREE_ = 8, MADV_HUGEPAGE_ = 14, PAGEOUT = 21, COLLAPSE = 25 };

#define MEMINFO "/proc/meminfo"

/* MemFree falls by what is kept; AnonPages, PageTables and the swap area by what is still counted. */
struct counts { long free, anon, tables, swap, locked; };

static struct counts now(void)
{
	return (struct counts){proc_field(MEMINFO, "MemFree"), proc_field(MEMINFO, "AnonPages"),
			       proc_field(MEMINFO, "PageTables"), proc_field(MEMINFO, "SwapFree"),
			       proc_field(MEMINFO, "Mlocked")};
}

/* `apart`: what else takes memory in these rounds and keeps it, as a RAM disk does that is swapped to. */
static void rounds_beside(const char *what, void (*once)(char *memory), size_t bytes, long apart)
{
	struct counts before = now(), after;
	long fell, most = ALL * 4 / 8;
	int count = bytes > HUGE ? HUGE_ROUNDS : ROUNDS;

	for (int round = 0; round < count + 2; round++) {
		char *memory = bytes > HUGE ? map_aligned(bytes, HUGE) : map_pages(bytes / PAGE, RW);

		/* The first ones fill what the kernel keeps at hand. */
		if (round == 2)
			before = now();
		once(memory);
		munmap(memory, bytes);
	}
	fell = free_fell(before.free, most + apart);
	after = now();
	note("%s: MemFree %+ld, AnonPages %+ld, PageTables %+ld, SwapFree %+ld, Mlocked %+ld kB", what,
	     -fell, after.anon - before.anon, after.tables - before.tables, after.swap - before.swap,
	     after.locked - before.locked);
	if (fell > most + apart)
		broken("leak", "%s: %ld of %d kB are gone", what, fell, ALL * 4);
	if (after.anon - before.anon > most || before.anon - after.anon > most ||
	    after.tables - before.tables > most || before.swap - after.swap > most ||
	    after.locked - before.locked > most)
		broken("miscounted", "%s: still counted, and gone", what);
}

static void rounds(const char *what, void (*once)(char *memory), size_t bytes)
{
	rounds_beside(what, once, bytes, 0);
}

static void in_child(void (*body)(char *memory), char *memory)
{
	int child = branch();

	if (!child) {
		body(memory);
		_exit(0);
	}
	join(child);
}

static void write_each(char *memory)
{
	write_pages(memory, EACH, 0x61);
}

static void do_fork(char *memory)
{
	write_each(memory);
	in_child(write_each, memory);
	write_each(memory);
}

static void do_drop(char *memory)
{
	read_pages(memory, EACH / 2);
	write_each(memory);
	madvise(memory, EACH * PAGE, MADV_DONTNEED);
	read_pages(memory, EACH);
}

static void do_move(char *memory)
{
	char *to = map_pages(EACH, RW);

	write_each(memory);
	to = mremap(memory, EACH * PAGE, EACH * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (to == MAP_FAILED)
		broken("no-mremap", "mremap: %s", strerror(errno));
	read_pages(to, EACH);
	munmap(to, EACH * PAGE);
}

static void do_protect(char *memory)
{
	read_pages(memory, EACH);
	mprotect(memory + EACH / 2 * PAGE, PAGE, PROT_READ);
	write_pages(memory, EACH / 2, 0x61);
	mprotect(memory, EACH * PAGE, PROT_NONE);
	mprotect(memory, EACH * PAGE, RW);
	write_each(memory);
}

static void do_lock(char *memory)
{
	read_pages(memory, EACH / 2);
	mlock(memory, EACH * PAGE);
	in_child(write_each, memory);
}

static void do_free(char *memory)
{
	write_each(memory);
	madvise(memory, EACH * PAGE, MADV_FREE_);
	write_pages(memory, EACH / 2, 0x62);
}

static void do_remote(char *memory)
{
	int file = open("/proc/self/mem", O_RDWR);

	read_pages(memory, EACH / 2);
	in_child(write_each, memory);
	for (int i = 0; i < EACH; i++)
		if (pwrite(file, "a", 1, (off_t)(unsigned long)(memory + i * PAGE)) != 1 && errno != EINVAL)
			break;
	close(file);
}

static void do_pipe(char *memory)
{
	struct iovec part = {memory, 8 * PAGE};
	int ends[2];

	write_each(memory);
	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	if (syscall(NR_VMSPLICE, ends[1], &part, 1L, 0L) < 0 && errno != ENOSYS)
		broken("no-vmsplice", "vmsplice: %s", strerror(errno));
	write_each(memory);
	close(ends[0]);
	close(ends[1]);
}

void leak_pages(void)
{
	rounds("fork", do_fork, EACH * PAGE);
	rounds("MADV_DONTNEED", do_drop, EACH * PAGE);
	rounds("mremap", do_move, EACH * PAGE);
	rounds("mprotect", do_protect, EACH * PAGE);
	rounds("mlock", do_lock, EACH * PAGE);
	rounds("MADV_FREE", do_free, EACH * PAGE);
	rounds("/proc/self/mem", do_remote, EACH * PAGE);
	rounds("vmsplice", do_pipe, EACH * PAGE);
}

/* A huge page by one store, and parts of it that go, are shared, are protected. */
static void do_huge(char *memory)
{
	madvise(memory, 2 * HUGE, MADV_HUGEPAGE_);
	*(volatile char *)memory = 1;
	read_pages(memory + HUGE, 1);
	in_child(write_each, memory);
	madvise(memory + 9 * PAGE, 3 * PAGE, MADV_DONTNEED);
	mprotect(memory + HUGE + 5 * PAGE, PAGE, PROT_READ);
	write_pages(memory, EACH, 0x62);
}

static void do_collapse(char *memory)
{
	write_each(memory);
	read_pages(memory + HUGE, 4);
	madvise(memory, 2 * HUGE, COLLAPSE);
	in_child(write_each, memory);
	write_each(memory);
}

void leak_huge(void)
{
	if (!choice.as_init)
		skip("only init changes the kernel's settings");
	if (huge_pages("madvise"))
		skip("no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	rounds("huge pages", do_huge, 2 * HUGE);
	rounds("MADV_COLLAPSE", do_collapse, 2 * HUGE);
}

static void do_swap(char *memory)
{
	write_each(memory);
	madvise(memory, EACH * PAGE, PAGEOUT);
	in_child(write_each, memory);
	read_pages(memory, EACH / 2);
	madvise(memory, EACH * PAGE, PAGEOUT);
	write_pages(memory, EACH / 4, 0x63);
}

void leak_swap(void)
{
	long pages;

	swap_on(&pages);
	rounds_beside("swap", do_swap, EACH * PAGE, pages * 4);
}

/* What UFFDIO_COPY and UFFDIO_ZEROPAGE take for a page that is there already comes back. */
static void do_userfault(char *memory)
{
	static char from[PAGE] __attribute__((aligned(4096)));
	int file = userfault_open(FEATURE_NONE, "plain interface");

	userfault_watch(file, memory, EACH, WATCH_MISSING);
	memset(from, 0x29, sizeof from);
	for (int i = 0; i < EACH; i++) {
		userfault_copy_to(file, memory + i * PAGE, from, 1);
		if (!userfault_copy_again(file, memory + i * PAGE, from))
			broken("overwritten", "UFFDIO_COPY to a page that is there is not refused");
	}
	for (int i = 0; i < EACH; i++)
		if (memory[i * PAGE] != 0x29 || memory[i * PAGE + PAGE - 1] != 0x29)
			broken("wrong-content", "page %d is not what UFFDIO_COPY gave", i);
	close(file);
}

void leak_userfault(void)
{
	close(userfault_open(FEATURE_NONE, "plain interface"));
	rounds("userfaultfd", do_userfault, EACH * PAGE);
}
