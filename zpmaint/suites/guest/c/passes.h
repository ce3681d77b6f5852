/* SPDX-License-Identifier: GPL-2.0-only */
/* One measured pass of a pattern: what it took (flows), and how much there is after it (levels). */
#ifndef ZP_PASSES_H
#define ZP_PASSES_H

#include "patterns.h"

/* The pattern's memory, never touched: aligned where huge pages are wanted. */
char *pass_memory(const struct ground *on);

/* The levels before the first pass. */
void pass_start(const struct ground *on);

/* Nothing but the pass happens between these two. `touched` is how many pages it was about. */
void pass_begin(void);
void pass_end(const struct ground *on, const char *name, size_t touched);

/* The loops of the passes, as short as they can be: what they cost is the faults. */
unsigned load_each(const volatile char *memory, size_t pages);
void store_each(volatile char *memory, size_t pages);

/* Ends the pattern unless what load_each gave is zero. */
void pass_zero(unsigned sum);

#endif
