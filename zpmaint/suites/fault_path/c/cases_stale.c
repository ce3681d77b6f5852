// SPDX-License-Identifier: GPL-2.0-only
/* What a processor remembers of the page tables (the TLB) after they changed. Each change follows an
 * access right away, by the process and by the kernel on its behalf, which a processor may remember
 * apart; whatever switches to another process in between would forget both. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "suite.h"
#include "tell.h"

enum { R = PROT_READ, RW = PROT_READ | PROT_WRITE, PIECE = 64, OLD = 0x2a, NEW = 0x3b };
/* Few pages are flushed one by one, many all at once. */
enum { FEW = 3, MANY = 80, SIZES = 3 };
enum { MADV_FREE_ = 8, PAGEOUT = 21 };

static int ends[2];
static char piece[PIECE];
static const char *what; /* the change, for people */

/* Copied out by write(): 0 where the kernel may not. */
static int kernel_reads(const char *at)
{
	long sent = write(ends[1], at, PIECE);

	if (sent < 0)
		return 0;
	if (sent != PIECE || read(ends[0], piece, PIECE) != PIECE)
		broken("short-write", "%s: %ld bytes of a pipe", what, sent);
	return 1;
}

/* Copied in by read(). */
static int kernel_writes(char *at, int byte)
{
	static char from[PIECE];
	long got;

	memset(from, byte, PIECE);
	if (write(ends[1], from, PIECE) != PIECE)
		broken("short-write", "%s: into a pipe", what);
	got = read(ends[0], at, PIECE);
	if (got == PIECE)
		return 1;
	/* What was not taken is still there. */
	while (got < PIECE) {
		long more = read(ends[0], piece, PIECE - (got > 0 ? got : 0));

		if (more <= 0)
			break;
		got = (got > 0 ? got : 0) + more;
	}
	return 0;
}

/* Fill both memories of the processor: entries that may be written. */
static void use(char *memory, size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		char *at = memory + i * PAGE;

		memset(at, OLD, PAGE);
		kernel_writes(at, OLD);
		(void)*(volatile char *)at;
		kernel_reads(at);
	}
}

/* Every page holds `byte` in whichever way it is looked at. */
static void hold(const char *memory, size_t pages, int byte)
{
	for (size_t i = 0; i < pages; i++) {
		const char *at = memory + i * PAGE;

		if (*(volatile const char *)at != byte)
			broken("stale", "%s: a load from page %zu of %zu finds 0x%02x, not 0x%02x",
			       what, i, pages, *(volatile const unsigned char *)at, byte);
		if (!kernel_reads(at) || piece[0] != byte)
			broken("stale", "%s: write() from page %zu of %zu finds 0x%02x, not 0x%02x",
			       what, i, pages, (unsigned char)piece[0], byte);
	}
}

static void refuse_loads(char *memory, size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		if (kernel_reads(memory + i * PAGE))
			broken("stale", "%s: write() from page %zu of %zu is not refused", what, i,
			       pages);
		if (!load_refused(memory + i * PAGE))
			broken("stale", "%s: a load from page %zu of %zu is not refused", what, i,
			       pages);
	}
}

static void refuse_stores(char *memory, size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		if (kernel_writes(memory + i * PAGE, NEW))
			broken("stale", "%s: read() into page %zu of %zu is not refused", what, i,
			       pages);
		if (!store_refused(memory + i * PAGE))
			broken("stale", "%s: a store into page %zu of %zu is not refused", what, i,
			       pages);
	}
	hold(memory, pages, OLD);
}

/* The memory of one round: base pages, few or many, or a huge page. */
static size_t pages_of(int size)
{
	return size == 0 ? FEW : size == 1 ? MANY : HUGE / PAGE;
}

static char *memory_of(int size)
{
	char *memory;

	if (size < 2)
		return map_pages(pages_of(size), RW);
	memory = map_aligned(HUGE, HUGE);
	madvise(memory, HUGE, 14 /* MADV_HUGEPAGE */);
	return memory;
}

/* Of a huge page some base pages stand for all. */
static size_t looked_at(int size)
{
	return size < 2 ? pages_of(size) : FEW;
}

