/* SPDX-License-Identifier: GPL-2.0-only */
/* One read fault under a condition: the memory as the condition says it was made, the way that it
 * is read, what is behind it then. The table is made from conditions.toml. */
#ifndef ZP_CONDITION_H
#define ZP_CONDITION_H

#include <stddef.h>

#include "conditions.gen.h"
#include "suite.h"

struct condition { unsigned char is[PROPERTIES]; };
struct value { const char *name; unsigned long since; };
struct property { const char *name; const struct value *values; };

extern const struct property properties[];
extern const struct condition conditions[];
extern const int condition_count;

/* Readers besides those of the table: by get_user_pages(), for which stock kernels differ. */
enum by { BY_CONDITION, BY_MEM, BY_PROCESS_VM, BY_PTRACE, BY_POPULATE, BY_MLOCK, BYS };

/* What a condition came to. Lies in memory that the processes of a condition share. */
struct outcome {
	char word[24];  /* ZERO_PAGE, PRIVATE; else what is right on no kernel; "" while it runs */
	char text[200]; /* for people */
	int left_out;   /* how many values the kernel does not know */
};

extern struct outcome *outcome;

/* End this process with what is right on no kernel. */
void fails(const char *word, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

enum { CHOSEN_MOST = 16 };

/* The memory of a condition. */
struct place {
	char *memory;
	size_t pages;
	int writable, huge, bare; /* bare: no page of it was there before */
	size_t chosen[CHOSEN_MOST], count; /* the pages to read, in this order */
};

/* Make the memory; values that are not known become plain ones in `condition`. */
void condition_place(struct condition *condition, struct place *place);

/* Read one page's first byte. */
void read_page_by(const struct condition *condition, enum by by, const char *at);

/* Run one condition in processes of its own. */
void condition_run(const struct condition *condition, enum by by);


#endif
