// SPDX-License-Identifier: GPL-2.0-only
/* Where files end, and where they have holes: what mappings of them show there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "refused.h"
#include "tell.h"

enum { PAGES = 40, RW = PROT_READ | PROT_WRITE };

#define HERE "/dev/zp-ends"

static unsigned char byte_of(int page)
{
	return 1 + page * 13 % 255;
}

static int make_file(long bytes)
{
	static char page[PAGE];
	int file = open(HERE, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (file < 0)
		broken("no-file", "a file in /dev: %s", strerror(errno));
	unlink(HERE);
	for (long at = 0; at < bytes; at += PAGE) {
		long size = bytes - at < (long)PAGE ? bytes - at : (long)PAGE;

		memset(page, byte_of(at / PAGE), PAGE);
		if (write(file, page, size) != size)
			broken("short-write", "a file: %s", strerror(errno));
	}
	return file;
}

static char *map_file(int file, int pages, int flags, long offset)
{
	char *memory = mmap(NULL, pages * PAGE, RW, flags, file, offset * PAGE);

	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of a file: %s", strerror(errno));
	return memory;
}

static void must_hold(const char *memory, int page, long from, long to, int due, const char *when)
{
	for (long i = from; i < to; i++)
		if (((volatile const unsigned char *)memory)[page * PAGE + i] != due)
			broken("wrong-content", "%s: byte %ld of page %d is 0x%02x, not 0x%02x", when, i, page,
			       (unsigned char)memory[page * PAGE + i], due);
}

/* Beyond the last page is nothing, in it zeros follow, and what is stored there is not the file's. */
void ends_file(void)
{
	static const long tails[] = {1, 2048, PAGE - 1, PAGE};
	static char page[PAGE];

	for (unsigned i = 0; i < sizeof tails / sizeof *tails; i++)
		for (int shared = 0; shared < 2; shared++)
			for (int last = 0; last < PAGES; last += last < 2 ? 1 : 14) {
				long tail = tails[i];
				int file = make_file(last * PAGE + tail);
				char *memory = map_file(file, PAGES + 2, shared ? MAP_SHARED : MAP_PRIVATE, 0);

				for (int at = last; at >= 0; at -= 7) /* the end first, and the pages around */
					must_hold(memory, at, 0, at == last ? tail : (long)PAGE, byte_of(at),
						  "a mapping of a file");
				must_hold(memory, last, tail, PAGE, 0, "behind the end of a file");
				for (int at = last + 1; at < PAGES + 2; at += 9)
					if (!load_refused(memory + at * PAGE) ||
					    !store_refused(memory + at * PAGE))
						broken("not-refused", "page %d, and the file ends in %d", at,
						       last);
				memset(memory + last * PAGE, 0x77, PAGE);
				must_hold(memory, last, 0, PAGE, 0x77, "stored into, over the end");
				if (pread(file, page, PAGE, last * PAGE) != tail)
					broken("grown", "a store behind its end makes a file longer");
				must_hold(page, 0, 0, tail, shared ? 0x77 : byte_of(last), "the file");
				munmap(memory, (PAGES + 2) * PAGE);
				close(file);
			}
}

/* A file that is cut, and grows again: mappings show zeros where it was cut; private copies of whole
 * pages that were cut off are gone. */
void ends_cut(void)
{
	int file = make_file(PAGES * PAGE), child;
	char *shared = map_file(file, PAGES, MAP_SHARED, 0), *private = map_file(file, PAGES, MAP_PRIVATE, 0);
	char *part = map_file(file, PAGES / 2, MAP_SHARED, PAGES / 4);

	for (int i = 0; i < PAGES; i++) {
		must_hold(shared, i, 0, PAGE, byte_of(i), "a shared mapping");
		if (i % 2)
			memset(private + i * PAGE, 0x66, PAGE);
		else
			must_hold(private, i, 0, PAGE, byte_of(i), "a private mapping");
	}
	if (!(child = branch())) {
		if (ftruncate(file, PAGES / 2 * PAGE + 100))
			broken("no-truncate", "ftruncate: %s", strerror(errno));
		_exit(0);
	}
	join(child);
	must_hold(shared, PAGES / 2, 0, 100, byte_of(PAGES / 2), "the last page of a file that was cut");
	must_hold(shared, PAGES / 2, 100, PAGE, 0, "behind the end of a file that was cut");
	for (int i = 0; i < PAGES; i++) {
		int gone = i > PAGES / 2;

		if (load_refused(shared + i * PAGE) != gone || load_refused(private + i * PAGE) != gone)
			broken(gone ? "not-refused" : "refused", "page %d of a file that was cut", i);
		if (i < PAGES / 2 && load_refused(part + i * PAGE) != (i + PAGES / 4 > PAGES / 2))
			broken("wrong-page", "page %d of a part of a file that was cut", i);
		if (i % 2 && i < PAGES / 2)
			must_hold(private, i, 0, PAGE, 0x66, "private copies before the cut");
	}
	if (ftruncate(file, PAGES * PAGE))
		broken("no-truncate", "ftruncate: %s", strerror(errno));
	for (int i = PAGES / 2 + 1; i < PAGES; i++) {
		must_hold(shared, i, 0, PAGE, 0, "a shared mapping of a file that grew again");
		must_hold(private, i, 0, PAGE, 0, "a private mapping of a file that grew again");
	}
	must_hold(shared, PAGES / 2, 100, PAGE, 0, "where it was cut, once it grew");
	memset(shared + (PAGES - 1) * PAGE, 0x44, PAGE);
	must_hold(part, PAGES / 2 - 1, 0, PAGE, 0, "a page that nobody stored into");
	must_hold(private, PAGES - 1, 0, PAGE, 0x44, "a private mapping of what was stored");
}

/* A hole that is made in a file: shared mappings show zeros there, private copies stay. */
void ends_hole(void)
{
	enum { FROM = 5, TO = 30, PUNCH = 3 };
	int file = make_file(PAGES * PAGE);
	char *shared = map_file(file, PAGES, MAP_SHARED, 0), *private = map_file(file, PAGES, MAP_PRIVATE, 0);

	for (int i = 0; i < PAGES; i++) {
		must_hold(shared, i, 0, PAGE, byte_of(i), "a shared mapping");
		if (i % 2)
			memset(private + i * PAGE, 0x66, PAGE);
		else
			must_hold(private, i, 0, PAGE, byte_of(i), "a private mapping");
	}
	if (fallocate(file, PUNCH, FROM * (long)PAGE, (TO - FROM) * (long)PAGE))
		broken("no-hole", "fallocate: %s", strerror(errno));
	for (int i = 0; i < PAGES; i++) {
		int hole = i >= FROM && i < TO;

		must_hold(shared, i, 0, PAGE, hole ? 0 : byte_of(i), "a shared mapping of a file with a hole");
		must_hold(private, i, 0, PAGE, i % 2 ? 0x66 : hole ? 0 : byte_of(i),
			  "a private mapping of a file with a hole");
	}
	memset(shared + FROM * PAGE, 0x55, PAGE);
	must_hold(private, FROM + 1, 0, PAGE, FROM % 2 ? 0 : 0x66, "beside what was stored into a hole");
}
