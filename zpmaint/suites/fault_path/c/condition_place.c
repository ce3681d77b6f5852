// SPDX-License-Identifier: GPL-2.0-only
/* Memory as a condition says that it was made. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "condition.h"
#include "memory.h"
#include "numbers.h"
#include "suite.h"

enum { R = PROT_READ, RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC };
enum { FEW = 32, TABLE = HUGE / PAGE, WIDE = TABLE + FEW, MANY = 4 * TABLE };
enum { PRIVATE_ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static char bss[(WIDE + 1) * PAGE] __attribute__((aligned(4096)));

static char *map(char *at, size_t pages, int flags, int file)
{
	char *memory = mmap(at, pages * PAGE, RW, flags, file, 0);

	if (memory == MAP_FAILED)
		fails("no-mmap", "mmap of %zu pages with flags 0x%x: %s", pages, flags, strerror(errno));
	return memory;
}

/* Room of the wanted size between pages that nobody may use: one more huge page than asked for, where
 * it is to begin at a multiple of that. */
static char *room(size_t pages, int flags, int huge)
{
	size_t all = pages + 2 + (huge ? TABLE : 0);
	char *memory = map(NULL, all, flags, -1), *start = memory + PAGE;

	if (huge)
		start = (char *)(((uintptr_t)start + HUGE - 1) & ~(HUGE - 1));
	munmap(memory, start - memory);
	munmap(start + pages * PAGE, memory + all * PAGE - (start + pages * PAGE));
	return start;
}

static char *from_zero_device(size_t pages, int huge)
{
	int file = open("/dev/zero", O_RDWR);
	char *start = room(pages, PRIVATE_ANON, huge);

	if (file < 0)
		fails("no-device", "/dev/zero: %s", strerror(errno));
	map(start, pages, MAP_PRIVATE | MAP_FIXED, file);
	close(file);
	return start;
}

static char *heap(size_t pages)
{
	/* musl's sbrk() refuses to move it. */
	uintptr_t now = syscall(SYS_brk, 0L), start = (now + 2 * PAGE - 1) & ~(PAGE - 1);
	uintptr_t end = start + pages * PAGE;

	if ((uintptr_t)syscall(SYS_brk, end) != end)
		fails("no-brk", "brk of %zu pages", pages);
	return (char *)start;
}

static char *made(struct row *condition, size_t pages, int huge)
{
	char *start;

	switch (condition->is[MEMORY]) {
	case MEMORY_NORESERVE:
		return room(pages, PRIVATE_ANON | MAP_NORESERVE, huge);
	case MEMORY_GROWSDOWN:
		/* Nothing may be near below: the kernel keeps a gap there. */
		start = room(pages + MANY, PRIVATE_ANON, huge);
		munmap(start, (pages + MANY) * PAGE);
		return map(start + MANY * PAGE, pages, PRIVATE_ANON | MAP_FIXED | MAP_GROWSDOWN, -1);
#ifdef __x86_64__
	case MEMORY_LOW:
		return room(pages, PRIVATE_ANON | MAP_32BIT, huge);
	case MEMORY_HIGH:
		start = (char *)0x5ffffe000000;
		if (!huge)
			start += 0x200000 - FEW / 2 * PAGE;
		return map(start, pages, PRIVATE_ANON | MAP_FIXED, -1);
#endif
	case MEMORY_BRK:
		return heap(pages);
	case MEMORY_BSS:
		return bss;
	case MEMORY_DEVZERO:
		return from_zero_device(pages, huge);
	case MEMORY_OVER:
		start = room(pages, PRIVATE_ANON, huge);
		fill_pages(start, pages < FEW ? pages : FEW, 0x33);
		return map(start, pages, PRIVATE_ANON | MAP_FIXED, -1);
	case MEMORY_LOCKED:
		start = room(pages, PRIVATE_ANON, huge);
		if (syscall(NR_MLOCK_TWO, start, pages * PAGE, 1 /* MLOCK_ONFAULT */))
			fails("no-mlock", "mlock2: %s", strerror(errno));
		return start;
	case MEMORY_SHOT:
		start = room(pages + 2 * MANY, PRIVATE_ANON, huge);
		munmap(start, MANY * PAGE);
		munmap(start + (MANY + pages) * PAGE, MANY * PAGE);
		return start + MANY * PAGE;
	default:
		condition->is[MEMORY] = condition->is[MEMORY] == MEMORY_PAGE ? MEMORY_PAGE : MEMORY_PLAIN;
		return room(pages, PRIVATE_ANON, huge);
	}
}

