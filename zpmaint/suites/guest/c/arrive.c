// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>

#include "arrive.h"
#include "memory.h"

enum { ARGUMENTS = 1, ENVIRONMENT, AUXILIARY, MEMORY, HANDLER, IGNORED, BLOCKED, LAST };

char *given_words[GIVEN + 2] = {ARRIVAL}, *given_environment[GIVEN + 1];

static char text[2][GIVEN][GIVEN * 10];

/* Each byte is told by its place. */
static char *word_of(int list, int number)
{
	char *word = text[list][number];
	int length = number * 10;

	for (int i = 0; i < length; i++)
		word[i] = 'a' + (number + i + 7 * list) % 26;
	word[length] = 0;
	return word;
}

void give_words(void)
{
	for (int i = 0; i < GIVEN; i++) {
		given_words[i + 1] = word_of(0, i);
		given_environment[i] = word_of(1, i);
	}
}

static int is_list(int list, char **words)
{
	for (int i = 0; i < GIVEN; i++)
		if (!words[i] || strcmp(words[i], word_of(list, i)))
			return 0;
	return !words[GIVEN];
}

int arrive(int count, char **words, char **environment)
{
	struct sigaction action;
	sigset_t mask;

	if (text[0][1][0] || given_words[1])
		return MEMORY;
	if (count != GIVEN + 1 || !is_list(0, words + 1))
		return ARGUMENTS;
	if (!is_list(1, environment))
		return ENVIRONMENT;
	if (getauxval(AT_PAGESZ) != PAGE)
		return AUXILIARY;
	if (sigaction(SIGUSR1, NULL, &action) || action.sa_handler != SIG_DFL)
		return HANDLER;
	if (sigaction(SIGUSR2, NULL, &action) || action.sa_handler != SIG_IGN)
		return IGNORED;
	if (sigprocmask(SIG_BLOCK, NULL, &mask) || !sigismember(&mask, SIGHUP) ||
	    sigismember(&mask, SIGTERM))
		return BLOCKED;
	return ARRIVED;
}

const char *arrived_without(int status)
{
	static const char *const names[LAST] = {
		[ARGUMENTS] = "its arguments",	     [ENVIRONMENT] = "its environment",
		[AUXILIARY] = "its auxiliary vector", [MEMORY] = "its own memory",
		[HANDLER] = "a handler",	     [IGNORED] = "an ignored signal",
		[BLOCKED] = "the blocked signals"};

	return status > 0 && status < LAST ? names[status] : "something";
}
