// SPDX-License-Identifier: GPL-2.0-only
/* Memory that the kernel takes hold of, up to where it may and no further: ranges that begin and end
 * within pages, and run into what is not mapped, or may not be read or written. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { PAGES = 6, RW = PROT_READ | PROT_WRITE };

static unsigned char byte_at(long at)
{
	return 1 + (at * 7 + at / 251) % 255;
}

static void pattern(char *memory, long bytes)
{
	for (long i = 0; i < bytes; i++)
		memory[i] = byte_at(i);
}

/* `bytes` at `seen` are those of the pattern from `from` on. */
static void must_be_part(const char *seen, long from, long bytes, const char *how)
{
	for (long i = 0; i < bytes; i++)
		if ((unsigned char)seen[i] != byte_at(from + i))
			broken("wrong-content", "%s: byte %ld from %ld on is 0x%02x, not 0x%02x", how, i, from,
			       (unsigned char)seen[i], byte_at(from + i));
}

static char seen[PAGES * PAGE];

/* How each way reads [from, from + bytes): how many, or -errno. */
static long by_mem(char *memory, long from, long bytes)
{
	int file = open("/proc/self/mem", O_RDONLY);
	long done = pread(file, seen, bytes, (off_t)(uintptr_t)(memory + from));

	done = done < 0 ? -errno : done;
	close(file);
	return done;
}

static long by_process_vm(char *memory, long from, long bytes)
{
	struct iovec here = {seen, bytes}, there = {memory + from, bytes};
	long done = syscall(SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0);

	return done < 0 ? -errno : done;
}

static long by_splice(char *memory, long from, long bytes)
{
	struct iovec there = {memory + from, bytes};
	int ends[2];
	long done, got = 0, one;

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	done = syscall(SYS_vmsplice, ends[1], &there, 1, 2 /* SPLICE_F_NONBLOCK */);
	done = done < 0 ? -errno : done;
	while (got < done && (one = read(ends[0], seen + got, done - got)) > 0)
		got += one;
	close(ends[0]);
	close(ends[1]);
	if (done > 0 && got != done)
		broken("short-read", "vmsplice lent %ld bytes, and %ld came out", done, got);
	return done;
}

struct way { const char *name; long (*run)(char *memory, long from, long bytes); int absent; };

/* Starts and lengths that lie across pages. */
static const int starts[] = {0, 1, 100, PAGE - 1, PAGE, PAGE + 9};
static const int lengths[] = {1, 8, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 17};

static void read_all(const struct way *way, char *memory)
{
	for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++)
		for (unsigned j = 0; j < sizeof lengths / sizeof *lengths; j++) {
			long done;

			memset(seen, 0xee, sizeof seen);
			done = way->run(memory, starts[i], lengths[j]);
			if (done == -way->absent)
				return;
			if (done != lengths[j])
				broken("short-read", "%s: %d bytes from %d on gave %ld", way->name, lengths[j],
				       starts[i], done);
			must_be_part(seen, starts[i], lengths[j], way->name);
			if (lengths[j] < (int)sizeof seen && (unsigned char)seen[lengths[j]] != 0xee)
				broken("too-much", "%s: more than %d bytes came", way->name, lengths[j]);
		}
}

/* Page `hole` is not to be had: what lies before it is given, and no more. */
static void read_to_hole(const struct way *way, char *memory, int hole, const char *what)
{
	enum { ASKED = 2 * PAGE, INTO = 33 };

	for (int first = 0; first <= hole; first++) {
		long from = first * PAGE + (first < hole ? INTO : 0), room = hole * PAGE - from;
		long due = room < ASKED ? room : ASKED, done = way->run(memory, from, ASKED);

		if (done == -way->absent)
			return;
		if (!room && done != -EFAULT && done != -EIO)
			broken("not-refused", "%s of %s: %ld", way->name, what, done);
		if (room && done != due)
			broken(done > due ? "too-much" : "short-read",
			       "%s: %ld bytes, and %s is %ld bytes on", way->name, done, what, room);
		if (room)
			must_be_part(seen, from, due, way->name);
	}
}

static const struct way ways[] = {
	{"/proc/self/mem", by_mem, 0x7fff},
	{"process_vm_readv", by_process_vm, ENOSYS},
	{"vmsplice", by_splice, ENOSYS},
};

