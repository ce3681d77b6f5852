/* SPDX-License-Identifier: GPL-2.0-only */
/* The full memory benchmark: a table of patterns, each run at each size in a process of its own. */
#ifndef ZP_PATTERNS_H
#define ZP_PATTERNS_H

#include <stddef.h>

/* What a pattern runs on. */
struct ground {
	size_t pages;   /* the size of its memory */
	int huge;       /* whether huge pages are on, and the memory aligned for them */
	unsigned share; /* of a mixed pattern: how many of 100 pages are written after the read */
	int quiet;      /* a round that only warms up: nothing is reported */
};

struct pattern {
	const char *name;
	void (*run)(const struct ground *on);
	unsigned share;
	unsigned percent; /* the most memory that it holds, of its size */
	size_t most;      /* the largest size, in pages, that it is run at; 0 for any */
};

/* The table, made from bench.toml. */
extern const struct pattern patterns[];
extern const int pattern_count;

/* Take a word of the command line: zp.patterns=GLOB (which; without it none), zp.pages=N,N,...
 * (sizes), zp.huge=1 (with huge pages, too), zp.runs=N. Whether it was one. */
int patterns_choose(const char *word);

/* Run what was chosen. As diagnostics:
 *   # measured pattern=P pages=N huge=0|1 share=S run=R pass=NAME touched=N COUNTER=VALUE...
 *   # unmeasured pattern=P pages=N huge=0|1 share=S run=R why=TEXT
 * `pass=start` has the levels before the first pass. */
void patterns_run(void);

#endif
