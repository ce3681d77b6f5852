// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "clocks.h"
#include "probe.h"
#include "second.h"

#define ONLINE "/sys/devices/system/cpu/cpu1/online"

/* Up to 6.4 the kernel waits for a new CPU in a loop of schedule() alone. Where an emulator has one
 * thread for all CPUs and passes on to the next only when one of them pauses or halts (QEMU's -icount
 * before 8.1), the new one is then never run. So there is something to schedule that pauses. */
static void pause_for_ever(void)
{
	for (;;)
		pause_a_moment();
}

void second_cpu_up(void)
{
	char state[8] = "";

	if (get(ONLINE, state, sizeof state) >= 0 && state[0] == '0') {
		int idler = fork();

		if (!idler)
			pause_for_ever();
		put(ONLINE, "1");
		if (idler > 0) {
			kill(idler, SIGKILL);
			waitpid(idler, NULL, 0);
		}
	}
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		say("# problem: the second CPU is not there\n");
}
