// SPDX-License-Identifier: GPL-2.0-only
/* References to pages that outlive their mapping, or go round it: pipes and direct I/O. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { PAGES = 8, RW = PROT_READ | PROT_WRITE };

static int ends[2], turn[2];

/* Put the pages themselves, not copies of them, into a pipe. */
static void splice_pages(char *memory)
{
	struct iovec pages = {memory, PAGES * PAGE};
	long done = syscall(SYS_vmsplice, ends[1], &pages, 1, 0);

	if (done < 0 && errno == ENOSYS)
		skip("no vmsplice");
	if (done != (long)(PAGES * PAGE))
		broken("short-splice", "vmsplice gave %ld: %s", done, strerror(errno));
}

/* What may not be read is not spliced either, though its pages are there. */
void splice_refused(void)
{
	char *memory = map_pages(PAGES, RW);
	struct iovec pages = {memory, PAGES * PAGE};
	long done;

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	fill_pages(memory, PAGES, 0x21);
	mprotect(memory, PAGES * PAGE, PROT_NONE);
	done = syscall(SYS_vmsplice, ends[1], &pages, 1, 0);
	if (done < 0 && errno == ENOSYS)
		skip("no vmsplice");
	if (done >= 0 || errno != EFAULT)
		broken("not-refused", "vmsplice of PROT_NONE memory gave %ld: %s", done, strerror(errno));
	mprotect(memory, PAGES * PAGE, RW);
	must_be_filled(memory, PAGES, 0x21, "after a splice that was refused");
}

static void read_back(char *into)
{
	for (size_t done = 0; done < PAGES * PAGE;) {
		long got = read(ends[0], into + done, PAGES * PAGE - done);

		if (got <= 0)
			broken("short-read", "read of the pipe: %s", strerror(errno));
		done += got;
	}
}

/* What a process spliced into a pipe, and then wrote: the page in the pipe is its own, or was the
 * zero page and stays zero. */
void splice_read(void)
{
	char *memory = map_pages(PAGES, RW), *seen = map_pages(PAGES, RW);

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	read_pages(memory, PAGES);
	splice_pages(memory);
	fill_pages(memory, PAGES, 0x17);
	fill_pages(seen, PAGES, 0xee);
	read_back(seen);
	must_be_filled(memory, PAGES, 0x17, "written after vmsplice");
	must_be_zero(map_pages(PAGES, RW), PAGES, "other memory, after vmsplice and a write");
	if (seen[0]) {
		must_be_filled(seen, PAGES, 0x17, "the page in the pipe");
		observe(PRIVATE);
	}
	must_be_zero(seen, PAGES, "the zero page in the pipe");
	observe(ZERO_PAGE);
}

/* A child keeps hold of a page through a pipe only; what its parent writes then must not get there
 * (CVE-2020-29374). Says whether it did. */
static int leaks(char *memory, unsigned char before)
{
	char *seen = map_pages(PAGES, RW);
	char byte;
	int child, got;

	if (pipe(ends) || pipe(turn))
		broken("no-pipe", "pipe: %s", strerror(errno));
	if (!(child = branch())) {
		splice_pages(memory);
		munmap(memory, PAGES * PAGE);
		if (write(turn[1], "!", 1) != 1)
			broken("no-pipe", "write to a pipe failed");
		_exit(0);
	}
	join(child);
	if (read(turn[0], &byte, 1) != 1)
		broken("no-pipe", "read from a pipe failed");
	fill_pages(memory, PAGES, 0x99);
	read_back(seen);
	must_be_filled(memory, PAGES, 0x99, "written after a child spliced it");
	got = (unsigned char)seen[5];
	if (got == 0x99)
		return 1;
	if (before)
		must_be_filled(seen, PAGES, before, "what a child spliced");
	else
		must_be_zero(seen, PAGES, "what a child spliced");
	return 0;
}

void splice_forked(void)
{
	char *memory = map_pages(PAGES, RW);

	read_pages(memory, PAGES);
	if (leaks(memory, 0)) {
		note("a parent's later writes to read memory are in its child's pipe");
		observe("leak");
	}
}

void splice_written(void)
{
	char *memory = map_pages(PAGES, RW);

	fill_pages(memory, PAGES, 0x18);
	if (leaks(memory, 0x18)) {
		note("a parent's later writes are in its child's pipe");
		observe("leak");
	}
}

/* The RAM disk, past the page cache. */
static int direct_disk(void)
{
	char text[32], *minor;
	int disk;

	if (getpid() == 1 || get("/sys/block/ram0/dev", text, sizeof text) <= 0 ||
	    !(minor = strchr(text, ':')))
		skip("no RAM disk (CONFIG_BLK_DEV_RAM)");
	unlink("/dev/zp-direct");
	mknod("/dev/zp-direct", S_IFBLK | 0600, makedev(atoi(text), atoi(minor + 1)));
	disk = open("/dev/zp-direct", O_RDWR | O_DIRECT);
	unlink("/dev/zp-direct");
	if (disk < 0)
		skip("the RAM disk cannot be opened with O_DIRECT: %s", strerror(errno));
	return disk;
}

static void direct(int disk, char *memory, int write_it)
{
	long done = write_it ? pwrite(disk, memory, PAGES * PAGE, 0) :
			       pread(disk, memory, PAGES * PAGE, 0);

	if (done != (long)(PAGES * PAGE))
		broken(write_it ? "short-write" : "short-read", "direct I/O gave %ld: %s", done,
		       strerror(errno));
}

/* Out of untouched and out of read memory: zeros arrive. */
void direct_out(void)
{
	char *memory = map_pages(PAGES, RW), *dirt = map_pages(PAGES, RW);
	int disk = direct_disk();

	for (int read = 0; read < 2; read++) {
		fill_pages(dirt, PAGES, 0x25);
		direct(disk, dirt, 1);
		if (read)
			read_pages(memory, PAGES);
		direct(disk, memory, 1);
		direct(disk, dirt, 0);
		must_be_zero(dirt, PAGES, "what direct I/O took out of memory nobody wrote");
		madvise(memory, PAGES * PAGE, MADV_DONTNEED);
	}
}

/* Into untouched and into read memory, and nowhere else. */
void direct_in(void)
{
	char *memory = map_pages(PAGES, RW), *from = map_pages(PAGES, RW);
	int disk = direct_disk(), child;

	fill_pages(from, PAGES, 0x26);
	direct(disk, from, 1);
	read_pages(memory, PAGES / 2);
	direct(disk, memory, 0);
	must_be_filled(memory, PAGES, 0x26, "read by direct I/O");
	must_be_zero(map_pages(PAGES, RW), PAGES, "other memory after direct I/O");
	madvise(memory, PAGES * PAGE, MADV_DONTNEED);
	read_pages(memory, PAGES);
	if (!(child = branch())) {
		direct(disk, memory, 0);
		must_be_filled(memory, PAGES, 0x26, "read by direct I/O in a child");
		_exit(0);
	}
	join(child);
	must_be_zero(memory, PAGES, "a parent's memory after direct I/O in its child");
}