struct range { uint64_t start, length, mode; int64_t done; };

/* 0, or -1 where the kernel has no monitor of writes. */
static int watch(char *memory, size_t pages)
{
	struct { uint64_t api, features, ioctls; } api = {0xaa, 1 /* PAGEFAULT_FLAG_WP */, 0};
	struct range area = {(uintptr_t)memory, pages * PAGE, 2 /* MODE_WP */, 0};
	int file = syscall(NR_USERFAULTFD, O_CLOEXEC);

	if (file < 0 || syscall(SYS_ioctl, file, 0xc018aa3fUL, &api))
		return -1;
	return syscall(SYS_ioctl, file, 0xc020aa00UL, &area) ? -1 : 0;
}

/* By madvise()'s own numbers: libc's headers may be older. */
static const int advices[] = {
	[ADVICE_HUGEPAGE] = 14,	   [ADVICE_NOHUGEPAGE] = 15, [ADVICE_DONTFORK] = 10,
	[ADVICE_WIPEONFORK] = 18,  [ADVICE_DONTDUMP] = 16,   [ADVICE_SEQUENTIAL] = 2,
	[ADVICE_RANDOM] = 1,	   [ADVICE_MERGEABLE] = 12,  [ADVICE_FREE] = 8,
	[ADVICE_DONTNEED] = 4,	   [ADVICE_WILLNEED] = 3,    [ADVICE_COLD] = 20,
	[ADVICE_PAGEOUT] = 21,
};

static void advise(struct row *condition, char *memory, size_t pages)
{
	unsigned char *advice = &condition->is[ADVICE];
	int failed = 0;

	if (*advice == ADVICE_WATCHED)
		failed = watch(memory, pages);
	else if (*advice != ADVICE_NONE)
		failed = madvise(memory, pages * PAGE, advices[*advice]);
	/* MADV_WILLNEED of memory without a file is no error from 3.9 on, and EBADF before. */
	if (failed && !(*advice == ADVICE_WILLNEED && errno == EBADF)) {
		outcome->left_out++;
		*advice = ADVICE_NONE;
	}
}

static void protect(char *memory, size_t pages, int rights)
{
	if (mprotect(memory, pages * PAGE, rights))
		fails("no-mprotect", "mprotect with rights %d: %s", rights, strerror(errno));
}

static void set_rights(const struct row *condition, struct place *place)
{
	char *memory = place->memory;
	size_t pages = place->pages;

	place->writable = 0;
	switch (condition->is[PROTECTION]) {
	case PROTECTION_RW: place->writable = 1; break;
	case PROTECTION_R: protect(memory, pages, R); break;
	case PROTECTION_RX: protect(memory, pages, RX); break;
	case PROTECTION_RWX: protect(memory, pages, RW | RX); place->writable = 1; break;
	case PROTECTION_NONE_R: protect(memory, pages, 0); protect(memory, pages, R); break;
	case PROTECTION_NONE_RW:
		protect(memory, pages, 0);
		protect(memory, pages, RW);
		place->writable = 1;
		break;
	case PROTECTION_WITHDRAWN: protect(memory, pages, R); break;
	case PROTECTION_RESTORED:
		protect(memory, pages, R);
		protect(memory, pages, RW);
		place->writable = 1;
		break;
	}
}

static size_t nearest(const struct place *place, size_t in_table)
{
	size_t first = (uintptr_t)place->memory / PAGE % TABLE;
	size_t page = (in_table + TABLE - first) % TABLE;

	return page < place->pages ? page : place->pages - 1;
}

