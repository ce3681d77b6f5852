/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's second CPU. */
#ifndef ZP_SECOND_H
#define ZP_SECOND_H

/* Bring it up where the kernel was started without (maxcpus=1); say so where it is not there then. */
void second_cpu_up(void);

#endif
