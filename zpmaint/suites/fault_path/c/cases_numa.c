// SPDX-License-Identifier: GPL-2.0-only
/* Memory of several nodes: where a read puts a page. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "numbers.h"
#include "probe.h"
#include "tell.h"

enum { PAGES = 64, BIND = 2, MOVE = 2, RW = PROT_READ | PROT_WRITE };

static void need_nodes(void)
{
	if (access("/sys/devices/system/node/node1", F_OK))
		skip("one memory node (CONFIG_NUMA, and a machine with two)");
}

static void bind_to(char *memory, size_t pages, int node)
{
	unsigned long mask = 1UL << node;

	if (syscall(NR_MBIND, memory, pages * PAGE, BIND, &mask, 8 * sizeof mask, 0))
		broken("no-mbind", "mbind to node %d: %s", node, strerror(errno));
}

static int status[PAGES], nodes[PAGES];

/* Whether any page could be moved. move_pages() without a target tells where pages are. */
static int move_to(char *memory, const int *target)
{
	static void *pages[PAGES];

	for (int i = 0; i < PAGES; i++)
		pages[i] = memory + i * PAGE;
	if (syscall(NR_MOVE_PAGES, 0, (long)PAGES, pages, target, status, MOVE) < 0) {
		if (errno == ENOSYS)
			skip("no move_pages (CONFIG_MIGRATION, from 7.1 on CONFIG_NUMA_MIGRATION)");
		/* The call itself fails where no page can be moved, up to e78bbfa8262 (2.6.28-rc1). */
		if (errno == ENOENT && target)
			return 0;
		broken("no-move", "move_pages: %s", strerror(errno));
	}
	return 1;
}

/* All pages on `node`: PRIVATE; none of them a page that has a place: ZERO_PAGE. */
static void observe_by_node(int node)
{
	int there = 0, nowhere = 0;

	for (int i = 0; i < PAGES; i++) {
		there += status[i] == node;
		nowhere += status[i] == -EFAULT || status[i] == -ENOENT;
	}
	note("%d pages read: %d on node %d, %d without a place (the first says %d)", PAGES, there,
	     node, nowhere, status[0]);
	if (there == PAGES)
		observe(PRIVATE);
	if (nowhere == PAGES)
		observe(ZERO_PAGE);
	broken("mixed", "pages are somewhere else");
}

/* The first touch is a read: the page comes from the node that was asked for. */
void numa_read(void)
{
	char *memory = map_pages(PAGES, RW);

	need_nodes();
	bind_to(memory, PAGES, 1);
	read_pages(memory, PAGES);
	move_to(memory, NULL);
	observe_by_node(1);
}

/* Pages that were read move as others do. */
void numa_move(void)
{
	char *memory = map_pages(PAGES, RW);

	need_nodes();
	read_pages(memory, PAGES);
	for (int i = 0; i < PAGES; i++)
		nodes[i] = 1;
	move_to(memory, nodes);
	must_be_zero(memory, PAGES, "read, then moved to another node");
	move_to(memory, NULL);
	observe_by_node(1);
}

/* Written pages, the control: each on its node, the content moves along. */
void numa_content(void)
{
	char *memory = map_pages(PAGES, RW);

	need_nodes();
	bind_to(memory, PAGES / 2, 1);
	bind_to(memory + PAGES / 2 * PAGE, PAGES / 2, 0);
	read_pages(memory, PAGES);
	fill_pages(memory, PAGES, 0x29);
	move_to(memory, NULL);
	for (int i = 0; i < PAGES; i++)
		if (status[i] != (i < PAGES / 2))
			broken("wrong-node", "page %d is on node %d", i, status[i]);
	for (int i = 0; i < PAGES; i++)
		nodes[i] = i % 2;
	if (!move_to(memory, nodes))
		broken("no-move", "move_pages: none of the written pages can be moved");
	must_be_filled(memory, PAGES, 0x29, "moved between nodes");
}
