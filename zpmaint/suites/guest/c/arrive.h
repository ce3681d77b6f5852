/* SPDX-License-Identifier: GPL-2.0-only */
/* The program that the exec cases start: this one, known by the name it is called with. */
#ifndef ZP_ARRIVE_H
#define ZP_ARRIVE_H

#define ARRIVAL "zp-arrive"

enum { GIVEN = 60, ARRIVED = 42, NO_EXEC = 200 };

/* The arguments and the environment that give_words() fills: words from 0 to 590 bytes long. */
extern char *given_words[GIVEN + 2], *given_environment[GIVEN + 1];
void give_words(void);

/* In the new program: compare what came with what was given. Its exit status: ARRIVED, or a number
 * that arrived_without() has words for. SIGUSR1 has to be at its default, SIGUSR2 ignored and SIGHUP
 * the blocked one. */
int arrive(int count, char **words, char **environment);
const char *arrived_without(int status);

#endif
