// SPDX-License-Identifier: GPL-2.0-only
#include "speak.h"

/* Restarts the machine in good order, but without `# done`. */
int main(void)
{
	iopl(3);
	say("ok 1 - so far\n");
	reboot(RB_AUTOBOOT);
	return 1;
}
