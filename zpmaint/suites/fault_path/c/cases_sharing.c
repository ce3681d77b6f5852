// SPDX-License-Identifier: GPL-2.0-only
/* Stores into memory that a fork made common, under all conditions of sharing.toml. */
#define _GNU_SOURCE
#include <stddef.h>
#include <unistd.h>

#include "area.h"
#include "cases.gen.h"
#include "probe.h"
#include "sharing.h"
#include "suite.h"

void sharing_stores(void)
{
	static const char *const words[] = {"ok", NULL};

	huge_pages("madvise");
	/* MADV_PAGEOUT has somewhere to put pages; without an area it leaves them. */
	if (choice.as_init && row_release() >= RELEASE(5, 4, 0) && !access("/proc/swaps", R_OK))
		swap_on(NULL);
	run_table(&sharing, sharing_run, 0, words);
}
