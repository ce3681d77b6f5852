/* SPDX-License-Identifier: GPL-2.0-only */
/* A case that is a script. */
#ifndef ZP_SCRIPT_H
#define ZP_SCRIPT_H

/* Run it by busybox sh and end the case by what it says: a line `observed: WORD` and exit status 0
 * is the word, exit status 4 a skip with the last line for its reason, anything else a failure.
 * Lines `figure NAME VALUE UNIT` are figures; what else it prints are details. */
void run_script(const char *path) __attribute__((noreturn));

#endif
