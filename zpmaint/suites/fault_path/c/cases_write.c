// SPDX-License-Identifier: GPL-2.0-only
/* Write faults, writes after reads, and protections. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"
#include "tell.h"

enum { PAGES = 512, COUNTED = 2048, RW = PROT_READ | PROT_WRITE };

void write_faults(void)
{
	char *memory = map_pages(PAGES, RW);
	long before, after;

	minor_faults();
	before = minor_faults();
	write_pages(memory, PAGES, 1);
	after = minor_faults();
	must_be_written(memory, PAGES, 1, "a first write");
	note("%d pages written: %ld faults", PAGES, after - before);
	if (after - before < PAGES || after - before > PAGES + 16)
		broken("faults-differ", "%ld faults by writing %d pages", after - before, PAGES);
}

void write_counted(void)
{
	char *memory = map_pages(COUNTED, RW);
	long before = statm_anon(), grown;

	write_pages(memory, COUNTED, 1);
	grown = statm_anon() - before;
	note("%d pages written: statm resident - shared grew by %ld", COUNTED, grown);
	if (grown < COUNTED - COUNTED / 16 || grown > COUNTED + COUNTED / 16)
		broken("miscounted", "%ld pages counted for %d written", grown, COUNTED);
}

void write_after_read(void)
{
	char *memory = map_pages(PAGES, RW);

	must_be_zero(memory, PAGES, "untouched memory");
	write_pages(memory, PAGES, 1);
	must_be_written(memory, PAGES, 1, "a write after a read");
}

/* Neighbours of a written page stay zero, whichever of them were read before. */
void write_between(void)
{
	char *memory = map_pages(PAGES, RW);

	read_pages(memory, PAGES);
	for (int i = 0; i < PAGES; i += 2)
		memset(memory + i * PAGE, 0xcc, PAGE);
	for (int i = 1; i < PAGES; i += 2)
		must_be_zero(memory + i * PAGE, 1, "the page beside a written one");
	for (int i = 0; i < PAGES; i += 2)
		for (unsigned j = 0; j < PAGE; j++)
			if ((unsigned char)memory[i * PAGE + j] != 0xcc)
				broken("lost-write", "byte %u of page %d", j, i);
}

/* What one mapping writes no other one sees: the zero page itself must stay zero. */
void write_elsewhere(void)
{
	char *one = map_pages(PAGES, RW), *other = map_pages(PAGES, RW);

	read_pages(one, PAGES);
	read_pages(other, PAGES);
	fill_pages(one, PAGES, 0x21);
	must_be_zero(other, PAGES, "a mapping read while another was written");
	must_be_zero(map_pages(PAGES, RW), PAGES, "a mapping made after another was written");
	must_be_filled(one, PAGES, 0x21, "the written mapping");
}

void protect_enforced(void)
{
	char *memory = map_pages(8, PROT_READ);

	if (!store_refused(memory))
		broken("wrote", "an untouched page of a PROT_READ mapping took a store");
	read_pages(memory, 8);
	for (int i = 0; i < 8; i++)
		if (!store_refused(memory + i * PAGE))
			broken("wrote", "page %d, read before, of a PROT_READ mapping took a store",
			       i);
	must_be_zero(memory, 8, "after refused stores");
}

void protect_withdrawn(void)
{
	char *memory = map_pages(8, RW);

	read_pages(memory, 4);
	write_pages(memory + 4 * PAGE, 4, 9);
	mprotect(memory, 8 * PAGE, PROT_READ);
	for (int i = 0; i < 8; i++)
		if (!store_refused(memory + i * PAGE))
			broken("wrote", "page %d took a store after mprotect(PROT_READ)", i);
	mprotect(memory, 8 * PAGE, PROT_NONE);
	for (int i = 0; i < 8; i++)
		if (!load_refused(memory + i * PAGE))
			broken("read", "page %d could be read after mprotect(PROT_NONE)", i);
	mprotect(memory, 8 * PAGE, RW);
	must_be_zero(memory, 4, "the pages that were read");
	must_be_written(memory + 4 * PAGE, 4, 9, "the pages that were written");
}

void protect_granted(void)
{
	char *memory = map_pages(PAGES, PROT_READ);

	must_be_zero(memory, PAGES, "a mapping that may only be read");
	mprotect(memory, PAGES * PAGE, RW);
	must_be_zero(memory, PAGES, "after mprotect(PROT_READ | PROT_WRITE)");
	fill_pages(memory, PAGES, 0x42);
	must_be_filled(memory, PAGES, 0x42, "after mprotect and writing");
}

/* The write after mprotect faults once more; a page of one's own is taken as it is, the zero page is
 * copied. */
void protect_reuse(void)
{
	char *memory = map_pages(COUNTED, PROT_READ);
	long before, grown;

	read_pages(memory, COUNTED);
	mprotect(memory, COUNTED * PAGE, RW);
	before = statm_anon();
	write_pages(memory, COUNTED, 6);
	grown = statm_anon() - before;
	must_be_written(memory, COUNTED, 6, "made writable after it was read");
	note("%d pages read, made writable, written: statm anonymous %+ld", COUNTED, grown);
	if (labs(grown) <= COUNTED / 16)
		observe(PRIVATE);
	if (labs(grown - COUNTED) <= COUNTED / 16)
		observe(ZERO_PAGE);
	broken("mixed", "neither none nor all of the pages were copied");
}

/* Pages that are one's own are writable at once when their mapping is again. */
void protect_atonce(void)
{
	char *memory = map_pages(COUNTED, RW);
	long faults;

	write_pages(memory, COUNTED, 0x27);
	mprotect(memory, COUNTED * PAGE, PROT_READ);
	mprotect(memory, COUNTED * PAGE, RW);
	minor_faults();
	faults = minor_faults();
	write_pages(memory, COUNTED, 0x28);
	faults = minor_faults() - faults;
	must_be_written(memory, COUNTED, 0x28, "made writable again");
	if (faults > 16)
		broken("faults", "%ld faults by stores into %d pages of one's own", faults, COUNTED);
}
