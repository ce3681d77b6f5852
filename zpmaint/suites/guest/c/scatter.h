/* SPDX-License-Identifier: GPL-2.0-only */
/* Each number below a bound once, in an order without a pattern and the same every time. */
#ifndef ZP_SCATTER_H
#define ZP_SCATTER_H

#include <stddef.h>
#include <stdint.h>

struct scatter {
	uint32_t at, mask;
	int half; /* half the bits of mask */
	size_t bound;
};

static inline struct scatter scatter_over(size_t bound)
{
	struct scatter order = {0, 1, 1, bound};
	int bits = 1;

	for (; order.mask < bound - 1; bits++)
		order.mask = order.mask << 1 | 1;
	order.half = (bits + 1) / 2;
	return order;
}

/* A counter, mixed by steps that each can be undone: so no number comes twice. */
static inline size_t scatter_next(struct scatter *order)
{
	uint32_t mixed;

	do {
		mixed = order->at++ & order->mask;
		mixed ^= mixed >> order->half;
		mixed = mixed * 0x9e3779b1u & order->mask;
		mixed ^= mixed >> order->half;
		mixed = mixed * 0x85ebca6bu & order->mask;
	} while (mixed >= order->bound);
	return mixed;
}

#endif
