/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that two processes came by in a fork, and what each sees of the other's stores. The table is
 * made from sharing.toml. */
#ifndef ZP_SHARING_H
#define ZP_SHARING_H

#include <stddef.h>

#include "rows.h"
#include "sharing.gen.h"

extern const struct table sharing;

enum { SHARED_PAGES = 3 }; /* those that are looked at */

struct common {
	char *memory;
	size_t bytes; /* of the mapping */
	int file;     /* below it, -1 where there is none */
	int visible;  /* whether stores are seen by both */
};

/* The memory, as the row says that it was made before the fork. */
void common_make(const struct row *row, struct common *common);

/* What one of the processes does with its mapping. Values that are not known become plain ones. */
void common_change(struct row *row, struct common *common);
void common_other(struct row *row, struct common *common);

/* Store `mark` into each page, as the row says. */
void common_store(struct row *row, struct common *common, int mark);

/* Every byte of the pages is what it must be, as the process sees it and as the kernel does. */
void common_holds(const struct common *common, int mark, const char *when);

/* Look in both ways: what a processor remembers of the page tables is filled. */
void common_look(const struct common *common);

/* Run one row in this process and a child. */
void sharing_run(struct row *row, int way);

#endif
