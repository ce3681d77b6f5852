// SPDX-License-Identifier: GPL-2.0-only
/* System calls, new processes and new programs: what arrives in them, and that the registers and the
 * memory of those who asked stay as they were. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arrive.h"
#include "cases.gen.h"
#include "memory.h"
#include "registers.h"
#include "tell.h"

enum { PAGES = 16, RW = PROT_READ | PROT_WRITE };

static char *const no_words[] = {NULL};

/* Written for the registers and the system calls of x86. */
#if defined(__x86_64__) || defined(__i386__)

enum { MOST = 6 };

struct call {
	const char *name;
	long number;
	int count;
	long argument[MOST];
};

static char buffer[4096];
static struct iovec vector = {buffer, 8};
static struct timespec at_once;

#define AT(pointer) ((long)(uintptr_t)(pointer))

static int spoilt;

/* Enter the kernel with the arguments and marks in all other registers; its answer. */
static long called(const struct call *call)
{
	unsigned long marks[REGISTERS], registers[REGISTERS];
	int seen = BY_INSTRUCTION | 1 << AX;

	mark_registers(marks);
	marks[AX] = call->number;
	for (int i = 0; i < call->count; i++)
		marks[argument_register[i]] = call->argument[i];
	memcpy(registers, marks, sizeof marks);
	enter_kernel(registers);
	for (int which; (which = spoilt_register(registers, marks, seen)) >= 0; spoilt++) {
		note("%s: %s is 0x%lx, not 0x%lx", call->name, register_name(which),
		     registers[which], marks[which]);
		seen |= 1 << which;
	}
	return registers[AX];
}

static void must_be_whole(void)
{
	if (spoilt)
		broken("lost-register", "%d registers are not what they were", spoilt);
}

/* On i386 the arguments of a system call lie in the frame that its registers are taken back from:
 * a compiler that thinks the frame its own spoils them. */
