// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"
#include "numbers.h"
#include "probe.h"
#include "sharing.h"

enum { R = PROT_READ, RW = PROT_READ | PROT_WRITE, PIECE = 256, AT = 100, LENGTH = 8 };
enum { COLD = 20, PAGEOUT = 21, COLLAPSE = 25, MERGEABLE = 12, HUGEPAGE = 14, BASE = 0x31 };
#define WATCHED_FILE "/dev/zp-shared"

static char piece[PIECE];

/* The byte that every page holds but where a mark was stored. */
static int base_of(size_t page)
{
	return BASE + page * 7;
}

static void expected(char *into, int blank, size_t page, int mark)
{
	memset(into, blank ? 0 : base_of(page), PIECE);
	if (mark)
		memset(into + AT, mark + page, LENGTH);
}

static int blank; /* whether the pages were only read before the fork */

static void protect(const struct common *common, int rights)
{
	if (mprotect(common->memory, common->bytes, rights))
		fails("no-mprotect", "mprotect with rights %d: %s", rights, strerror(errno));
}

static void fill(const struct common *common)
{
	for (size_t i = 0; i < SHARED_PAGES; i++)
		memset(common->memory + i * PAGE, base_of(i), PAGE);
}

static char *map(size_t bytes, int flags, int file)
{
	char *memory = mmap(NULL, bytes, RW, flags, file, 0);

	if (memory == MAP_FAILED)
		fails("no-mmap", "mmap with flags 0x%x: %s", flags, strerror(errno));
	return memory;
}

