/* SPDX-License-Identifier: GPL-2.0-only */
/* One read fault under a condition: the memory as the condition says it was made, the way that it
 * is read, what is behind it then. The table is made from conditions.toml. */
#ifndef ZP_CONDITION_H
#define ZP_CONDITION_H

#include <stddef.h>

#include "conditions.gen.h"
#include "rows.h"
#include "suite.h"

/* Readers besides those of the table: by get_user_pages(), for which stock kernels differ. */
enum by { BY_CONDITION, BY_MEM, BY_PROCESS_VM, BY_PTRACE, BY_POPULATE, BY_MLOCK, BYS };

extern const struct table conditions;

enum { CHOSEN_MOST = 16 };

/* The memory of a condition. */
struct place {
	char *memory;
	size_t pages;
	int writable, huge, bare; /* bare: no page of it was there before */
	size_t chosen[CHOSEN_MOST], count; /* the pages to read, in this order */
};

/* Make the memory; values that are not known become plain ones in `condition`. */
void condition_place(struct row *condition, struct place *place);

/* Read one page's first byte. */
void read_page_by(const struct row *condition, enum by by, const char *at);

/* Run one condition in this process and children of it; ends it. */
void condition_run(struct row *condition, int by) __attribute__((noreturn));

#endif