void lent_parts(void)
{
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
		char *memory = map_pages(PAGES, RW);

		pattern(memory, PAGES * PAGE);
		read_all(&ways[i], memory);
		mprotect(memory, PAGES * PAGE, PROT_READ);
		read_all(&ways[i], memory);
		for (int hole = 1; hole < PAGES; hole += 2) {
			mprotect(memory, PAGES * PAGE, RW);
			munmap(memory + hole * PAGE, PAGE);
			read_to_hole(&ways[i], memory, hole, "what is not mapped");
			if (mmap(memory + hole * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
				 0) == MAP_FAILED)
				broken("no-mmap", "mmap: %s", strerror(errno));
			pattern(memory, PAGES * PAGE);
			mprotect(memory + hole * PAGE, PAGE, PROT_NONE);
			if (i) /* /proc/self/mem reads it by force */
				read_to_hole(&ways[i], memory, hole, "what may not be read");
			mprotect(memory + hole * PAGE, PAGE, RW);
		}
		munmap(memory, PAGES * PAGE);
	}
}

static long write_by_mem(char *memory, long from, long bytes)
{
	int file = open("/proc/self/mem", O_RDWR);
	long done = pwrite(file, seen, bytes, (off_t)(uintptr_t)(memory + from));

	done = done < 0 ? -errno : done;
	close(file);
	return done;
}

static long write_by_process_vm(char *memory, long from, long bytes)
{
	struct iovec here = {seen, bytes}, there = {memory + from, bytes};
	long done = syscall(SYS_process_vm_writev, getpid(), &here, 1, &there, 1, 0);

	return done < 0 ? -errno : done;
}

static long write_by_read(char *memory, long from, long bytes)
{
	int ends[2];
	long done;

	if (pipe(ends) || write(ends[1], seen, bytes) != bytes)
		broken("no-pipe", "pipe: %s", strerror(errno));
	done = read(ends[0], memory + from, bytes);
	done = done < 0 ? -errno : done;
	close(ends[0]);
	close(ends[1]);
	return done;
}

/* The child that has the memory, too, keeps what it had. */
static int keeper(char *memory, int ends[2])
{
	int child;

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	if (!(child = branch())) {
		char byte;

		close(ends[1]);
		if (read(ends[0], &byte, 1) < 0)
			_exit(1);
		must_be_part(memory, 0, PAGES * PAGE, "a child's, after stores of its parent's");
		_exit(0);
	}
	return child;
}

/* Stores that begin and end within pages, into memory that a child shares: they are all there, what is
 * beside is as it was, and the child's is. */
void lent_stores(void)
{
	static const struct way writers[] = {
		{"/proc/self/mem", write_by_mem, 0x7fff},
		{"process_vm_writev", write_by_process_vm, ENOSYS},
		{"read()", write_by_read, 0x7fff},
	};

	for (unsigned w = 0; w < sizeof writers / sizeof *writers; w++)
		for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++)
			for (unsigned j = 0; j < sizeof lengths / sizeof *lengths; j += 2) {
				char *memory = map_pages(PAGES, RW);
				long from = starts[i], bytes = lengths[j], done;
				int ends[2], child;

				pattern(memory, PAGES * PAGE);
				child = keeper(memory, ends);
				close(ends[0]);
				memset(seen, 0, bytes);
				done = writers[w].run(memory, from, bytes);
				if (done != -writers[w].absent && done != -EINVAL && done != -EPERM) {
					if (done != bytes)
						broken("short-write", "%s: %ld bytes at %ld gave %ld",
						       writers[w].name, bytes, from, done);
					must_be_part(memory, 0, from, "before what was stored");
					must_be_part(memory + from + bytes, from + bytes,
						     PAGES * PAGE - from - bytes, "behind what was stored");
					for (long at = from; at < from + bytes; at++)
						if (memory[at])
							broken("lost-write", "%s: byte %ld of %ld",
							       writers[w].name, at - from, bytes);
				}
				close(ends[1]);
				join(child);
				munmap(memory - PAGE, (PAGES + 2) * PAGE);
			}
	/* Into what may only be read: nothing, where nobody forces it. */
	for (unsigned w = 1; w < sizeof writers / sizeof *writers; w++) {
		char *memory = map_pages(PAGES, RW);
		long done;

		pattern(memory, PAGES * PAGE);
		mprotect(memory + 2 * PAGE, PAGE, PROT_READ);
		memset(seen, 0, sizeof seen);
		done = writers[w].run(memory, PAGE + 5, 2 * PAGE);
		if (done == -writers[w].absent)
			continue;
		if (done > (long)PAGE - 5)
			broken("not-refused", "%s: %ld bytes, and only %ld may be written", writers[w].name,
			       done, PAGE - 5);
		must_be_part(memory + 2 * PAGE, 2 * PAGE, 4 * PAGE, "a page that may only be read");
		munmap(memory - PAGE, (PAGES + 2) * PAGE);
	}
}
