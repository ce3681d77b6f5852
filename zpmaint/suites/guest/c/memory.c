// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "memory.h"
#include "tell.h"

char *map_pages(size_t pages, int protection)
{
	char *memory = mmap(NULL, (pages + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of %zu pages: %s", pages, strerror(errno));
	memory += PAGE;
	if (mprotect(memory, pages * PAGE, protection))
		broken("no-mprotect", "mprotect of %zu pages: %s", pages, strerror(errno));
	return memory;
}

char *map_aligned(size_t bytes, size_t align)
{
	char *memory = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of %zu bytes: %s", bytes, strerror(errno));
	return (char *)(((uintptr_t)memory + align - 1) & ~(align - 1));
}

unsigned read_pages(const volatile char *memory, size_t pages)
{
	unsigned sum = 0;

	for (size_t i = 0; i < pages; i++)
		sum += memory[i * PAGE];
	return sum;
}

/* Never zero, so that a lost store never looks like a kept one. */
static unsigned char mark_of(size_t page, unsigned char mark)
{
	unsigned char value = mark + page * 31;

	return value ? value : 0x5a;
}

void write_pages(volatile char *memory, size_t pages, unsigned char mark)
{
	for (size_t i = 0; i < pages; i++)
		memory[i * PAGE] = mark_of(i, mark);
}

void fill_pages(char *memory, size_t pages, unsigned char mark)
{
	for (size_t i = 0; i < pages; i++)
		memset(memory + i * PAGE, mark_of(i, mark), PAGE);
}

static void zero_from(const char *memory, size_t page, size_t from, const char *when)
{
	const unsigned char *bytes = (const unsigned char *)memory + page * PAGE;

	for (size_t i = from; i < PAGE; i++)
		if (((volatile const unsigned char *)bytes)[i])
			broken("not-zero", "%s: byte %zu of page %zu is 0x%02x", when, i, page,
			       bytes[i]);
}

void must_be_zero(const char *memory, size_t pages, const char *when)
{
	for (size_t page = 0; page < pages; page++) {
		volatile const uint64_t *words = (const uint64_t *)(memory + page * PAGE);

		for (size_t i = 0; i < PAGE / sizeof *words; i++)
			if (words[i])
				zero_from(memory, page, i * sizeof *words, when);
	}
}

void must_be_written(const char *memory, size_t pages, unsigned char mark, const char *when)
{
	for (size_t page = 0; page < pages; page++) {
		unsigned char is = ((volatile const unsigned char *)memory)[page * PAGE];

		if (is != mark_of(page, mark))
			broken("lost-write", "%s: page %zu starts with 0x%02x, not 0x%02x", when,
			       page, is, mark_of(page, mark));
		zero_from(memory, page, 1, when);
	}
}

void must_be_filled(const char *memory, size_t pages, unsigned char mark, const char *when)
{
	for (size_t page = 0; page < pages; page++)
		for (size_t i = 0; i < PAGE; i++) {
			unsigned char is = ((volatile const unsigned char *)memory)[page * PAGE + i];

			if (is != mark_of(page, mark))
				broken("lost-write", "%s: byte %zu of page %zu is 0x%02x, not 0x%02x",
				       when, i, page, is, mark_of(page, mark));
		}
}
