// SPDX-License-Identifier: GPL-2.0-only
/* Mappings of bare frames (/dev/mem: VM_PFNMAP): a private one shows the frames until it is stored
 * into, and then the copies. Which of its pages is which the kernel tells by offsets alone. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
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
#include "refused.h"
#include "suite.h"
#include "tell.h"

enum { FRAMES = 4, ROOM = 32, STARTS = 8, AT = 100, RW = PROT_READ | PROT_WRITE };

#define NODE "/dev/zp-mem"

/* What a PC's firmware left: the copy below 1 MB has a struct page for each frame, the one below 4 GB,
 * beyond all memory, has none. Nobody writes to either. */
static const unsigned long ranges[] = {0xf8000, 0xffff8000};
enum { RANGES = sizeof ranges / sizeof *ranges };

static int file = -1;
static unsigned long range;
static char was[FRAMES * PAGE] __attribute__((aligned(8))); /* what the frames of the range hold */
static char *place;             /* ROOM pages that nobody may use */

static char *map_frames(char *at, int protection, int flags)
{
	char *memory = mmap(at, FRAMES * PAGE, protection, flags | MAP_FIXED, file, (off_t)range);

	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of the frames at 0x%lx: %s", range, strerror(errno));
	return memory;
}

static void unmap_frames(char *memory)
{
	if (mmap(memory, FRAMES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
	    memory)
		broken("no-mmap", "mmap in the place of frames: %s", strerror(errno));
}

static void open_frames(void)
{
	if (!choice.as_init)
		skip("only init maps the machine's memory");
	mknod(NODE, S_IFCHR | 0600, makedev(1, 1));
	file = open(NODE, O_RDWR);
	if (file < 0)
		skip("no /dev/mem (CONFIG_DEVMEM): %s", strerror(errno));
	place = mmap(NULL, ROOM * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED)
		broken("no-mmap", "mmap of %d pages: %s", ROOM, strerror(errno));
	/* Its first page at a multiple of STARTS pages. */
	place = (char *)(((uintptr_t)place + STARTS * PAGE - 1) & ~(STARTS * PAGE - 1));
}

static void use_range(int number)
{
	range = ranges[number];
	memcpy(was, map_frames(place, PROT_READ, MAP_SHARED), sizeof was);
	unmap_frames(place);
	for (int i = 1; i < FRAMES; i++)
		if (!memcmp(was, was + i * PAGE, PAGE))
			skip("the frames at 0x%lx hold nothing to tell them apart by", range);
}

/* Whether two pages differ, but for the word that holds the byte AT. */
static int differ(const char *one, const char *other)
{
	const volatile uint64_t *a = (const uint64_t *)one, *b = (const uint64_t *)other;

	for (unsigned i = 0; i < PAGE / 8; i++)
		if (i != AT / 8 && a[i] != b[i])
			return 1;
	return 0;
}

/* The pages hold what the frames do, but for one byte of each page of `stored`, a bit for each. */
static void must_be_frames(const char *memory, unsigned stored, const char *when)
{
	for (unsigned i = 0; i < FRAMES; i++) {
		const char *page = memory + i * PAGE, *due = was + i * PAGE;
		char there = ((volatile const char *)page)[AT];

		if (there != (char)(stored >> i & 1 ? ~due[AT] : due[AT]))
			broken("wrong-content", "%s: page %u of the frames at 0x%lx %s", when, i, range,
			       stored >> i & 1 ? "lost a store" : "was stored into");
		if (differ(page, due))
			broken("wrong-content", "%s: page %u of the frames at 0x%lx holds other bytes",
			       when, i, range);
	}
}

static void store(char *memory, unsigned which)
{
	for (unsigned i = 0; i < FRAMES; i++)
		if (which >> i & 1)
			((volatile char *)memory)[i * PAGE + AT] = (char)~was[i * PAGE + AT];
}

/* The same by the kernel: read() of a pipe. */
static void have_stored(char *memory, unsigned which)
{
	int ends[2];

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	for (unsigned i = 0; i < FRAMES; i++) {
		char byte = (char)~was[i * PAGE + AT];

		if (which >> i & 1 && (write(ends[1], &byte, 1) != 1 ||
				       read(ends[0], memory + i * PAGE + AT, 1) != 1))
			broken("short-read", "read() into a mapping of frames: %s", strerror(errno));
	}
	close(ends[0]);
	close(ends[1]);
}

enum { ALL = (1 << FRAMES) - 1, SOME = 0x5, OTHERS = 0xa };

/* One private mapping beside a shared one: its rights, and who stores. */
static void copy_on_store(char *at, int protection, int looked_at, int by_kernel)
{
	char *shared = map_frames(place + STARTS * 2 * PAGE, PROT_READ, MAP_SHARED);
	char *memory = map_frames(at, protection, MAP_PRIVATE);

	if (looked_at)
		must_be_frames(memory, 0, "a private mapping");
	if (!(protection & PROT_WRITE)) {
		if (!store_refused(memory + PAGE))
			broken("not-refused", "a store into a mapping of frames for reading");
		mprotect(memory, FRAMES * PAGE, protection | PROT_WRITE);
	}
	(by_kernel ? have_stored : store)(memory, SOME);
	must_be_frames(memory, SOME, "a private mapping, half stored into");
	mprotect(memory, FRAMES * PAGE, PROT_NONE);
	if (!load_refused(memory) || !load_refused(memory + PAGE))
		broken("not-refused", "a load from frames and copies without rights");
	mprotect(memory, FRAMES * PAGE, RW);
	(by_kernel ? have_stored : store)(memory, OTHERS);
	must_be_frames(memory, ALL, "a private mapping, stored into");
	must_be_frames(shared, 0, "a shared mapping, after stores into a private one");
	unmap_frames(memory);
	unmap_frames(shared);
}

void frame_copied(void)
{
	static const int rights[] = {PROT_READ, RW, PROT_READ | PROT_EXEC, RW | PROT_EXEC};

	open_frames();
	for (int number = 0; number < RANGES; number++) {
		use_range(number);
		for (int start = 0; start < STARTS; start++)
			for (int i = 0; i < 4; i++)
				copy_on_store(place + start * PAGE, rights[i], start & 1,
					      (start >> 1 & 1) ^ (i >> 1));
	}
}

/* Copies and frames are inherited, and each process's stores are its own. The first page is none of the
 * copies that are there before: x86 asks it for the mapping's caching, and 5.10 refuses the fork where it
 * is a copy (7.2 does not). */
void frame_forked(void)
{
	open_frames();
	for (int number = 0; number < RANGES; number++)
		for (int start = 0; start < 2; start++) {
			char *memory, *shared;
			int child;

			use_range(number);
			memory = map_frames(place + start * PAGE, RW, MAP_PRIVATE);
			shared = map_frames(place + STARTS * PAGE, RW | (start ? PROT_EXEC : 0),
					    MAP_SHARED);
			store(memory, 0x2);
			if (!(child = branch())) {
				must_be_frames(shared, 0, "the child's shared mapping");
				must_be_frames(memory, 0x2, "the child's private mapping");
				store(memory, 0x5);
				must_be_frames(memory, 0x7, "the child's, stored into");
				_exit(0);
			}
			join(child);
			must_be_frames(memory, 0x2, "the parent's, after the child's stores");
			store(memory, 0x9);
			must_be_frames(memory, 0xb, "the parent's, stored into");
			must_be_frames(shared, 0, "the parent's shared mapping");
			unmap_frames(memory);
			unmap_frames(shared);
		}
}

/* Parts of a mapping: its other parts keep their offsets. */
void frame_parts(void)
{
	open_frames();
	for (int number = 0; number < RANGES; number++) {
		char *memory, *moved = place + STARTS * PAGE;

		use_range(number);
		/* What was read a moment ago is gone with its mapping, for the processor, too. */
		memory = map_frames(place, RW, MAP_PRIVATE);
		must_be_frames(memory, 0, "frames to unmap");
		for (int i = 1; i < FRAMES; i++) {
			*(volatile char *)(memory + i * PAGE);
			munmap(memory + i * PAGE, PAGE);
			if (!load_refused(memory + i * PAGE))
				broken("not-refused", "a load from page %d, which was unmapped", i);
		}
		unmap_frames(memory);
		memory = map_frames(place, RW, MAP_PRIVATE);
		store(memory, 0x8);
		mprotect(memory + 2 * PAGE, PAGE, PROT_READ);
		must_be_frames(memory, 0x8, "one page for reading only");
		store(memory, 0x2);
		if (!store_refused(memory + 2 * PAGE))
			broken("not-refused", "a store into a part for reading");
		mprotect(memory + 2 * PAGE, PAGE, RW);
		must_be_frames(memory, 0xa, "rights given back");
		/* A kernel may refuse to move it, and leaves it where it was then. */
		if (mremap(memory, FRAMES * PAGE, FRAMES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved) ==
		    moved)
			memory = moved;
		else
			note("mremap of frames: %s", strerror(errno));
		must_be_frames(memory, 0xa, "moved");
		store(memory, 0x5);
		must_be_frames(memory, ALL, "moved and stored into");
		munmap(memory + PAGE, PAGE);
		for (int i = 0; i < FRAMES; i++)
			if (load_refused(memory + i * PAGE) != (i == 1))
				broken("wrong-page", "page 1 was unmapped, and page %d %s", i,
				       i == 1 ? "is there" : "is not there");
		unmap_frames(memory);
		if (memory == moved)
			unmap_frames(place);
	}
}

/* Frames are not lent: nobody counts who uses them. */
void frame_lent(void)
{
	int ends[2];

	open_frames();
	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	for (int number = 0; number < RANGES; number++)
		for (int flags = 0; flags < 2; flags++) {
			struct iovec pages = {place, FRAMES * PAGE};
			long done;

			use_range(number);
			map_frames(place, RW, flags ? MAP_SHARED : MAP_PRIVATE);
			must_be_frames(place, 0, "frames to lend");
			done = syscall(SYS_vmsplice, ends[1], &pages, 1, 0);
			if (done < 0 && errno == ENOSYS)
				skip("no vmsplice");
			if (done >= 0 || errno != EFAULT)
				broken("not-refused", "vmsplice of frames gave %ld: %s", done,
				       strerror(errno));
			unmap_frames(place);
		}
}

/* Copies are the process's memory and go when it does; the frames are nobody's. */
void frame_counted(void)
{
	enum { TIMES = 256, COPIES = TIMES * FRAMES, SLACK = 128 };
	char *memory = mmap(NULL, 2 * COPIES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long before, mapped, copied, after, free;

	open_frames();
	use_range(0);
	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of %d pages: %s", 2 * COPIES, strerror(errno));
	for (int turn = 0; turn < 2; turn++) { /* the first brings the page tables */
		free = proc_field("/proc/meminfo", "MemFree");
		before = statm_anon();
		for (int i = 0; i < TIMES; i++)
			read_pages(map_frames(memory + 2 * i * FRAMES * PAGE, RW, MAP_PRIVATE), FRAMES);
		mapped = statm_anon() - before;
		for (int i = 0; i < TIMES; i++)
			store(memory + 2 * i * FRAMES * PAGE, ALL);
		copied = statm_anon() - before;
		for (int i = 0; i < TIMES; i++)
			unmap_frames(memory + 2 * i * FRAMES * PAGE);
		after = statm_anon() - before;
	}
	note("%d frames mapped: %+ld anonymous pages, stored into: %+ld, unmapped: %+ld", COPIES, mapped,
	     copied, after);
	if (mapped < -SLACK || mapped > SLACK || copied < COPIES - SLACK || copied > COPIES + SLACK ||
	    after < -SLACK || after > SLACK)
		broken("miscounted", "%+ld anonymous pages after mapping, %+ld after stores, %+ld at last",
		       mapped, copied, after);
	free = free_fell(free, COPIES * 4 / 4);
	if (free > COPIES * 4 / 4)
		broken("leaked", "%ld kB of memory are gone after copies of %d frames", free, COPIES);
}
