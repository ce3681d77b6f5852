// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tell.h"

static int out = -1;
static int case_pid;

void tell_to(int pipe)
{
	out = pipe;
	case_pid = getpid();
}

/* One line: kind, a blank, the text. Lines stay below PIPE_BUF and so arrive whole. */
static void line(char kind, const char *format, va_list args)
{
	char text[512];
	int length;

	text[0] = kind;
	text[1] = ' ';
	length = 2 + vsnprintf(text + 2, sizeof text - 3, format, args);
	if (length > (int)sizeof text - 2)
		length = sizeof text - 2;
	text[length++] = '\n';
	if (write(out, text, length) != length)
		_exit(98);
}

static void linef(char kind, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(kind, format, args);
	va_end(args);
}

static void leave(void) __attribute__((noreturn));
static void leave(void)
{
	_exit(getpid() == case_pid ? 0 : TOLD);
}

void observe(const char *word)
{
	linef('O', "%s", word);
	leave();
}

void broken(const char *word, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line('N', format, args);
	va_end(args);
	linef('F', "%s", word);
	leave();
}

void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line('S', format, args);
	va_end(args);
	leave();
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line('N', format, args);
	va_end(args);
}

int branch(void)
{
	int pid = fork();

	if (pid < 0)
		broken("no-fork", "fork: %s", strerror(errno));
	return pid;
}

void join(int pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		broken("no-child", "waitpid: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == TOLD)
		_exit(0);
	if (WIFSIGNALED(status))
		broken("child-killed", "a child of the case died of signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		broken("child-failed", "a child of the case ended with status %d",
		       WEXITSTATUS(status));
}
