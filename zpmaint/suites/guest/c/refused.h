/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the processor may use an address, tried out. */
#ifndef ZP_REFUSED_H
#define ZP_REFUSED_H

/* Whether a store to `at` (of 1), or a load from there, ends in SIGSEGV or SIGBUS. */
int store_refused(volatile char *at);
int load_refused(const volatile char *at);

#endif
