// SPDX-License-Identifier: GPL-2.0-only
/* The ways to read one page of a condition's memory. None of them finds anything but zeros. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "condition.h"
#include "memory.h"
#include "numbers.h"

enum { POPULATE_READ = 22 };

static char into[64];

static void must_be_zeros(const char *way)
{
	for (unsigned i = 0; i < sizeof into; i++)
		if (into[i])
			fails("not-zero", "byte %u by %s is 0x%02x", i, way, (unsigned char)into[i]);
}

static void by_pipe(const char *at, int vector)
{
	struct iovec parts[2] = {{(char *)at, 24}, {(char *)at + 24, sizeof into - 24}};
	int ends[2];
	ssize_t sent;

	if (pipe(ends))
		fails("no-pipe", "pipe: %s", strerror(errno));
	sent = vector ? writev(ends[1], parts, 2) : write(ends[1], at, sizeof into);
	if (sent != sizeof into || read(ends[0], into, sizeof into) != sizeof into)
		fails("short-write", "%zd bytes by write(): %s", sent, strerror(errno));
	close(ends[0]);
	close(ends[1]);
	must_be_zeros("write()");
}

static void by_self_mem(const char *at)
{
	char path[64];
	int file;

	/* Up to 2.6.38 none but the task itself, which is not the process, may look. */
	snprintf(path, sizeof path, "/proc/self/task/%ld/mem", (long)syscall(SYS_gettid));
	file = open(path, O_RDONLY);
	if (pread(file, into, sizeof into, (off_t)(uintptr_t)at) != sizeof into)
		fails("short-read", "%s: %s", path, strerror(errno));
	close(file);
	must_be_zeros("/proc/self/mem");
}

/* A child reads its parent: the fault is of a process that the running one is not. */
static void by_other(const char *at, int trace)
{
	int parent = getpid(), status, child = fork();

	if (child < 0)
		fails("no-fork", "fork: %s", strerror(errno));
	if (!child) {
		struct iovec here = {into, sizeof into}, there = {(char *)at, sizeof into};

		if (!trace) {
			_exit(syscall(NR_PROCESS_VM_READV, parent, &here, 1L, &there, 1L, 0L) !=
			      sizeof into);
		}
		if (ptrace(PTRACE_ATTACH, parent, NULL, NULL))
			_exit(2);
		while (waitpid(parent, &status, __WALL) < 0 && errno == EINTR)
			;
		errno = 0;
		*(long *)into = ptrace(PTRACE_PEEKDATA, parent, at, NULL);
		status = errno;
		ptrace(PTRACE_DETACH, parent, NULL, NULL);
		_exit(status ? 3 : *(long *)into ? 4 : 0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
		fails("not-zero", "a debugger reads something else than 0");
	if (status)
		fails("short-read", "by another process: wait status 0x%x", status);
}

void read_page_by(const struct row *condition, enum by by, const char *at)
{
	int file;

	switch (by) {
	case BY_MEM: by_self_mem(at); return;
	case BY_PROCESS_VM: by_other(at, 0); return;
	case BY_PTRACE: by_other(at, 1); return;
	case BY_POPULATE:
		if (madvise((char *)at, PAGE, POPULATE_READ))
			fails("no-madvise", "MADV_POPULATE_READ: %s", strerror(errno));
		return;
	case BY_MLOCK:
		if (mlock(at, PAGE))
			fails("no-mlock", "mlock: %s", strerror(errno));
		munlock(at, PAGE);
		return;
	default: break;
	}
	switch (condition->is[READER]) {
	case READER_WRITE: by_pipe(at, 0); return;
	case READER_VECTOR: by_pipe(at, 1); return;
	case READER_PATH:
		/* An empty path: no such file. */
		file = open(at, O_RDONLY);
		if (file >= 0 || errno != ENOENT)
			fails("not-zero", "as a path it is no empty one: %s", strerror(errno));
		return;
	default:
		if (*(const volatile char *)at)
			fails("not-zero", "a load finds 0x%02x", *(const unsigned char *)at);
	}
}
