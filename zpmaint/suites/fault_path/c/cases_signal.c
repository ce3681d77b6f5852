// SPDX-License-Identifier: GPL-2.0-only
/* Signals: what the kernel writes into a program's stack and registers, and takes back out of them.
 * Anything that loses track of the saved registers on its way through the kernel shows here. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "registers.h"
#include "tell.h"

enum { RW = 3 };

static volatile sig_atomic_t calls, last_number;
/* glibc declares that sigqueue() calls nothing of a program, which a handler is. */
static volatile siginfo_t last_info;

static void set(int number, const struct sigaction *action)
{
	if (sigaction(number, action, NULL))
		broken("no-sigaction", "sigaction of signal %d: %s", number, strerror(errno));
}

/* With SA_SIGINFO, too: the frame is then another one, and the handler does not look. */
static void handle(int number, void (*handler)(int), int flags)
{
	set(number, &(struct sigaction){.sa_handler = handler, .sa_flags = flags});
}

static void handle_info(int number, void (*handler)(int, siginfo_t *, void *))
{
	set(number, &(struct sigaction){.sa_sigaction = handler, .sa_flags = SA_SIGINFO});
}

static void count(int number)
{
	calls++;
	last_number = number;
}

static void keep_info(int number, siginfo_t *info, void *context)
{
	(void)context;
	count(number);
	last_info = *info;
}

static void must_have_come(int times, int number)
{
	if (calls != times || last_number != number)
		broken("not-delivered", "%d calls of the handler, the last for signal %d; not %d for %d",
		       (int)calls, (int)last_number, times, number);
}

/* Each signal calls its handler once, with its number and with who sent it. */
void signal_handler(void)
{
	union sigval value = {.sival_int = 0x1234567};
	int child;

	calls = 0;
	handle(SIGUSR1, count, 0);
	for (int i = 1; i <= 100; i++) {
		raise(SIGUSR1);
		must_have_come(i, SIGUSR1);
	}
	handle_info(SIGUSR2, keep_info);
	kill(getpid(), SIGUSR2);
	must_have_come(101, SIGUSR2);
	if (last_info.si_signo != SIGUSR2 || last_info.si_code != SI_USER ||
	    last_info.si_pid != getpid())
		broken("wrong-info", "kill: signal %d, code %d, from %d", last_info.si_signo,
		       last_info.si_code, last_info.si_pid);
	if (sigqueue(getpid(), SIGUSR2, value))
		broken("no-sigqueue", "sigqueue: %s", strerror(errno));
	must_have_come(102, SIGUSR2);
	if (last_info.si_code != SI_QUEUE || last_info.si_value.sival_int != 0x1234567)
		broken("wrong-info", "sigqueue: code %d, value 0x%x", last_info.si_code,
		       last_info.si_value.sival_int);
	handle_info(SIGCHLD, keep_info);
	if (!(child = branch()))
		_exit(7);
	while (calls == 102)
		usleep(1000);
	must_have_come(103, SIGCHLD);
	if (last_info.si_code != CLD_EXITED || last_info.si_pid != child ||
	    last_info.si_status != 7)
		broken("wrong-info", "SIGCHLD: code %d, from %d, status %d", last_info.si_code,
		       last_info.si_pid, last_info.si_status);
	waitpid(child, NULL, 0);
}

/* Written for the registers of x86. */
#if defined(__x86_64__) || defined(__i386__)

static void must_hold(const unsigned long *registers, const unsigned long *marks, int unseen,
		      const char *when)
{
	int which = spoilt_register(registers, marks, unseen);

	if (which >= 0)
		broken("lost-register", "%s: %s is 0x%lx, not 0x%lx", when, register_name(which),
		       registers[which], marks[which]);
}

static void count_spoiling(int number, void *info, void *context)
{
	(void)info;
	(void)context;
	count(number);
}

static unsigned long seen[REGISTERS];

