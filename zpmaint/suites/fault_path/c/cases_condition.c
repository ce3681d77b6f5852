// SPDX-License-Identifier: GPL-2.0-only
/* Read faults under all conditions of conditions.toml: each has to give what every other does. */
#include <stddef.h>

#include "cases.gen.h"
#include "condition.h"
#include "probe.h"
#include "tell.h"

static const char *const words[] = {ZERO_PAGE, PRIVATE, NULL};

static void begin(void)
{
	if (!choice.as_init)
		skip("only init may be every user");
	huge_pages("madvise");
	put("/sys/kernel/mm/transparent_hugepage/use_zero_page", "1");
}

void condition_read(void)
{
	begin();
	run_table(&conditions, condition_run, BY_CONDITION, words);
}

/* By get_user_pages(), for one that is not the process, or that does not look at what it reads. */
void condition_remote(void)
{
	const int ways[] = {BY_MEM, BY_PTRACE, BY_PROCESS_VM};

	begin();
	run_table_ways(&conditions, condition_run, ways, row_release() < RELEASE(3, 2, 0) ? 2 : 3, 8,
		       words);
}

void condition_populate(void)
{
	const int ways[] = {BY_POPULATE};

	begin();
	run_table_ways(&conditions, condition_run, ways, 1, 6, words);
}
