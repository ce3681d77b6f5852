// SPDX-License-Identifier: GPL-2.0-only
/* The example of the post: a sparse matrix kept as if it were dense. Few pages hold a value, and all
 * of them are read. */
#include <stdint.h>
#include <sys/mman.h>

#include "memory.h"
#include "passes.h"
#include "patterns.gen.h"
#include "scatter.h"
#include "tell.h"

enum { APART = 64, WORDS = PAGE / sizeof(uint64_t) }; /* one page of 64 holds a value */

static uint64_t walked(const volatile uint64_t *matrix, size_t words)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < words; i++)
		sum += matrix[i];
	return sum;
}

void pattern_sparse(const struct ground *on)
{
	volatile uint64_t *matrix = (uint64_t *)pass_memory(on);
	size_t values = on->pages / APART;
	struct scatter place = scatter_over(APART * WORDS);
	uint64_t expected = 0, sum;

	pass_start(on);
	pass_begin();
	for (size_t i = 0; i < values; i++) {
		matrix[i * APART * WORDS + scatter_next(&place)] = i + 1;
		expected += i + 1;
	}
	pass_end(on, "fill", values);
	pass_begin();
	sum = walked(matrix, on->pages * WORDS);
	pass_end(on, "walk", on->pages);
	if (sum != expected)
		broken("wrong-sum", "the matrix does not hold what was written");
	pass_begin();
	sum = walked(matrix, on->pages * WORDS);
	pass_end(on, "walk-again", on->pages);
	if (sum != expected)
		broken("wrong-sum", "the matrix does not hold what was written");
	pass_begin();
	munmap((void *)matrix, on->pages * PAGE);
	pass_end(on, "unmap", on->pages);
}