static void move(struct common *common)
{
	char *to = map_aligned(common->bytes + HUGE, HUGE);

	to = mremap(common->memory, common->bytes, common->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (to == MAP_FAILED)
		fails("no-mremap", "mremap: %s", strerror(errno));
	common->memory = to;
}

static void map_file(struct common *common)
{
	static char page[PAGE];

	common->file = open(WATCHED_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (common->file < 0)
		fails("no-file", "a file in /dev: %s", strerror(errno));
	for (size_t i = 0; i < SHARED_PAGES; i++) {
		memset(page, base_of(i), PAGE);
		if (write(common->file, page, PAGE) != PAGE)
			fails("short-write", "write to a file: %s", strerror(errno));
	}
	common->memory = map(common->bytes, MAP_PRIVATE, common->file);
}

void common_make(const struct row *row, struct common *common)
{
	int subject = row->is[SUBJECT], file;

	memset(common, 0, sizeof *common);
	common->file = -1;
	common->bytes = SHARED_PAGES * PAGE;
	blank = subject == SUBJECT_READ;
	switch (subject) {
	case SUBJECT_DEVZERO:
	case SUBJECT_SHARED_ZERO:
		common->visible = subject == SUBJECT_SHARED_ZERO;
		file = open("/dev/zero", O_RDWR);
		common->memory = map(common->bytes, common->visible ? MAP_SHARED : MAP_PRIVATE, file);
		close(file);
		break;
	case SUBJECT_SHARED:
	case SUBJECT_SHARED_NORESERVE:
		common->visible = 1;
		common->memory = map(common->bytes,
				     MAP_SHARED | MAP_ANONYMOUS |
					     (subject == SUBJECT_SHARED ? 0 : MAP_NORESERVE),
				     -1);
		break;
	case SUBJECT_FILE:
	case SUBJECT_FILE_WRITTEN: map_file(common); break;
	case SUBJECT_HUGE:
	case SUBJECT_HUGE_PARTED:
		common->bytes = HUGE;
		common->memory = map_aligned(2 * HUGE, HUGE);
		madvise(common->memory, HUGE, HUGEPAGE);
		break;
	default: common->memory = map_pages(SHARED_PAGES, RW);
	}
	if (blank)
		read_pages(common->memory, SHARED_PAGES);
	else if (subject == SUBJECT_FILE || common->visible)
		read_pages(common->memory, SHARED_PAGES);
	if (!blank && subject != SUBJECT_FILE)
		fill(common);
	switch (subject) {
	case SUBJECT_MOVED: move(common); break;
	case SUBJECT_PROTECTED: protect(common, R); protect(common, RW); break;
	case SUBJECT_HUGE_PARTED: mprotect(common->memory + 9 * PAGE, PAGE, R); break;
	case SUBJECT_SWAPPED: madvise(common->memory, common->bytes, PAGEOUT); break;
	}
}

static int ends[2] = {-1, -1};

static void open_ends(void)
{
	if (ends[0] < 0 && pipe(ends))
		fails("no-pipe", "pipe: %s", strerror(errno));
}

/* As the kernel sees it: copied out by write(). */
static const char *by_kernel(const char *at)
{
	if (write(ends[1], at, PIECE) != PIECE || read(ends[0], piece, PIECE) != PIECE)
		fails("short-write", "write() out of the memory: %s", strerror(errno));
	return piece;
}

void common_look(const struct common *common)
{
	open_ends();
	for (size_t i = 0; i < SHARED_PAGES; i++) {
		(void)*(volatile char *)(common->memory + i * PAGE);
		by_kernel(common->memory + i * PAGE);
	}
}

void common_holds(const struct common *common, int mark, const char *when)
{
	char wanted[PIECE];

	open_ends();
	for (size_t i = 0; i < SHARED_PAGES; i++) {
		volatile char *at = common->memory + i * PAGE;
		const char *seen = by_kernel((char *)at);

		expected(wanted, blank, i, mark);
		for (int j = 0; j < PIECE; j++) {
			if (at[j] != wanted[j])
				fails("wrong-content", "%s: byte %d of page %zu is 0x%02x, not 0x%02x",
				      when, j, i, (unsigned char)at[j], (unsigned char)wanted[j]);
			if (seen[j] != wanted[j])
				fails("stale", "%s: the kernel sees 0x%02x in byte %d of page %zu, "
				      "which holds 0x%02x", when, (unsigned char)seen[j], j, i,
				      (unsigned char)wanted[j]);
		}
		if (at[PAGE - 1] != (blank ? 0 : base_of(i)))
			fails("wrong-content", "%s: the last byte of page %zu", when, i);
	}
}

struct range { uint64_t start, length, mode; int64_t done; };

/* Protect the pages from writing by a monitor, and end it. -1 where the kernel has none. */
static int watch(const struct common *common)
{
	struct { uint64_t api, features, ioctls; } api = {0xaa, 1, 0};
	struct range area = {(uintptr_t)common->memory, common->bytes, 2, 0};
	struct { uint64_t start, length, mode; } on = {area.start, area.length, 1};
	int file = syscall(NR_USERFAULTFD, O_CLOEXEC);

	if (file < 0 || syscall(SYS_ioctl, file, 0xc018aa3fUL, &api) ||
	    syscall(SYS_ioctl, file, 0xc020aa00UL, &area)) {
		close(file);
		return -1;
	}
	if (syscall(SYS_ioctl, file, 0xc018aa06UL, &on))
		fails("no-protect", "UFFDIO_WRITEPROTECT: %s", strerror(errno));
	on.mode = 0;
	if (syscall(SYS_ioctl, file, 0xc018aa06UL, &on))
		fails("no-protect", "UFFDIO_WRITEPROTECT back: %s", strerror(errno));
	close(file);
	return 0;
}

static void fork_again(void)
{
	int status, child = fork();

	if (!child)
		_exit(0);
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		fails("no-fork", "a further child");
}

/* What the kernel refuses, as it has not got it, is left out. */
static void advise(struct row *row, int property, const struct common *common, int advice)
{
	if (madvise(common->memory, common->bytes, advice) && errno == EINVAL) {
		outcome->left_out++;
		row->is[property] = 0;
	}
}

void common_change(struct row *row, struct common *common)
{
	switch (row->is[CHANGE]) {
	case CHANGE_R_RW: protect(common, R); protect(common, RW); break;
	case CHANGE_NONE_RW: protect(common, 0); protect(common, RW); break;
	case CHANGE_PART_R_RW:
		mprotect(common->memory + PAGE, PAGE, R);
		mprotect(common->memory + PAGE, PAGE, RW);
		break;
	case CHANGE_REMAPPED: move(common); break;
	case CHANGE_LOCKED:
		if (mlock(common->memory, common->bytes) || munlock(common->memory, common->bytes))
			fails("no-mlock", "mlock: %s", strerror(errno));
		break;
	case CHANGE_COLD: advise(row, CHANGE, common, COLD); break;
	case CHANGE_PAGEOUT: advise(row, CHANGE, common, PAGEOUT); break;
	case CHANGE_COLLAPSED: advise(row, CHANGE, common, COLLAPSE); break;
	case CHANGE_COMPACTED: put("/proc/sys/vm/compact_memory", "1"); break;
	case CHANGE_WATCHED:
		if (watch(common)) {
			outcome->left_out++;
			row->is[CHANGE] = CHANGE_NOTHING;
		}
		break;
	case CHANGE_MERGEABLE: advise(row, CHANGE, common, MERGEABLE); break;
	case CHANGE_FORKED: fork_again(); break;
	}
}

void common_other(struct row *row, struct common *common)
{
	switch (row->is[OTHER]) {
	case OTHER_R_RW: protect(common, R); protect(common, RW); break;
	case OTHER_REMAPPED: move(common); break;
	case OTHER_PART_DROPPED:
		/* Of a huge page another part; else the kernel's view of the others is what counts. */
		if (common->bytes > SHARED_PAGES * PAGE)
			madvise(common->memory + SHARED_PAGES * PAGE, PAGE, MADV_DONTNEED);
		break;
	case OTHER_LOCKED:
		if (mlock(common->memory, common->bytes) || munlock(common->memory, common->bytes))
			fails("no-mlock", "mlock: %s", strerror(errno));
		break;
	case OTHER_PAGEOUT: advise(row, OTHER, common, PAGEOUT); break;
	}
}

static long by_mem(const char *bytes, char *to)
{
	int file = open("/proc/self/mem", O_RDWR);
	long got = pwrite(file, bytes, LENGTH, (off_t)(uintptr_t)to);

	close(file);
	return got;
}

void common_store(struct row *row, struct common *common, int mark)
{
	char bytes[LENGTH];
	int how = row->is[STORE];

	open_ends();
	if (how == STORE_FORCED_READONLY)
		protect(common, R);
	for (size_t i = 0; i < SHARED_PAGES; i++) {
		char *to = common->memory + i * PAGE + AT;
		struct iovec here = {bytes, LENGTH}, there = {to, LENGTH};
		long stored = LENGTH;

		memset(bytes, mark + i, LENGTH);
		switch (how) {
		case STORE_READ:
			if (write(ends[1], bytes, LENGTH) != LENGTH)
				fails("short-write", "a pipe: %s", strerror(errno));
			stored = read(ends[0], to, LENGTH);
			break;
		case STORE_FORCED: stored = by_mem(bytes, to); break;
		case STORE_FORCED_READONLY:
			stored = by_mem(bytes, to);
			if (stored < 0 && errno == EIO) {
				/* No store by force (6.12 and later): CONFIG_PROC_MEM_ALWAYS_FORCE. */
				outcome->left_out++;
				row->is[STORE] = STORE_PLAIN;
				protect(common, RW);
				common_store(row, common, mark);
				return;
			}
			break;
		case STORE_REMOTE:
			stored = syscall(NR_PROCESS_VM_WRITEV, (long)getpid(), &here, 1L, &there, 1L, 0L);
			if (stored < 0 && errno == ENOSYS) {
				outcome->left_out++;
				row->is[STORE] = how = STORE_PLAIN;
				stored = LENGTH;
				memcpy(to, bytes, LENGTH);
			}
			break;
		default:
			for (int j = 0; j < LENGTH; j++)
				((volatile char *)to)[j] = bytes[j];
		}
		if (stored != LENGTH)
			fails("lost-write", "a store gave %ld: %s", stored, strerror(errno));
	}
}