static void begin(void)
{
	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	if (choice.as_init)
		huge_pages("madvise");
}

void stale_protect(void)
{
	begin();
	for (int size = 0; size < SIZES; size++) {
		size_t pages = pages_of(size), looked = looked_at(size);
		char *memory = memory_of(size);

		what = "mprotect to reading";
		use(memory, looked);
		mprotect(memory, pages * PAGE, R);
		refuse_stores(memory, looked);
		what = "mprotect to writing again";
		mprotect(memory, pages * PAGE, RW);
		use(memory, looked);
		what = "mprotect to nothing";
		mprotect(memory, pages * PAGE, PROT_NONE);
		refuse_loads(memory, looked);
		mprotect(memory, pages * PAGE, RW);
		what = "mprotect from nothing to writing";
		hold(memory, looked, OLD);
		use(memory, looked);
		what = "mprotect of one page to nothing";
		mprotect(memory + PAGE, PAGE, PROT_NONE);
		refuse_loads(memory + PAGE, 1);
		hold(memory, 1, OLD);
		hold(memory + 2 * PAGE, 1, OLD);
		munmap(memory, pages * PAGE);
	}
}

void stale_dropped(void)
{
	begin();
	for (int size = 0; size < SIZES; size++) {
		size_t pages = pages_of(size), looked = looked_at(size);
		char *memory = memory_of(size);

		what = "MADV_DONTNEED";
		use(memory, looked);
		madvise(memory, pages * PAGE, MADV_DONTNEED);
		hold(memory, looked, 0);
		what = "MADV_DONTNEED of one page";
		use(memory, looked);
		madvise(memory + PAGE, PAGE, MADV_DONTNEED);
		hold(memory + PAGE, 1, 0);
		hold(memory, 1, OLD);
		what = "a mapping in the same place";
		use(memory, looked);
		if (mmap(memory, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != memory)
			broken("no-mmap", "MAP_FIXED: %s", strerror(errno));
		hold(memory, looked, 0);
		what = "munmap of one page";
		use(memory, looked);
		munmap(memory + PAGE, PAGE);
		refuse_loads(memory + PAGE, 1);
		hold(memory, 1, OLD);
		what = "munmap";
		munmap(memory, pages * PAGE);
		refuse_loads(memory, looked);
	}
}

void stale_moved(void)
{
	begin();
	for (int size = 0; size < SIZES; size++) {
		size_t pages = pages_of(size), looked = looked_at(size);
		char *memory = memory_of(size), *to = map_aligned(pages * PAGE + HUGE, HUGE), *back;

		what = "mremap";
		use(memory, looked);
		to = mremap(memory, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		if (to == MAP_FAILED)
			broken("no-mremap", "mremap: %s", strerror(errno));
		refuse_loads(memory, looked);
		hold(to, looked, OLD);
		use(to, looked);
		what = "mremap back, and another mapping where it was";
		back = mremap(to, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, memory);
		if (back != memory)
			broken("no-mremap", "mremap back: %s", strerror(errno));
		if (mmap(to, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != to)
			broken("no-mmap", "MAP_FIXED: %s", strerror(errno));
		hold(to, looked, 0);
		hold(memory, looked, OLD);
		munmap(memory, pages * PAGE);
		munmap(to, pages * PAGE);
	}
}

/* Stores that come right after a fork, or into a page that was shared when it was looked at last. */
void stale_copied(void)
{
	begin();
	for (int size = 0; size < SIZES; size++)
		for (int by_kernel = 0; by_kernel < 2; by_kernel++) {
			size_t looked = looked_at(size);
			char *memory = memory_of(size);
			int child, go[2];
			char byte;

			what = by_kernel ? "read() into memory after a fork" : "stores after a fork";
			if (pipe(go))
				broken("no-pipe", "pipe: %s", strerror(errno));
			use(memory, looked);
			if (!(child = branch())) {
				if (read(go[0], &byte, 1) != 1)
					_exit(1);
				what = "in a child, after its parent stored";
				hold(memory, looked, OLD);
				_exit(0);
			}
			for (size_t i = 0; i < looked; i++)
				if (!by_kernel)
					memset(memory + i * PAGE, NEW, PIECE);
				else if (!kernel_writes(memory + i * PAGE, NEW))
					broken("refused", "%s: page %zu", what, i);
			hold(memory, looked, NEW);
			if (write(go[1], "", 1) != 1)
				broken("no-pipe", "write: %s", strerror(errno));
			join(child);
			close(go[0]);
			close(go[1]);
			what = "after the child has ended";
			hold(memory, looked, NEW);
			munmap(memory, pages_of(size) * PAGE);
		}
}

/* Read first, so that what is remembered may be read: a store by the other way copies the page. */
void stale_shared(void)
{
	begin();
	for (int size = 0; size < SIZES; size++)
		for (int by_kernel = 0; by_kernel < 2; by_kernel++) {
			size_t looked = looked_at(size);
			char *memory = memory_of(size);
			int child, go[2];
			char byte;

			if (pipe(go))
				broken("no-pipe", "pipe: %s", strerror(errno));
			use(memory, looked);
			if (!(child = branch())) {
				if (read(go[0], &byte, 1) != 1)
					_exit(1);
				what = "in a child that looks after its parent stored";
				hold(memory, looked, OLD);
				_exit(0);
			}
			what = by_kernel ? "read() into a page that was looked at" :
					   "a store into a page that was looked at";
			for (size_t i = 0; i < looked; i++) {
				char *at = memory + i * PAGE;

				(void)*(volatile char *)at;
				kernel_reads(at);
				if (!by_kernel)
					memset(at, NEW, PIECE);
				else if (!kernel_writes(at, NEW))
					broken("refused", "%s: page %zu", what, i);
				hold(at, 1, NEW);
			}
			if (write(go[1], "", 1) != 1)
				broken("no-pipe", "write: %s", strerror(errno));
			join(child);
			close(go[0]);
			close(go[1]);
			munmap(memory, pages_of(size) * PAGE);
		}
}

/* A file's page that was looked at, and then its private copy. */
void stale_file(void)
{
	static char page[PAGE];
	int file = open("/dev/zp-stale", O_RDWR | O_CREAT | O_TRUNC, 0600);

	begin();
	if (file < 0)
		broken("no-file", "a file in /dev: %s", strerror(errno));
	memset(page, OLD, PAGE);
	for (int i = 0; i < FEW; i++)
		if (write(file, page, PAGE) != (ssize_t)PAGE)
			broken("short-write", "a file: %s", strerror(errno));
	for (int by_kernel = 0; by_kernel < 2; by_kernel++) {
		char *memory = mmap(NULL, FEW * PAGE, RW, MAP_PRIVATE, file, 0);

		what = by_kernel ? "read() into a private page of a file" :
				   "a store into a private page of a file";
		for (int i = 0; i < FEW; i++) {
			char *at = memory + i * PAGE;

			hold(at, 1, OLD);
			if (!by_kernel)
				memset(at, NEW, PIECE);
			else
				kernel_writes(at, NEW);
			hold(at, 1, NEW);
			if (pread(file, page, PAGE, i * PAGE) != (ssize_t)PAGE || page[0] != OLD)
				broken("wrote", "%s: the file's page %d holds 0x%02x", what, i, page[0]);
		}
		munmap(memory, FEW * PAGE);
	}
	unlink("/dev/zp-stale");
}

/* MADV_FREE takes the mark that a page was written: a store that follows has to set it again, or
 * reclaim drops the page with what was stored. */
void stale_freed(void)
{
	char *memory = map_pages(MANY, RW);

	begin();
	what = "a store after MADV_FREE";
	use(memory, MANY);
	if (madvise(memory, MANY * PAGE, MADV_FREE_))
		skip("madvise with MADV_FREE: %s", strerror(errno));
	for (int i = 0; i < MANY; i++)
		if (i % 2)
			memset(memory + i * PAGE, NEW, PIECE);
		else
			kernel_writes(memory + i * PAGE, NEW);
	if (madvise(memory, MANY * PAGE, PAGEOUT))
		skip("madvise with MADV_PAGEOUT: %s", strerror(errno));
	hold(memory, MANY, NEW);
}
