// SPDX-License-Identifier: GPL-2.0-only
/* I/O ports from a program: rights that live in the saved flags and in a bitmap of the task.
 * Only x86 has them. */
#if defined(__x86_64__) || defined(__i386__)

#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/io.h>
#include <unistd.h>

#include "cases.gen.h"
#include "suite.h"
#include "tell.h"

/* The port of power-on codes, which does nothing, and the one beside it. */
enum { PORT = 0x80, BESIDE = 0x81 };

static sigjmp_buf caught;

static void on_fault(int number)
{
	(void)number;
	siglongjmp(caught, 1);
}

static int may_use(int port)
{
	struct sigaction action = {.sa_handler = on_fault}, old;
	volatile int allowed = 0;

	sigaction(SIGSEGV, &action, &old);
	if (!sigsetjmp(caught, 1)) {
		inb(port);
		outb(0, port);
		allowed = 1;
	}
	sigaction(SIGSEGV, &old, NULL);
	return allowed;
}

static void must_be(int port, int allowed, const char *when)
{
	if (may_use(port) != allowed)
		broken(allowed ? "refused" : "allowed", "%s: port 0x%x is %s", when, port,
		       allowed ? "refused" : "allowed");
}

static void level(int to)
{
	if (iopl(to))
		broken("no-iopl", "iopl(%d): %s", to, strerror(errno));
}

static void only_init(void)
{
	if (!choice.as_init)
		skip("only init asks for I/O ports");
}

void ports_iopl(void)
{
	int child;

	only_init();
	for (int i = 0; i < 3; i++) {
		level(0);
		must_be(PORT, 0, "after iopl(0)");
		level(3);
		must_be(PORT, 1, "after iopl(3)");
		must_be(0x1234, 1, "after iopl(3)");
	}
	if (!(child = branch())) {
		must_be(PORT, 1, "in a child, after the parent's iopl(3)");
		level(0);
		must_be(PORT, 0, "in a child, after its iopl(0)");
		_exit(0);
	}
	join(child);
	must_be(PORT, 1, "after a child's iopl(0)");
	errno = 0;
	if (iopl(4) != -1 || errno != EINVAL)
		broken("wrong-error", "iopl(4): %s", strerror(errno));
	must_be(PORT, 1, "after iopl(4), which is none");
}

static void permit(int yes)
{
	if (ioperm(PORT, 1, yes))
		broken("no-ioperm", "ioperm: %s", strerror(errno));
}

static int turn[2][2];

static void go(int end)
{
	if (write(turn[end][1], "!", 1) != 1)
		broken("no-pipe", "write to a pipe failed");
}

static void wait_turn(int end)
{
	char byte;

	if (read(turn[end][0], &byte, 1) != 1)
		broken("no-pipe", "read from a pipe failed");
}

void ports_ioperm(void)
{
	int child;

	only_init();
	level(0);
	if (pipe(turn[0]) || pipe(turn[1]))
		broken("no-pipe", "pipe: %s", strerror(errno));
	must_be(PORT, 0, "before ioperm");
	permit(1);
	must_be(PORT, 1, "after ioperm");
	must_be(BESIDE, 0, "after ioperm of its neighbour");
	/* Two processes with other rights, by turns: each has its own after every switch. */
	if (!(child = branch())) {
		must_be(PORT, 1, "in a child, after the parent's ioperm");
		permit(0);
		for (int i = 0; i < 5; i++) {
			must_be(PORT, 0, "in a child that gave its right back");
			go(0);
			wait_turn(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 5; i++) {
		wait_turn(0);
		must_be(PORT, 1, "beside a child that gave its right back");
		must_be(BESIDE, 0, "beside a child that gave its right back");
		go(1);
	}
	join(child);
	permit(0);
	must_be(PORT, 0, "after ioperm took it back");
}

#endif
