// SPDX-License-Identifier: GPL-2.0-only
/* Read faults of a process that has much memory already. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

enum { PAGES = 256, RW = PROT_READ | PROT_WRITE, HUGEPAGE = 14 };

void size_rich(void)
{
	long most = proc_field("/proc/meminfo", "MemFree") / 1024 / 3, before;
	size_t bytes = (most > 112 ? 112 : most) << 20;
	char *rich;

	if (choice.as_init && !huge_pages("madvise")) {
		rich = map_aligned(bytes, HUGE);
		madvise(rich, bytes, HUGEPAGE);
	} else {
		bytes /= 4;
		rich = map_aligned(bytes, HUGE);
	}
	for (size_t at = 0; at < bytes; at += PAGE)
		((volatile char *)rich)[at] = 1;
	note("%zu MB are there", bytes >> 20);
	rich = map_pages(PAGES, RW);
	before = statm_anon();
	must_be_zero(rich, PAGES, "read by a process that has much memory");
	observe_by_growth(statm_anon() - before, PAGES, "statm resident - shared");
}
