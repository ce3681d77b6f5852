// SPDX-License-Identifier: GPL-2.0-only
/* Shared mappings of files, of file systems that want to know of a store before it is made and of
 * such that do not: what is stored is the file's, once and by whomever. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "suite.h"
#include "tell.h"

enum { PAGES = 4, STARTS = 4, AT = 100, RW = PROT_READ | PROT_WRITE };

#define RAMFS "/zp-ramfs"
#define BACKING "/dev/zp-backing"
#define DEVICE "/dev/zp-device"

enum { SET_BACKING = 0x4c00, CLEAR_BACKING = 0x4c01 }; /* LOOP_SET_FD, LOOP_CLR_FD */

static char page[PAGE];

static void fill_file(int file, int pages, int mark)
{
	if (lseek(file, 0, SEEK_SET))
		broken("no-seek", "lseek: %s", strerror(errno));
	for (int i = 0; i < pages; i++) {
		memset(page, mark + i, PAGE);
		if (write(file, page, PAGE) != (ssize_t)PAGE)
			broken("short-write", "a file: %s", strerror(errno));
	}
}

static char *map_at(char *at, int file, int pages, int protection, int flags)
{
	char *memory = mmap(at, pages * PAGE, protection, flags | (at ? MAP_FIXED : 0), file, 0);

	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of a file: %s", strerror(errno));
	return memory;
}

enum { BY_STORE, BY_READ, BY_CHILD, WAYS };

/* One byte of each page becomes `byte`. */
static void store(char *memory, int pages, int byte, int way)
{
	int ends[2], child = 0;
	char one = (char)byte;

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	if (way != BY_CHILD || !(child = branch())) {
		for (int i = 0; i < pages; i++) {
			char *at = memory + i * PAGE + AT;

			if (way != BY_READ)
				*(volatile char *)at = one;
			else if (write(ends[1], &one, 1) != 1 || read(ends[0], at, 1) != 1)
				broken("short-read", "read() into a mapping: %s", strerror(errno));
		}
		if (way == BY_CHILD)
			_exit(0);
	}
	if (child)
		join(child);
	close(ends[0]);
	close(ends[1]);
}

/* Each page holds its mark, and `byte` where it was stored into; 0 stands for no store. */
static void must_be(const char *memory, int pages, int mark, int byte, const char *when)
{
	for (int i = 0; i < pages; i++) {
		const volatile uint64_t *words = (const uint64_t *)(memory + i * PAGE);
		unsigned char is = mark + i;
		uint64_t due = is * 0x0101010101010101u;
		uint64_t stored = due ^ (uint64_t)(is ^ byte) << AT % 8 * 8;

		for (unsigned j = 0; j < PAGE / 8; j++)
			if (words[j] != (byte && j == AT / 8 ? stored : due))
				broken("wrong-content", "%s: page %d, of 0x%02x, holds 0x%016llx at %u", when,
				       i, is, (unsigned long long)words[j], j * 8);
	}
}

