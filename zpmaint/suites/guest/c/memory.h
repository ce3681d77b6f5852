/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory to fault on. */
#ifndef ZP_MEMORY_H
#define ZP_MEMORY_H

#include <stddef.h>

#define PAGE 4096UL
#define HUGE (2UL << 20)

/* Anonymous private memory between two inaccessible pages, so that it never merges with another
 * mapping. Ends the case where the kernel refuses. */
char *map_pages(size_t pages, int protection);

/* The same without guards, its start at a multiple of `align`. */
char *map_aligned(size_t bytes, size_t align);

/* One load from each page; the sum, so that no load is optimized away. */
unsigned read_pages(const volatile char *memory, size_t pages);

/* One store to the start of each page: `mark` plus the page's number. */
void write_pages(volatile char *memory, size_t pages, unsigned char mark);

/* Fill all bytes with a pattern that differs from page to page and is never zero. */
void fill_pages(char *memory, size_t pages, unsigned char mark);

/* End the case unless every byte is zero; `when` names the moment. */
void must_be_zero(const char *memory, size_t pages, const char *when);

/* End the case unless each page starts with what write_pages left, and else is zero. */
void must_be_written(const char *memory, size_t pages, unsigned char mark, const char *when);

/* End the case unless every byte is as fill_pages left it. */
void must_be_filled(const char *memory, size_t pages, unsigned char mark, const char *when);

#endif
