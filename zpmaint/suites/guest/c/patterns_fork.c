// SPDX-License-Identifier: GPL-2.0-only
/* Patterns across a fork: what it costs to share the memory, and what to part again. */
#include <unistd.h>

#include "memory.h"
#include "passes.h"
#include "patterns.gen.h"
#include "tell.h"

static void parted(const struct ground *on, char *memory)
{
	int ends[2], child;
	char word;

	if (pipe(ends))
		broken("no-pipe", "pipe for the child");
	pass_begin();
	child = branch();
	if (!child) {
		/* It waits until the parent has its figures and lets go of its end. */
		close(ends[1]);
		if (read(ends[0], &word, 1))
			broken("no-pipe", "the parent said something");
		pass_begin();
		store_each(memory, on->pages);
		pass_end(on, "child-write", on->pages);
		_exit(0);
	}
	pass_end(on, "fork", on->pages);
	close(ends[1]);
	join(child);
	close(ends[0]);
	pass_begin();
	store_each(memory, on->pages);
	pass_end(on, "parent-write", on->pages);
}

void pattern_fork_read(const struct ground *on)
{
	char *memory = pass_memory(on);

	pass_start(on);
	pass_zero(load_each(memory, on->pages));
	parted(on, memory);
}

void pattern_fork_written(const struct ground *on)
{
	char *memory = pass_memory(on);

	pass_start(on);
	store_each(memory, on->pages);
	parted(on, memory);
}
