// SPDX-License-Identifier: GPL-2.0-only
/* Patterns that read and write each page of a mapping. */
#include <stdlib.h>
#include <sys/mman.h>

#include "memory.h"
#include "passes.h"
#include "patterns.gen.h"
#include "scatter.h"
#include "tell.h"

static void unmapped(const struct ground *on, char *memory)
{
	pass_begin();
	munmap(memory, on->pages * PAGE);
	pass_end(on, "unmap", on->pages);
}

static void loaded(const struct ground *on, const char *memory)
{
	unsigned sum;

	pass_begin();
	sum = load_each(memory, on->pages);
	pass_end(on, "read", on->pages);
	pass_zero(sum);
}

static void stored(const struct ground *on, char *memory)
{
	pass_begin();
	store_each(memory, on->pages);
	pass_end(on, "write", on->pages);
}

/* munmap of read-touched memory is its last pass. */
void pattern_read(const struct ground *on)
{
	char *memory = pass_memory(on);

	pass_start(on);
	loaded(on, memory);
	unmapped(on, memory);
}

void pattern_read_random(const struct ground *on)
{
	volatile char *memory = pass_memory(on);
	struct scatter order = scatter_over(on->pages);
	unsigned sum = 0;

	pass_start(on);
	pass_begin();
	for (size_t i = 0; i < on->pages; i++)
		sum |= memory[scatter_next(&order) * PAGE];
	pass_end(on, "read", on->pages);
	pass_zero(sum);
}

void pattern_write(const struct ground *on)
{
	char *memory = pass_memory(on);

	pass_start(on);
	stored(on, memory);
	unmapped(on, memory);
}

void pattern_read_write(const struct ground *on)
{
	char *memory = pass_memory(on);

	pass_start(on);
	loaded(on, memory);
	stored(on, memory);
	unmapped(on, memory);
}

/* As programs get zeroed memory: the C library maps it and hands it out untouched. */
void pattern_calloc(const struct ground *on)
{
	char *memory;

	pass_start(on);
	pass_begin();
	memory = calloc(on->pages, PAGE);
	pass_end(on, "calloc", on->pages);
	if (!memory)
		broken("no-memory", "calloc of %zu pages", on->pages);
	loaded(on, memory);
	pass_begin();
	free(memory);
	pass_end(on, "free", on->pages);
}

/* Which share of the read pages is written afterwards: on->share of 100, spread evenly. */
void pattern_mixed(const struct ground *on)
{
	volatile char *memory = pass_memory(on);
	unsigned due = 0;

	pass_start(on);
	loaded(on, (char *)memory);
	pass_begin();
	for (size_t at = 0; at < on->pages * PAGE; at += PAGE)
		if ((due += on->share) >= 100) {
			due -= 100;
			memory[at] = 1;
		}
	pass_end(on, "write", on->pages * on->share / 100);
	unmapped(on, (char *)memory);
}

/* The same share in one piece, at the start. */
void pattern_mixed_apart(const struct ground *on)
{
	char *memory = pass_memory(on);
	size_t written = on->pages * on->share / 100;

	pass_start(on);
	loaded(on, memory);
	pass_begin();
	store_each(memory, written);
	pass_end(on, "write", written);
	unmapped(on, memory);
}
