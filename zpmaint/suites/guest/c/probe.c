// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "probe.h"
#include "tell.h"

/* A few faults of the case's own (stack, copied data pages) are no news. */
enum { STRAY_FAULTS = 16 };

static char text[16384];

long minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

long get(const char *path, char *into, size_t size)
{
	int file = open(path, O_RDONLY);
	long length = 0, got;

	if (file < 0)
		return -1;
	while ((got = read(file, into + length, size - 1 - length)) > 0)
		length += got;
	close(file);
	into[length] = 0;
	return got < 0 ? -1 : length;
}

int put(const char *path, const char *word)
{
	int file = open(path, O_WRONLY);
	int ok;

	if (file < 0)
		return -1;
	ok = write(file, word, strlen(word)) == (ssize_t)strlen(word);
	close(file);
	return ok ? 0 : -1;
}

int put_number(const char *path, long long number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%lld", number);
	return put(path, digits);
}

long long number_in(const char *path)
{
	char digits[64];

	return get(path, digits, sizeof digits) <= 0 ? -1 : strtoll(digits, NULL, 10);
}

int statm(long *resident, long *shared)
{
	char *at;

	if (get("/proc/self/statm", text, sizeof text) <= 0)
		return -1;
	strtol(text, &at, 10);
	*resident = strtol(at, &at, 10);
	*shared = strtol(at, &at, 10);
	return 0;
}

long statm_anon(void)
{
	long resident, shared;

	if (statm(&resident, &shared))
		broken("no-statm", "/proc/self/statm: %s", strerror(errno));
	return resident - shared;
}

static long field(char *from, const char *key, char after)
{
	size_t length = strlen(key);

	for (char *line = from; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && line[length] == after)
			return strtol(line + length + 1, NULL, 10);
	}
	return -1;
}

long proc_field(const char *path, const char *key)
{
	return get(path, text, sizeof text) < 0 ? -1 : field(text, key, ':');
}

long free_fell(long before, long most)
{
	long fell;

	for (int wait = 0; wait < 25; wait++) {
		fell = before - proc_field("/proc/meminfo", "MemFree");
		if (fell <= most)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	}
	return fell;
}

long vmstat(const char *key)
{
	return get("/proc/vmstat", text, sizeof text) < 0 ? -1 : field(text, key, ' ');
}

long smaps_field(const void *address, const char *key)
{
	uintptr_t wanted = (uintptr_t)address;

	if (get("/proc/self/smaps", text, sizeof text) < 0)
		return -1;
	for (char *line = text; line; line = strchr(line, '\n')) {
		char *end, *start = line + (*line == '\n');
		uintptr_t from = strtoul(start, &end, 16), to;

		line = start;
		if (end == start || *end != '-')
			continue;
		to = strtoul(end + 1, &end, 16);
		if (*end != ' ' || wanted < from || wanted >= to)
			continue;
		/* Guards around the memory end the fields: a next mapping of its own kind would
		 * only be reached where this one lacks the key, which every smaps has. */
		return field(line, key, ':');
	}
	return -1;
}

void page_frames(const void *memory, size_t count, unsigned long *frames)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	int seen = 0;

	if (file < 0)
		skip("no /proc/self/pagemap (CONFIG_PROC_PAGE_MONITOR)");
	for (size_t i = 0; i < count; i++) {
		off_t at = (off_t)((uintptr_t)memory / PAGE + i) * 8;
		uint64_t entry;

		if (pread(file, &entry, sizeof entry, at) != sizeof entry)
			broken("no-pagemap", "/proc/self/pagemap: %s", strerror(errno));
		frames[i] = entry >> 63 ? entry & ((1ULL << 55) - 1) : 0;
		seen |= entry >> 63 && frames[i];
		if (entry >> 63 && !frames[i])
			skip("pagemap hides page frame numbers (no CAP_SYS_ADMIN)");
	}
	close(file);
	if (!seen)
		broken("not-present", "none of %zu pages is present", count);
}

unsigned long frame_flags(unsigned long frame)
{
	int file = open("/proc/kpageflags", O_RDONLY);
	uint64_t flags;

	if (file < 0)
		skip("no /proc/kpageflags (CONFIG_PROC_PAGE_MONITOR)");
	if (pread(file, &flags, sizeof flags, (off_t)frame * 8) != sizeof flags)
		broken("no-kpageflags", "/proc/kpageflags of frame %lu: %s", frame,
		       strerror(errno));
	close(file);
	return flags;
}

void observe_by_faults(char *memory, size_t pages)
{
	long start, read, written;
	unsigned sum;

	minor_faults();
	start = minor_faults();
	sum = read_pages(memory, pages);
	read = minor_faults();
	write_pages(memory, pages, 1);
	written = minor_faults();
	note("%zu pages: %ld faults by reading, then %ld by writing", pages, read - start,
	     written - read);
	if (sum)
		broken("not-zero", "the bytes read sum up to %u", sum);
	if (labs(read - start - (long)pages) > STRAY_FAULTS)
		broken("faults-differ", "%ld faults by reading %zu pages", read - start, pages);
	must_be_written(memory, pages, 1, "after the write");
	if (labs(written - read - (long)pages) <= STRAY_FAULTS)
		observe(ZERO_PAGE);
	if (written - read <= STRAY_FAULTS)
		observe(PRIVATE);
	broken("mixed", "some pages faulted again, some did not");
}

void observe_by_growth(long grown, size_t pages, const char *of)
{
	/* The kernel may batch its counters: 64 events of a task (2.6.34-6.1), 125 pages of a
	 * CPU's vmstat; a sixteenth of the memory is left for that. */
	long slack = pages / 16;

	note("%zu pages read: %s grew by %ld pages", pages, of, grown);
	if (labs(grown) <= slack)
		observe(ZERO_PAGE);
	if (labs(grown - (long)pages) <= slack)
		observe(PRIVATE);
	broken("mixed", "neither none nor all of the pages");
}
