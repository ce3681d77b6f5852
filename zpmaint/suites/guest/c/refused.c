// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

#include "refused.h"

static sigjmp_buf caught;

static void on_signal(int number)
{
	(void)number;
	siglongjmp(caught, 1);
}

/* On the alternate stack where there is one: what is tried out may be the stack itself. */
static int refused(volatile char *at, int store)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, segv, bus;
	volatile int is = 1;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	if (!sigsetjmp(caught, 1)) {
		if (store)
			*at = 1;
		else
			(void)*at;
		is = 0;
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return is;
}

int store_refused(volatile char *at)
{
	return refused(at, 1);
}

int load_refused(const volatile char *at)
{
	return refused((volatile char *)at, 0);
}
