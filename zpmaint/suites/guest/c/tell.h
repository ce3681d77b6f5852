/* SPDX-License-Identifier: GPL-2.0-only */
/* How a case says what it saw. Each of the ending calls leaves the process of the case. */
#ifndef ZP_TELL_H
#define ZP_TELL_H

enum { TOLD = 99 }; /* exit status of a case's own child that has told the ending itself */

void tell_to(int pipe);

/* The case saw what this word says; the judge knows whether that is right on this kernel. */
void observe(const char *word) __attribute__((noreturn));

/* The case saw what is right on no kernel: its word, and the details for people. */
void broken(const char *word, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/* The case cannot be run here: why. */
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A line for people, before the ending. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fork inside a case; the child ends with _exit(0) or with an ending call. */
int branch(void);

/* Wait for a branch: comes back only if it ended well. */
void join(int pid);

#endif
