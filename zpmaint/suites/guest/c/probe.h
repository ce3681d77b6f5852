/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of a process and of its memory. All of it works without malloc and
 * touches no fresh page once it was called before. */
#ifndef ZP_PROBE_H
#define ZP_PROBE_H

#include <stddef.h>

#define ZERO_PAGE "zero-page" /* all of the pages are the shared zero page */
#define PRIVATE "private"     /* each of the pages is the process's own */

/* Minor faults of this process so far. */
long minor_faults(void);

/* /proc/self/statm, in pages; 0, or -1 without it. */
int statm(long *resident, long *shared);

/* statm's resident less shared, in pages: anonymous memory on every kernel. Ends the case
 * without statm. */
long statm_anon(void);

/* The number after "key:" in a file of /proc (kB where the file says so), -1 where it is not. */
long proc_field(const char *path, const char *key);

/* The number after "key " in /proc/vmstat, -1 where it is not. */
long vmstat(const char *key);

/* The same of the mapping that holds `address` in /proc/self/smaps; -1 where there is none. */
long smaps_field(const void *address, const char *key);

/* Page frame numbers of `count` pages into `frames`; 0 stands for a page that is not present.
 * Skips the case where the kernel shows none. */
void page_frames(const void *memory, size_t count, unsigned long *frames);

/* The flags of a frame in /proc/kpageflags. Skips the case where there are none. */
unsigned long frame_flags(unsigned long frame);

/* Write a word to a file of /proc or /sys; 0, or -1. */
int put(const char *path, const char *word);

/* The same, with a number. */
int put_number(const char *path, long long number);

/* By how many kB MemFree is below `before`. What is more than `most` has five seconds to come back:
 * each CPU keeps free lists of its own, from 6.7 on long ones, and gives back of them once a second. */
long free_fell(long before, long most);

/* The number at the start of a file of /proc or /sys, -1 where it is not. */
long long number_in(const char *path);

/* Read a small file as text; its length, or -1. */
long get(const char *path, char *text, size_t size);

/* Read and then write each of `pages` untouched pages, and say by the faults what the reads
 * mapped: ZERO_PAGE if the writes fault again, PRIVATE if they do not. */
void observe_by_faults(char *memory, size_t pages) __attribute__((noreturn));

/* Say by the growth of statm's anonymous pages what `pages` read faults mapped. */
void observe_by_growth(long grown, size_t pages, const char *of) __attribute__((noreturn));

#endif
