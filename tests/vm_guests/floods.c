// SPDX-License-Identifier: GPL-2.0-only
#include "speak.h"

/* Writes results without end. */
int main(void)
{
	iopl(3);
	for (;;)
		say("ok 1 - and on and on and on and on and on and on and on and on and on\n");
}