static void step_over(int number, void *info, void *context)
{
	greg_t *saved = ((ucontext_t *)context)->uc_mcontext.gregs;
#ifdef __x86_64__
	static const int places[REGISTERS] = {
		REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8,
		REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
	enum { AT = REG_RIP };
#else
	static const int places[REGISTERS] = {REG_EAX, REG_EBX, REG_ECX, REG_EDX,
					      REG_ESI, REG_EDI, REG_EBP};
	enum { AT = REG_EIP };
#endif

	(void)info;
	count(number);
	for (int i = 0; i < REGISTERS; i++)
		seen[i] = saved[places[i]];
	saved[AT] += 2;
}

/* A signal at the end of a system call: the kernel's own frame without SA_SIGINFO (sigreturn on
 * i386), the frame with it (rt_sigreturn). Then one in the middle of the program. */
void signal_registers(void)
{
	unsigned long marks[REGISTERS], registers[REGISTERS];

	calls = 0;
	for (int i = 0; i < 2; i++) {
		on_signal = count_spoiling;
		handle(SIGUSR1, spoiling_handler, i ? SA_SIGINFO : 0);
		mark_registers(marks);
		marks[AX] = SYS_kill;
		marks[argument_register[0]] = getpid();
		marks[argument_register[1]] = SIGUSR1;
		memcpy(registers, marks, sizeof marks);
		enter_kernel(registers);
		must_have_come(i + 1, SIGUSR1);
		marks[AX] = 0; /* what kill() gives back, which went through the handler, too */
		must_hold(registers, marks, BY_INSTRUCTION,
			  i ? "after a handler with SA_SIGINFO" : "after a handler");
	}
	on_signal = step_over;
	handle(SIGILL, spoiling_handler, SA_SIGINFO);
	mark_registers(marks);
	memcpy(registers, marks, sizeof marks);
	meet_fault(registers);
	must_have_come(3, SIGILL);
	must_hold(seen, marks, 0, "as the handler sees them");
	must_hold(registers, marks, 0, "after an instruction that faulted");
}

#endif

static char *other_stack;
static size_t other_size;
static stack_t inside;
static void *stood_at;

static void look_at_stack(int number)
{
	char here;

	count(number);
	stood_at = &here;
	sigaltstack(NULL, &inside);
}

static int on_other_stack(void)
{
	return (char *)stood_at >= other_stack && (char *)stood_at < other_stack + other_size;
}

void signal_altstack(void)
{
	stack_t other, asked;

	other_size = 16 * PAGE;
	other_stack = map_pages(16, RW);
	other = (stack_t){.ss_sp = other_stack, .ss_size = other_size};
	calls = 0;
	if (sigaltstack(&other, NULL))
		broken("no-sigaltstack", "sigaltstack: %s", strerror(errno));
	if (sigaltstack(NULL, &asked) || asked.ss_sp != other_stack ||
	    asked.ss_size != other_size || asked.ss_flags)
		broken("wrong-stack", "the kernel says %p, %zu bytes, flags %d", asked.ss_sp,
		       asked.ss_size, asked.ss_flags);
	for (int i = 0; i < 2; i++) {
		int flags = i ? SA_ONSTACK : SA_ONSTACK | SA_SIGINFO;

		handle(SIGUSR1, look_at_stack, flags);
		raise(SIGUSR1);
		must_have_come(i + 1, SIGUSR1);
		if (!on_other_stack() || inside.ss_flags != SS_ONSTACK)
			broken("wrong-stack", "a handler with SA_ONSTACK ran at %p, flags %d",
			       stood_at, inside.ss_flags);
	}
	handle(SIGUSR1, look_at_stack, SA_SIGINFO);
	raise(SIGUSR1);
	must_have_come(3, SIGUSR1);
	if (on_other_stack() || inside.ss_flags)
		broken("wrong-stack", "a handler without SA_ONSTACK ran at %p, flags %d", stood_at,
		       inside.ss_flags);
	other.ss_flags = SS_DISABLE;
	if (sigaltstack(&other, NULL) || sigaltstack(NULL, &asked) || asked.ss_flags != SS_DISABLE)
		broken("wrong-stack", "the other stack cannot be given back");
	must_be_zero(other_stack, 1, "the far end of the other stack");
}

static int talk[2];

static void write_byte(int number)
{
	count(number);
	if (write(talk[1], "!", 1) != 1)
		_exit(97);
}

static void alarm_soon(void)
{
	struct itimerval soon = {.it_value = {.tv_usec = 50000}};

	if (setitimer(ITIMER_REAL, &soon, NULL))
		broken("no-timer", "setitimer: %s", strerror(errno));
}

/* A signal while a system call waits: taken up again with its arguments, or given up. */
void signal_restart(void)
{
	struct itimerval left, none = {{0, 0}, {0, 0}};
	char byte = 0;

	/* The deadline of the case is an alarm, too: it goes on afterwards. */
	getitimer(ITIMER_REAL, &left);
	if (pipe(talk))
		broken("no-pipe", "pipe: %s", strerror(errno));
	calls = 0;
	handle(SIGALRM, write_byte, SA_RESTART);
	alarm_soon();
	if (read(talk[0], &byte, 1) != 1 || byte != '!')
		broken("not-restarted", "read() with SA_RESTART: %s", strerror(errno));
	must_have_come(1, SIGALRM);
	handle(SIGALRM, count, 0);
	alarm_soon();
	errno = 0;
	if (read(talk[0], &byte, 1) != -1 || errno != EINTR)
		broken("not-interrupted", "read() without SA_RESTART: %s", strerror(errno));
	must_have_come(2, SIGALRM);
	setitimer(ITIMER_REAL, &none, NULL);
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_REAL, &left, NULL);
}

static sigset_t mask_inside;

static void look_at_mask(int number)
{
	count(number);
	sigprocmask(SIG_BLOCK, NULL, &mask_inside);
}

/* What is blocked while a handler runs, and that the mask of before comes back. */
void signal_mask(void)
{
	struct sigaction action = {.sa_handler = look_at_mask};
	sigset_t block, before, after, wait;

	calls = 0;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaddset(&action.sa_mask, SIGRTMAX);
	set(SIGUSR1, &action);
	sigprocmask(SIG_BLOCK, NULL, &before);
	raise(SIGUSR1);
	must_have_come(1, SIGUSR1);
	if (!sigismember(&mask_inside, SIGUSR1) || !sigismember(&mask_inside, SIGUSR2) ||
	    !sigismember(&mask_inside, SIGRTMAX) || sigismember(&mask_inside, SIGTERM))
		broken("wrong-mask", "the mask inside of a handler is not sa_mask and its own");
	sigprocmask(SIG_BLOCK, NULL, &after);
	if (memcmp(&before, &after, 8))
		broken("wrong-mask", "the mask after a handler is not that before it");
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGUSR1);
	must_have_come(1, SIGUSR1);
	wait = before;
	errno = 0;
	if (sigsuspend(&wait) != -1 || errno != EINTR)
		broken("not-interrupted", "sigsuspend: %s", strerror(errno));
	must_have_come(2, SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &after);
	if (!sigismember(&after, SIGUSR1))
		broken("wrong-mask", "sigsuspend does not bring the mask of before back");
}
