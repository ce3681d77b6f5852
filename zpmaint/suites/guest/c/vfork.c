// SPDX-License-Identifier: GPL-2.0-only
/* musl's vfork() is fork() on arm64; the cases mean the one that shares the parent's memory. It comes
 * back twice on one stack, so nothing of it may lie there: the return address stays in its register. */
#ifdef __aarch64__

#include <sys/syscall.h>

#define TEXT(number) TEXT_(number)
#define TEXT_(number) #number

/* clone(CLONE_VM | CLONE_VFORK | SIGCHLD, 0); an error's number is not wanted. */
__asm__(".text\n.globl vfork\n.type vfork, %function\nvfork:\n"
	"mov x0, #0x4111\n mov x1, #0\n mov x2, #0\n mov x3, #0\n mov x4, #0\n"
	"mov x8, #" TEXT(SYS_clone) "\n svc #0\n"
	"cmn x0, #1, lsl #12\n b.ls 1f\n mov x0, #-1\n1:\n ret\n"
	".size vfork, . - vfork\n");

#endif
