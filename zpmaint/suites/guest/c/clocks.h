/* SPDX-License-Identifier: GPL-2.0-only */
/* What time is taken by. */
#ifndef ZP_CLOCKS_H
#define ZP_CLOCKS_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_of(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Of the program's day. */
static inline int64_t nanoseconds(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

/* The finest that there is: under -icount a tick is an instruction. x86 counts them; elsewhere the
 * counter is coarser (62.5 MHz on arm64, 10 MHz on riscv64), and is told in the same nanoseconds. */
static inline uint64_t ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
#else
	return clock_of(CLOCK_MONOTONIC_RAW);
#endif
}

/* A moment in which others may go on: where CPUs take turns (-icount) it is what hands over. */
static inline void pause_a_moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#else
	__asm__ volatile("nop");
#endif
}

#endif