static void choose(const struct row *condition, struct place *place)
{
	size_t pages = place->pages, most = pages < CHOSEN_MOST ? pages : CHOSEN_MOST;

	place->count = 1;
	switch (condition->is[WHERE]) {
	case WHERE_FIRST: place->chosen[0] = 0; break;
	case WHERE_LAST: place->chosen[0] = pages - 1; break;
	case WHERE_TABLE_END: place->chosen[0] = nearest(place, TABLE - 1); break;
	case WHERE_TABLE_START: place->chosen[0] = nearest(place, 0); break;
	case WHERE_SPREAD:
		place->count = pages < 4 ? pages : 4;
		for (size_t i = 0; i < place->count; i++)
			place->chosen[i] = i * pages / place->count + (pages >= 8);
		break;
	default:
		place->count = most;
		for (size_t i = 0; i < most; i++)
			place->chosen[i] = condition->is[WHERE] == WHERE_BACKWARDS ? most - 1 - i : i;
	}
}

static int is_chosen(const struct place *place, size_t page)
{
	for (size_t i = 0; i < place->count; i++)
		if (place->chosen[i] == page)
			return 1;
	return 0;
}

/* What happened to the memory before it is read: it is the same size in the end, and maybe elsewhere. */
static void live_through(struct row *condition, struct place *place)
{
	char *memory = place->memory, *to;
	size_t bytes = place->pages * PAGE;

	place->bare = 1;
	switch (condition->is[HISTORY]) {
	case HISTORY_BESIDE_WRITTEN:
		for (size_t i = 0; i < place->pages && i < 2 * FEW; i++)
			if (!is_chosen(place, i)) {
				memory[i * PAGE] = 0x44;
				place->bare = 0;
				i += 2;
			}
		break;
	case HISTORY_DROPPED:
		fill_pages(memory, place->pages < FEW ? place->pages : FEW, 0x34);
		madvise(memory, bytes, MADV_DONTNEED);
		break;
	case HISTORY_READ_DROPPED:
		read_pages(memory, place->pages < FEW ? place->pages : FEW);
		madvise(memory, bytes, MADV_DONTNEED);
		break;
	case HISTORY_MOVED:
		/* A mapping that has had pages keeps its offset: it is not what its address says. */
		memory[0] = 0x45;
		madvise(memory, bytes, MADV_DONTNEED);
		to = room(place->pages, PRIVATE_ANON, place->huge);
		memory = mremap(memory, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		if (memory == MAP_FAILED)
			fails("no-mremap", "mremap: %s", strerror(errno));
		place->memory = memory;
		break;
	case HISTORY_GROWN:
		to = room(place->pages, PRIVATE_ANON, place->huge);
		munmap(to, bytes);
		if (place->pages > 1 && munmap(memory + PAGE, bytes - PAGE))
			fails("no-munmap", "munmap: %s", strerror(errno));
		if (place->pages > 1 && mremap(memory, PAGE, bytes, 0) != memory)
			fails("no-mremap", "mremap to more: %s", strerror(errno));
		break;
	case HISTORY_CUT:
	case HISTORY_SPLIT:
		break; /* once the rights are set */
	}
}

static void part(const struct row *condition, struct place *place)
{
	size_t cut = place->huge ? HUGE / PAGE : place->pages / 2;

	if (place->pages < 4)
		return;
	if (condition->is[HISTORY] == HISTORY_CUT)
		munmap(place->memory + (place->pages - cut) * PAGE, cut * PAGE);
	else if (condition->is[HISTORY] == HISTORY_SPLIT)
		protect(place->memory + (place->pages - cut) * PAGE, cut, 0);
	else
		return;
	place->pages -= cut;
}

void condition_place(struct row *condition, struct place *place)
{
	int where = condition->is[WHERE];

	memset(place, 0, sizeof *place);
	place->huge = condition->is[ADVICE] == ADVICE_HUGEPAGE;
	place->pages = where == WHERE_TABLE_END || where == WHERE_TABLE_START ? WIDE : FEW;
	if (place->huge)
		place->pages = 2 * TABLE;
	else if (condition->is[MEMORY] == MEMORY_PAGE)
		place->pages = 1;
	place->memory = made(condition, place->pages, place->huge);
	advise(condition, place->memory, place->pages);
	choose(condition, place);
	live_through(condition, place);
	set_rights(condition, place);
	part(condition, place);
	choose(condition, place);
}
