// SPDX-License-Identifier: GPL-2.0-only
/* Private mappings of files: the first store takes a copy, whichever way it comes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "refused.h"
#include "tell.h"

enum { PAGES = 8, RW = PROT_READ | PROT_WRITE, MARK = 0x5d };

#define HERE "/dev/zp-private"

static char page[PAGE];

static int byte_of(int number)
{
	return 0x21 + number * 5;
}

static int make_file(void)
{
	int file = open(HERE, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (file < 0)
		broken("no-file", "a file in /dev: %s", strerror(errno));
	for (int i = 0; i < PAGES; i++) {
		memset(page, byte_of(i), PAGE);
		if (write(file, page, PAGE) != (ssize_t)PAGE)
			broken("short-write", "a file: %s", strerror(errno));
	}
	return file;
}

static char *map_file(int file, int flags)
{
	char *memory = mmap(NULL, PAGES * PAGE, RW, flags, file, 0);

	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of a file: %s", strerror(errno));
	return memory;
}

/* One byte of each page is `mark` where it is not 0, all others are the file's. */
static void must_be_file(const char *memory, int mark, const char *when)
{
	for (int i = 0; i < PAGES; i++)
		for (unsigned j = 0; j < PAGE; j++) {
			int due = mark && j == 100 ? mark : byte_of(i);

			if (((volatile const unsigned char *)memory)[i * PAGE + j] != due)
				broken("wrong-content", "%s: byte %u of page %d is 0x%02x, not 0x%02x",
				       when, j, i, (unsigned char)memory[i * PAGE + j], due);
		}
}

static void file_must_be(int file, int mark, const char *when)
{
	static char all[PAGES * PAGE];

	if (pread(file, all, sizeof all, 0) != sizeof all)
		broken("short-read", "a file: %s", strerror(errno));
	must_be_file(all, mark, when);
}

enum { BY_STORE, BY_READ, BY_CHILD, BY_POPULATED, WAYS };

static void store(char *memory, int way)
{
	int ends[2], child;
	char byte = MARK;

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	if (way == BY_CHILD && (child = branch())) {
		join(child);
		must_be_file(memory, 0, "a private mapping that a child stored into");
	}
	for (int i = 0; i < PAGES; i++) {
		char *at = memory + i * PAGE + 100;

		if (way != BY_READ)
			*(volatile char *)at = MARK;
		else if (write(ends[1], &byte, 1) != 1 || read(ends[0], at, 1) != 1)
			broken("short-read", "read() into a private mapping: %s", strerror(errno));
	}
	must_be_file(memory, MARK, "a private mapping that was stored into");
	close(ends[0]);
	close(ends[1]);
}

static void file_ways(int looked_at)
{
	int file = make_file();
	struct stat before, after;

	fstat(file, &before);
	for (int way = 0; way < WAYS; way++) {
		char *memory = map_file(file, MAP_PRIVATE | (way == BY_POPULATED ? MAP_POPULATE : 0));
		char *other = map_file(file, MAP_SHARED);
		pid_t self = getpid();

		if (looked_at)
			must_be_file(memory, 0, "a private mapping of a file");
		store(memory, way);
		if (getpid() != self)
			_exit(0);
		must_be_file(other, 0, "a shared mapping, after stores into a private one");
		file_must_be(file, 0, "the file, after stores into a private mapping");
		/* What is dropped is the file's again. */
		madvise(memory, PAGES * PAGE, MADV_DONTNEED);
		must_be_file(memory, 0, "a private mapping whose copies were dropped");
		munmap(memory, PAGES * PAGE);
		munmap(other, PAGES * PAGE);
	}
	fstat(file, &after);
	if (before.st_mtime != after.st_mtime)
		broken("touched", "stores into a private mapping changed the file's time");
	close(file);
	unlink(HERE);
}

void file_untouched(void)
{
	file_ways(0);
}

void file_read(void)
{
	file_ways(1);
}

/* Stores into a shared mapping are the file's, and beyond its end there is nothing. */
void file_shared(void)
{
	int file = make_file(), child;
	char *memory = map_file(file, MAP_SHARED), *private = map_file(file, MAP_PRIVATE);

	must_be_file(private, 0, "a private mapping");
	private[4 * PAGE] = byte_of(4);
	if (!(child = branch())) {
		for (int i = 0; i < PAGES; i++)
			*(volatile char *)(memory + i * PAGE + 100) = MARK;
		_exit(0);
	}
	join(child);
	must_be_file(memory, MARK, "a shared mapping that a child stored into");
	file_must_be(file, MARK, "the file, after stores into a shared mapping");
	for (int i = 0; i < PAGES; i++)
		if ((unsigned char)private[i * PAGE + 100] != (i == 4 ? byte_of(4) : MARK))
			broken("wrong-content", "page %d of a private mapping holds 0x%02x", i,
			       (unsigned char)private[i * PAGE + 100]);
	private[2 * PAGE] = 1;
	if (ftruncate(file, 2 * PAGE))
		broken("no-truncate", "ftruncate: %s", strerror(errno));
	if (!load_refused(memory + 2 * PAGE) || !load_refused(private + 3 * PAGE) ||
	    !load_refused(private + 2 * PAGE))
		broken("not-refused", "a load from beyond the end of a file that was cut");
	if (load_refused(memory + PAGE))
		broken("refused", "a load from the rest of a file that was cut");
	close(file);
	unlink(HERE);
}
