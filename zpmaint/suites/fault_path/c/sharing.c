// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"
#include "refused.h"
#include "sharing.h"

enum { FIRST = 0x41, SECOND = 0x61, THIRD = 0x71 };

/* Turns: each process waits until the other one gives it the next. */
static int to_child[2], to_parent[2], is_child;

static void give_turn(void)
{
	if (write(is_child ? to_parent[1] : to_child[1], "", 1) != 1)
		_exit(3);
}

static void take_turn(void)
{
	char turn;

	/* The end of a process that failed is the end of its turns. */
	if (read(is_child ? to_child[0] : to_parent[0], &turn, 1) != 1)
		_exit(4);
}

/* Who stores first. */
static void first(struct row *row, struct common *common)
{
	int theirs;

	if (row->is[BEFORE] == BEFORE_LOOKED)
		common_look(common);
	common_change(row, common);
	if (row->is[BEFORE] == BEFORE_LOOKED)
		common_look(common);
	common_store(row, common, FIRST);
	common_holds(common, FIRST, "what was stored, where it was stored");
	if (row->is[STORE] == STORE_FORCED_READONLY && !store_refused(common->memory))
		fails("not-refused", "a store by force left the right to store");
	give_turn();
	take_turn();
	theirs = common->visible ? SECOND : FIRST;
	common_holds(common, theirs, "once the other has stored, too");
	if (is_child)
		return;
	/* The child ends: what it shared is the parent's alone. */
	give_turn();
}

static void second(struct row *row, struct common *common)
{
	int theirs = common->visible ? FIRST : 0;
	struct row plain = *row;

	take_turn();
	common_holds(common, theirs, "before the other process sees its own store");
	common_other(row, common);
	common_look(common);
	common_holds(common, theirs, "after a change of the other process's");
	if (row->is[STORE] == STORE_FORCED_READONLY)
		plain.is[STORE] = STORE_PLAIN;
	common_store(&plain, common, SECOND);
	common_holds(common, SECOND, "what the other process stored");
	give_turn();
	if (!is_child)
		return;
	take_turn();
}

static void file_is_as_it_was(const struct common *common)
{
	char page[PAGE];

	for (size_t i = 0; common->file >= 0 && i < SHARED_PAGES; i++) {
		if (pread(common->file, page, PAGE, i * PAGE) != (ssize_t)PAGE)
			fails("short-read", "the file below: %s", strerror(errno));
		for (size_t j = 1; j < PAGE; j++)
			if (page[j] != page[0])
				fails("wrote", "byte %zu of page %zu of the file below a private "
				      "mapping was written", j, i);
	}
}

static void last(struct row *row, struct common *common, int mark)
{
	struct row plain = *row;

	if (row->is[STORE] == STORE_FORCED_READONLY) {
		/* The rights come back; what was forced in stays. */
		mprotect(common->memory, common->bytes, PROT_READ | PROT_WRITE);
		plain.is[STORE] = STORE_PLAIN;
	}
	common_holds(common, mark, "once the other process has ended");
	common_look(common);
	common_change(&plain, common);
	common_store(&plain, common, THIRD);
	common_holds(common, THIRD, "stored again, once the other process has ended");
	file_is_as_it_was(common);
	munmap(common->memory, common->bytes);
}

void sharing_run(struct row *row, int way)
{
	struct common common;
	int child, status, first_is_child = row->is[WHO] == WHO_CHILD;

	(void)way;
	common_make(row, &common);
	if (row->is[BEFORE] == BEFORE_TWICE) {
		/* The pages are shared with a process that has ended. */
		child = fork();
		if (!child)
			_exit(0);
		waitpid(child, &status, 0);
	}
	if (pipe(to_child) || pipe(to_parent) || (child = fork()) < 0)
		fails("no-fork", "pipe or fork: %s", strerror(errno));
	is_child = !child;
	close(is_child ? to_child[1] : to_parent[1]);
	if (is_child == first_is_child)
		first(row, &common);
	else
		second(row, &common);
	if (is_child)
		_exit(0);
	if (waitpid(child, &status, 0) != child)
		fails("no-child", "waitpid: %s", strerror(errno));
	if (status)
		fails("child-killed", "the child: wait status 0x%x", status);
	last(row, &common, common.visible || first_is_child ? SECOND : FIRST);
	memcpy(outcome->word, "ok", 3);
	exit(0);
}