void syscall_registers(void)
{
	char *memory = map_pages(PAGES, RW);
	int ends[2];

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	const struct call list[] = {
		{"getpid", SYS_getpid, 0, {0}},
		{"sched_yield", SYS_sched_yield, 0, {0}},
		{"write", SYS_write, 3, {ends[1], AT(buffer), 64}},
		{"read", SYS_read, 3, {ends[0], AT(buffer), 8}},
		{"readv", SYS_readv, 3, {ends[0], AT(&vector), 1}},
		{"writev", SYS_writev, 3, {ends[1], AT(&vector), 1}},
		{"open", SYS_open, 3, {AT("/proc/self/none"), O_RDONLY, 0}},
		{"openat", SYS_openat, 4, {AT_FDCWD, AT("/proc/self/none"), O_RDONLY, 0}},
		{"creat", SYS_creat, 2, {AT("/proc/self/none"), 0}},
		{"close", SYS_close, 1, {-1}},
		{"lseek", SYS_lseek, 3, {ends[0], 0, SEEK_CUR}},
		{"pread", SYS_pread64, 5, {ends[0], AT(buffer), 8, 0, 0}},
		{"access", SYS_access, 2, {AT("/"), R_OK}},
		{"readlink", SYS_readlink, 3, {AT("/proc/self"), AT(buffer), 64}},
		{"getcwd", SYS_getcwd, 2, {AT(buffer), 64}},
		{"chdir", SYS_chdir, 1, {AT("/")}},
		{"mkdir", SYS_mkdir, 2, {AT("/proc/none"), 0}},
		{"rename", SYS_rename, 2, {AT("/proc/none"), AT("/proc/nothing")}},
		{"mknod", SYS_mknod, 3, {AT("/proc/none"), 0, 0}},
		{"mount", SYS_mount, 5, {AT("none"), AT("/none"), AT("none"), 0, 0}},
		{"dup2", SYS_dup2, 2, {ends[0], ends[0]}},
		{"fcntl", SYS_fcntl, 3, {ends[0], F_GETFL, 0}},
		{"ioctl", SYS_ioctl, 3, {ends[0], 0x5401, AT(buffer)}},
		{"poll", SYS_poll, 3, {0, 0, 1}},
		{"sendfile", SYS_sendfile, 4, {-1, -1, 0, 8}},
		{"splice", SYS_splice, 6, {-1, 0, -1, 0, 8, 0}},
		{"mprotect", SYS_mprotect, 3, {AT(memory), PAGE, RW}},
		{"madvise", SYS_madvise, 3, {AT(memory), PAGE, MADV_NORMAL}},
		{"mincore", SYS_mincore, 3, {AT(memory), PAGE, AT(buffer)}},
		{"msync", SYS_msync, 3, {AT(memory), PAGE, MS_ASYNC}},
		{"mlock", SYS_mlock, 2, {AT(memory), PAGE}},
		{"munlock", SYS_munlock, 2, {AT(memory), PAGE}},
		{"mremap", SYS_mremap, 5, {AT(memory), PAGES * PAGE, PAGES / 2 * PAGE, 0, 0}},
		{"munmap", SYS_munmap, 2, {AT(memory), PAGE}},
		{"brk", SYS_brk, 1, {0}},
		{"futex", SYS_futex, 6, {AT(buffer + 64), 0, 1, 0, 0, 0}},
		{"nanosleep", SYS_nanosleep, 2, {AT(&at_once), 0}},
		{"getitimer", SYS_getitimer, 2, {ITIMER_VIRTUAL, AT(buffer)}},
		{"rt_sigaction", SYS_rt_sigaction, 4, {SIGUSR1, 0, AT(buffer), 8}},
		{"rt_sigprocmask", SYS_rt_sigprocmask, 4, {SIG_BLOCK, 0, AT(buffer), 8}},
		{"rt_sigpending", SYS_rt_sigpending, 2, {AT(buffer), 8}},
		{"rt_sigtimedwait", SYS_rt_sigtimedwait, 4, {AT(buffer), 0, AT(&at_once), 8}},
		{"sigaltstack", SYS_sigaltstack, 2, {0, AT(buffer)}},
		{"kill", SYS_kill, 2, {getpid(), 0}},
		{"wait4", SYS_wait4, 4, {-1, AT(buffer), WNOHANG, 0}},
		{"waitid", SYS_waitid, 5, {P_ALL, 0, AT(buffer), WEXITED | WNOHANG, 0}},
		{"getrusage", SYS_getrusage, 2, {RUSAGE_SELF, AT(buffer)}},
		{"getrlimit", SYS_getrlimit, 2, {RLIMIT_STACK, AT(buffer)}},
		{"setpgid", SYS_setpgid, 2, {0, 0}},
		{"uname", SYS_uname, 1, {AT(buffer)}},
		{"prctl", SYS_prctl, 5, {-1, 0, 0, 0, 0}},
		{"ptrace", SYS_ptrace, 4, {2, -1, 0, 0}},
		{"execve", SYS_execve, 3, {AT("/none"), AT(no_words), AT(no_words)}},
		{"clone", SYS_clone, 5, {0x10000, 0, 0, 0, 0}}, /* a thread without its memory */
		{"iopl", SYS_iopl, 1, {4}},
		{"ioperm", SYS_ioperm, 3, {0x10000, 1, 1}},
		{"getpriority", SYS_getpriority, 2, {PRIO_PROCESS, 0}},
#ifdef __i386__
		{"clock_gettime", SYS_clock_gettime32, 2, {CLOCK_MONOTONIC, AT(buffer)}},
		{"gettimeofday", SYS_gettimeofday_time32, 2, {AT(buffer), 0}},
		{"waitpid", SYS_waitpid, 3, {-1, AT(buffer), WNOHANG}},
		{"mmap2", SYS_mmap2, 6, {0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
		{"_llseek", SYS__llseek, 5, {ends[0], 0, 0, AT(buffer), SEEK_CUR}},
		{"_newselect", SYS__newselect, 5, {0, 0, 0, 0, AT(&at_once)}},
		{"fcntl64", SYS_fcntl64, 3, {ends[0], F_GETFL, 0}},
		{"stat64", SYS_stat64, 2, {AT("/"), AT(buffer)}},
		{"truncate64", SYS_truncate64, 3, {AT("/none"), 0, 0}},
		{"fadvise64_64", SYS_fadvise64_64, 6, {-1, 0, 0, 8, 0, 0}},
		{"sync_file_range", SYS_sync_file_range, 6, {-1, 0, 0, 8, 0, 0}},
		{"sigaction", SYS_sigaction, 3, {SIGUSR1, 0, AT(buffer)}},
		{"sigprocmask", SYS_sigprocmask, 3, {SIG_BLOCK, 0, AT(buffer)}},
		{"ipc", SYS_ipc, 6, {0, 0, 0, 0, 0, 0}},
		{"socketcall", SYS_socketcall, 2, {0, AT(buffer)}},
		{"chown32", SYS_chown32, 3, {AT("/none"), -1, -1}},
		{"setresuid32", SYS_setresuid32, 3, {-1, -1, -1}},
#else
		{"clock_gettime", SYS_clock_gettime, 2, {CLOCK_MONOTONIC, AT(buffer)}},
		{"gettimeofday", SYS_gettimeofday, 2, {AT(buffer), 0}},
		{"select", SYS_select, 5, {0, 0, 0, 0, AT(&at_once)}},
		{"mmap", SYS_mmap, 6, {0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
#endif
	};
	enum { CALLS = sizeof list / sizeof *list };

	for (int i = 0; i < CALLS; i++)
		called(&list[i]);
	must_be_whole();
	if (called(&list[0]) != getpid())
		broken("wrong-answer", "getpid gave no process id");
	note("%d system calls", (int)CALLS);
}

/* Both sides come out of fork() with the registers that went in. */
void fork_registers(void)
{
	struct call fork_call = {"fork", SYS_fork, 0, {0}};
	int parent = getpid();

	for (int i = 0; i < 20; i++) {
		long child = called(&fork_call);

		if (child < 0)
			broken("no-fork", "fork: %s", strerror(-child));
		if (!child) {
			if (getpid() == parent || getppid() != parent)
				broken("wrong-answer", "fork gave 0 to process %d", getpid());
			must_be_whole();
			_exit(0);
		}
		join(child);
		must_be_whole();
	}
}

#endif

static volatile int left_by_child;

/* A vfork()ed child has its parent's memory, and the parent waits for its end. */
void fork_vfork(void)
{
	for (volatile int i = 1; i <= 20; i++) {
		int status, child = vfork();

		if (child < 0)
			broken("no-fork", "vfork: %s", strerror(errno));
		if (!child) {
			left_by_child = i;
			_exit(i);
		}
		if (left_by_child != i)
			broken("no-wait", "vfork came back before the child had ended, or without "
			       "its memory");
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != i)
			broken("wrong-status", "the child's wait status is 0x%x", status);
	}
}

static void no_handler(int number)
{
	(void)number;
}

static void start(int with_vfork)
{
	int status, child, said;

	give_words();
	child = with_vfork ? vfork() : fork();
	if (child < 0)
		broken("no-fork", "%sfork: %s", with_vfork ? "v" : "", strerror(errno));
	if (!child) {
		execve("/proc/self/exe", given_words, given_environment);
		_exit(NO_EXEC);
	}
	if (waitpid(child, &status, 0) != child)
		broken("no-child", "waitpid: %s", strerror(errno));
	said = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (said == NO_EXEC)
		broken("no-exec", "execve failed");
	if (said != ARRIVED)
		broken("arrived-wrong", "the new program finds %s not as it was given (wait status "
		       "0x%x)", arrived_without(said), status);
}

/* This very program once more, by fork and by vfork. */
void exec_self(void)
{
	sigset_t hang_up;

	signal(SIGUSR1, no_handler);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&hang_up);
	sigaddset(&hang_up, SIGHUP);
	sigprocmask(SIG_BLOCK, &hang_up, NULL);
	for (int i = 0; i < 5; i++) {
		start(0);
		start(1);
	}
}

static void must_fail(const char *path, char *const *words, int with)
{
	errno = 0;
	if (execve(path, words, no_words) != -1 || errno != with)
		broken("wrong-error", "execve of %s: %s, not %s", path, strerror(errno),
		       strerror(with));
}

/* A program that cannot be started leaves the old one as it was. */
void exec_failed(void)
{
	enum { LONG = 256 << 10 }; /* longer than what any kernel takes as one argument */
	char *memory = map_pages(PAGES, RW), *text = map_pages(LONG / PAGE + 1, RW);
	char *words[] = {"none", text, NULL};

	fill_pages(memory, PAGES, 0x61);
	memset(text, 'x', LONG);
	must_fail("/proc/none", no_words, ENOENT);
	must_fail("/proc", no_words, EACCES);
	must_fail("/proc/self/exe", words, E2BIG);
	must_be_filled(memory, PAGES, 0x61, "after execve failed");
}
