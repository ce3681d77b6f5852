// SPDX-License-Identifier: GPL-2.0-only
#include "registers.h"

#if defined(__x86_64__) || defined(__i386__)

void (*on_signal)(int number, void *info, void *context);

/* `registers` is kept on the stack, whose pointer is the one register that stays. */
#ifdef __x86_64__

const int argument_register[6] = {DI, SI, DX, R10, R8, R9};

static const char *const names[REGISTERS] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
					     "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

#define AROUND(name, instruction)                                                                  \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"                \
		"push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"          \
		"push %rdi\n"                                                                      \
		"mov 8(%rdi), %rbx\n mov 16(%rdi), %rcx\n mov 24(%rdi), %rdx\n"                    \
		"mov 32(%rdi), %rsi\n mov 48(%rdi), %rbp\n mov 56(%rdi), %r8\n"                    \
		"mov 64(%rdi), %r9\n mov 72(%rdi), %r10\n mov 80(%rdi), %r11\n"                    \
		"mov 88(%rdi), %r12\n mov 96(%rdi), %r13\n mov 104(%rdi), %r14\n"                  \
		"mov 112(%rdi), %r15\n mov 0(%rdi), %rax\n mov 40(%rdi), %rdi\n" instruction "\n"  \
		"push %rax\n mov 8(%rsp), %rax\n"                                                  \
		"mov %rbx, 8(%rax)\n mov %rcx, 16(%rax)\n mov %rdx, 24(%rax)\n"                    \
		"mov %rsi, 32(%rax)\n mov %rdi, 40(%rax)\n mov %rbp, 48(%rax)\n"                   \
		"mov %r8, 56(%rax)\n mov %r9, 64(%rax)\n mov %r10, 72(%rax)\n"                     \
		"mov %r11, 80(%rax)\n mov %r12, 88(%rax)\n mov %r13, 96(%rax)\n"                   \
		"mov %r14, 104(%rax)\n mov %r15, 112(%rax)\n popq (%rax)\n add $8, %rsp\n"         \
		"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n"          \
		".size " #name ", . - " #name "\n")

AROUND(enter_kernel, "syscall");
AROUND(meet_fault, "ud2");

__asm__(".text\n.globl spoiling_handler\n.type spoiling_handler, @function\nspoiling_handler:\n"
	"sub $8, %rsp\n call *on_signal(%rip)\n add $8, %rsp\n"
	"mov $0x5a5a5a5a, %ebx\n mov %rbx, %rbp\n mov %rbx, %r12\n mov %rbx, %r13\n"
	"mov %rbx, %r14\n mov %rbx, %r15\n ret\n"
	".size spoiling_handler, . - spoiling_handler\n");

#else

const int argument_register[6] = {BX, CX, DX, SI, DI, BP};

static const char *const names[REGISTERS] = {"eax", "ebx", "ecx", "edx", "esi", "edi", "ebp"};

#define AROUND(name, instruction)                                                                  \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"                \
		"push %ebp\n push %ebx\n push %esi\n push %edi\n mov 20(%esp), %eax\n push %eax\n" \
		"mov 4(%eax), %ebx\n mov 8(%eax), %ecx\n mov 12(%eax), %edx\n"                     \
		"mov 16(%eax), %esi\n mov 20(%eax), %edi\n mov 24(%eax), %ebp\n"                   \
		"mov 0(%eax), %eax\n" instruction "\n"                                             \
		"push %eax\n mov 4(%esp), %eax\n"                                                  \
		"mov %ebx, 4(%eax)\n mov %ecx, 8(%eax)\n mov %edx, 12(%eax)\n"                     \
		"mov %esi, 16(%eax)\n mov %edi, 20(%eax)\n mov %ebp, 24(%eax)\n"                   \
		"popl (%eax)\n add $4, %esp\n pop %edi\n pop %esi\n pop %ebx\n pop %ebp\n ret\n"   \
		".size " #name ", . - " #name "\n")

AROUND(enter_kernel, "int $0x80");
AROUND(meet_fault, "ud2");

/* Number, info and context lie above the return address; each push brings the next one down. */
__asm__(".text\n.globl spoiling_handler\n.type spoiling_handler, @function\nspoiling_handler:\n"
	"pushl 12(%esp)\n pushl 12(%esp)\n pushl 12(%esp)\n call *on_signal\n add $12, %esp\n"
	"mov $0x5a5a5a5a, %ebx\n mov %ebx, %esi\n mov %ebx, %edi\n mov %ebx, %ebp\n ret\n"
	".size spoiling_handler, . - spoiling_handler\n");

#endif

void mark_registers(unsigned long registers[REGISTERS])
{
	for (int i = 0; i < REGISTERS; i++)
		registers[i] = 0x13579bdfUL * (i + 1);
}

int spoilt_register(const unsigned long *registers, const unsigned long *marks, int unseen)
{
	for (int i = 0; i < REGISTERS; i++)
		if (registers[i] != marks[i] && !(unseen >> i & 1))
			return i;
	return -1;
}

const char *register_name(int which)
{
	return names[which];
}

#endif
