/* SPDX-License-Identifier: GPL-2.0-only */
/* The processor's registers on either side of a system call or of a fault. */
#ifndef ZP_REGISTERS_H
#define ZP_REGISTERS_H

#ifdef __x86_64__
enum { AX, BX, CX, DX, SI, DI, BP, R8, R9, R10, R11, R12, R13, R14, R15, REGISTERS };
#else
enum { AX, BX, CX, DX, SI, DI, BP, REGISTERS };
#endif

/* Where the six arguments of a system call go. */
extern const int argument_register[6];

/* Load all registers, enter the kernel by the instruction of system calls, store them all. */
void enter_kernel(unsigned long registers[REGISTERS]);

/* The same with an instruction that is none: the kernel sends SIGILL, and the handler has to move
 * the program past it (2 bytes). */
void meet_fault(unsigned long registers[REGISTERS]);

/* A signal handler that calls `on_signal` and then spoils every register that a function has to
 * keep: what they hold after the signal is what the kernel put there. */
void spoiling_handler(int number);

/* Set by the case. `context` is the ucontext_t with SA_SIGINFO, and rubbish without it. */
extern void (*on_signal)(int number, void *info, void *context);

/* Fill `registers` with a mark for each of them. */
void mark_registers(unsigned long registers[REGISTERS]);

/* The first register that is not what `marks` says, -1 where all are. `unseen` has a bit for each
 * register that is not looked at. */
int spoilt_register(const unsigned long *registers, const unsigned long *marks, int unseen);

const char *register_name(int which);

/* Those that the instruction of system calls changes by itself. */
#ifdef __x86_64__
enum { BY_INSTRUCTION = 1 << CX | 1 << R11 };
#else
enum { BY_INSTRUCTION = 0 };
#endif

#endif
