/* SPDX-License-Identifier: GPL-2.0-only */
/* A swap area for a case: the guest finds a block device, writes the header and switches it on. */
#ifndef ZP_AREA_H
#define ZP_AREA_H

/* Where the area's device is while a case uses one. */
#define SWAP_AREA "/dev/zp-swap"

/* Switch a swap area on, its pages into `pages` unless that is NULL. Skips the case where the
 * kernel has no device for one or no swap at all. */
void swap_on(long *pages);

/* madvise: to the swap area at once (5.4 and later); without it memory has to run short. */
enum { MADV_PAGEOUT_ = 21 };

/* Switch it off, which brings all of it back into memory; nothing where none is on. */
void swap_off(void);

#endif