/* Room of `pages` with its start at a multiple of STARTS pages. */
static char *room(int pages)
{
	char *start = mmap(NULL, (pages + 2 * STARTS) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (start == MAP_FAILED)
		broken("no-mmap", "mmap of %d pages: %s", pages, strerror(errno));
	return (char *)(((uintptr_t)start + STARTS * PAGE - 1) & ~(STARTS * PAGE - 1));
}

/* Leave the place to nobody else. */
static void unmap_at(char *memory, int pages)
{
	if (mmap(memory, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
	    memory)
		broken("no-mmap", "mmap in the place of a file: %s", strerror(errno));
}

static void one_mapping(int file, char *at, int rights, int looked_at, int way)
{
	static char all[PAGES * PAGE];
	char *other = map_at(NULL, file, PAGES, RW, MAP_SHARED), *memory;
	char *private = map_at(NULL, file, PAGES, RW, MAP_PRIVATE);

	fill_file(file, PAGES, 0x11);
	memory = map_at(at, file, PAGES, rights, MAP_SHARED);
	if (looked_at)
		must_be(memory, PAGES, 0x11, 0, "a shared mapping");
	if (!(rights & PROT_WRITE)) {
		if (!store_refused(memory + AT))
			broken("not-refused", "a store into a shared mapping for reading");
		if (mprotect(memory, PAGES * PAGE, rights | PROT_WRITE))
			broken("no-mprotect", "mprotect: %s", strerror(errno));
	}
	store(memory, PAGES, 0x99, way);
	must_be(memory, PAGES, 0x11, 0x99, "a shared mapping, stored into");
	must_be(other, PAGES, 0x11, 0x99, "another mapping of the file");
	must_be(private, PAGES, 0x11, 0x99, "a private mapping of the file, not stored into");
	if (pread(file, all, sizeof all, 0) != sizeof all)
		broken("short-read", "a file: %s", strerror(errno));
	must_be(all, PAGES, 0x11, 0x99, "the file");
	/* Stores into the copies are not the file's, whatever may be stored into beside them. */
	store(private, PAGES, 0x77, BY_STORE);
	must_be(memory, PAGES, 0x11, 0x99, "a shared mapping, after stores into a private one");
	must_be(private, PAGES, 0x11, 0x77, "a private mapping, stored into");
	unmap_at(memory, PAGES);
	munmap(other, PAGES * PAGE);
	munmap(private, PAGES * PAGE);
}

static int make_file(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (file < 0)
		broken("no-file", "%s: %s", path, strerror(errno));
	return file;
}

static void all_mappings(int file)
{
	static const int rights[] = {PROT_READ, RW, PROT_READ | PROT_EXEC, RW | PROT_EXEC};
	char *at = room(PAGES);

	for (int start = 0; start < STARTS; start++)
		for (int i = 0; i < 4; i++)
			for (int way = 0; way < WAYS; way++)
				one_mapping(file, at + start * PAGE, rights[i], (start + way) & 1, way);
}

void mapped_memory(void)
{
	int file = make_file(BACKING);

	all_mappings(file);
	close(file);
	unlink(BACKING);
}

/* ramfs asks before a page becomes writable since 3.6, as all that maps files the generic way. */
void mapped_ramfs(void)
{
	int file;

	if (!choice.as_init)
		skip("only init mounts");
	mkdir(RAMFS, 0755);
	if (mount("none", RAMFS, "ramfs", 0, NULL))
		skip("no ramfs: %s", strerror(errno));
	file = make_file(RAMFS "/file");
	all_mappings(file);
	close(file);
	unlink(RAMFS "/file");
	umount(RAMFS);
}

static int backing = -1;

static int open_node(const char *name)
{
	char path[64], text[64], *minor;

	strcpy(path, "/sys/block/");
	strcat(strcat(path, name), "/dev");
	if (get(path, text, sizeof text) <= 0 || !(minor = strchr(text, ':')))
		return -1;
	unlink(DEVICE);
	if (mknod(DEVICE, S_IFBLK | 0600, makedev(atoi(text), atoi(minor + 1))))
		return -1;
	return open(DEVICE, O_RDWR);
}

/* A block device of `pages` whose file pages are written back: the loop device on a file, or the RAM
 * disk, that of before 2.6.25 apart. Skips the case where there is none. */
static int open_device(int pages)
{
	int file;

	if (!choice.as_init)
		skip("only init makes block devices");
	if ((file = open_node("loop0")) >= 0) {
		backing = make_file(BACKING);
		fill_file(backing, pages, 0x11);
		ioctl(file, CLEAR_BACKING, 0); /* a case that was killed left it so */
		if (ioctl(file, SET_BACKING, backing))
			broken("no-loop", "LOOP_SET_FD: %s", strerror(errno));
		return file;
	}
	if (!access("/sys/block/ram0/bdi", F_OK) && (file = open_node("ram0")) >= 0)
		return file;
	skip("no block device that is written back (CONFIG_BLK_DEV_LOOP, CONFIG_BLK_DEV_RAM)");
}

static void close_device(int file)
{
	if (backing >= 0) {
		ioctl(file, CLEAR_BACKING, 0);
		close(backing);
		unlink(BACKING);
	}
	close(file);
	unlink(DEVICE);
}

void mapped_device(void)
{
	int file = open_device(PAGES);

	all_mappings(file);
	close_device(file);
}

/* Faults so far. Kernels around 5.10 take one again that waited for pages to be written, and call it a
 * major one. */
static long faults_taken(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* A store into a clean page faults once, makes it dirty, and once it was written back so does the
 * next: otherwise nobody would know what is to be written. */
void mapped_tracked(void)
{
	enum { TRACKED = 256, ROUNDS = 2 * WAYS };
	static char all[TRACKED * PAGE];
	int file = open_device(TRACKED);
	long slack = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 96 : 8; /* each CPU counts for itself a while */
	char *at = room(TRACKED);

	fill_file(file, TRACKED, 0x11);
	fsync(file);
	for (int i = 0; i < ROUNDS; i++) {
		int way = i % WAYS, rights = i < WAYS ? RW : RW | PROT_EXEC;
		char *memory = map_at(at + (i & 3) * PAGE, file, TRACKED, rights, MAP_SHARED);
		long faults, again, dirty;

		must_be(memory, TRACKED, 0x11, i ? 0x80 + i - 1 : 0, "a device, before a store");
		dirty = vmstat("nr_dirty");
		faults = faults_taken();
		store(memory, TRACKED, 0x80 + i, way);
		faults = faults_taken() - faults;
		dirty = vmstat("nr_dirty") - dirty;
		again = faults_taken();
		store(memory, TRACKED, 0x80 + i, way == BY_CHILD ? BY_STORE : way);
		again = faults_taken() - again;
		note("round %d: %ld faults of %d stores, %ld pages dirty, %ld faults of more stores", i,
		     faults, TRACKED, dirty, again);
		if (way != BY_CHILD && (faults < TRACKED || faults > TRACKED + 4))
			broken("faults", "%d stores into clean pages made %ld faults", TRACKED, faults);
		if (way != BY_CHILD && again > 4)
			broken("faults", "%d stores into dirty pages made %ld faults", TRACKED, again);
		if (dirty < TRACKED - slack || dirty > TRACKED + slack)
			broken("untracked", "%d stores into clean pages made %ld dirty", TRACKED, dirty);
		must_be(memory, TRACKED, 0x11, 0x80 + i, "a device, after a store");
		if (msync(memory, TRACKED * PAGE, MS_SYNC)) /* a device that knows no flush: EIO */
			note("msync: %s", strerror(errno));
		if (backing >= 0) {
			if (pread(backing, all, sizeof all, 0) != sizeof all)
				broken("short-read", "a file: %s", strerror(errno));
			must_be(all, TRACKED, 0x11, 0x80 + i, "what the device is made of");
		}
		unmap_at(memory, TRACKED);
	}
	close_device(file);
}

/* Pages of a shared mapping are counted as mapped, and no longer when nobody maps them. */
void mapped_counted(void)
{
	enum { COUNTED = 1024, SLACK = 160 };
	int file;

	if (!choice.as_init)
		skip("only init knows that nobody else maps files");
	file = make_file(BACKING);
	fill_file(file, COUNTED, 0x11);
	for (int i = 0; i < 4; i++) {
		int rights = RW | (i & 1 ? PROT_EXEC : 0);
		char *memory = map_at(NULL, file, COUNTED, rights, i & 2 ? MAP_PRIVATE : MAP_SHARED);
		long before = proc_field("/proc/meminfo", "Mapped") / 4, mapped, after;
		int child;

		read_pages(memory, COUNTED);
		mapped = proc_field("/proc/meminfo", "Mapped") / 4 - before;
		if (!(child = branch())) {
			read_pages(memory, COUNTED);
			_exit(0);
		}
		join(child);
		munmap(memory, COUNTED * PAGE);
		after = proc_field("/proc/meminfo", "Mapped") / 4 - before;
		note("%d pages read: %+ld mapped, %+ld after munmap", COUNTED, mapped, after);
		if (mapped < COUNTED - SLACK || mapped > COUNTED + SLACK || after < -SLACK || after > SLACK)
			broken("miscounted", "%+ld pages mapped of %d, %+ld after munmap", mapped, COUNTED,
			       after);
	}
	close(file);
	unlink(BACKING);
}
