// SPDX-License-Identifier: GPL-2.0-only
/* Limits of a process: what they refuse, what they let pass, and that what ends no longer counts. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { RW = PROT_READ | PROT_WRITE, PIECE = 4 << 20, ROOM = 16 << 20 };

static char *try_map(size_t bytes, int rights)
{
	return mmap(NULL, bytes, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void set(int which, const char *key)
{
	long used = proc_field("/proc/self/status", key) << 10;
	struct rlimit limit = {used + ROOM, used + ROOM};

	if (used < 0 || setrlimit(which, &limit))
		broken("no-limit", "setrlimit: %s", strerror(errno));
}

/* Within the limit all is given, several times over; beyond it nothing, by mmap or by mremap. */
static void space(int rights)
{
	for (int round = 0; round < 6; round++) {
		char *memory = try_map(PIECE, rights), *more;

		if (memory == MAP_FAILED)
			broken("limited", "a quarter of what is left is refused in round %d: %s", round,
			       strerror(errno));
		if (try_map(ROOM, rights) != MAP_FAILED)
			broken("unlimited", "mmap went beyond the limit");
		more = mremap(memory, PIECE, ROOM + PIECE, MREMAP_MAYMOVE);
		if (more != MAP_FAILED)
			broken("unlimited", "mremap went beyond the limit");
		more = mremap(memory, PIECE, 2 * PIECE, MREMAP_MAYMOVE);
		if (more == MAP_FAILED)
			broken("limited", "mremap within the limit: %s", strerror(errno));
		must_be_zero(more, 16, "memory within the limit");
		munmap(more, 2 * PIECE);
	}
}

void rlimit_space(void)
{
	set(RLIMIT_AS, "VmSize");
	space(RW);
	space(PROT_READ);
}

/* The limit of writable private memory: brk's alone up to 4.6. */
void rlimit_data(void)
{
	unsigned long now = syscall(SYS_brk, 0L);

	set(RLIMIT_DATA, "VmData");
	space(RW);
	if ((unsigned long)syscall(SYS_brk, now + ROOM + PIECE) > now + PIECE)
		broken("unlimited", "brk went beyond the limit");
	if (try_map(2 * ROOM, PROT_READ) == MAP_FAILED)
		broken("limited", "memory that may only be read counts: %s", strerror(errno));
}
