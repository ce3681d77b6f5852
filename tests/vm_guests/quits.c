// SPDX-License-Identifier: GPL-2.0-only
#include "speak.h"

/* Ends the machine in the agreed way, but before `# done`. */
int main(void)
{
	iopl(3);
	say("ok 1 - so far\n");
	end();
}
