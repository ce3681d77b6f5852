/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of system calls that libc's headers may be too old for. */
#ifndef ZP_NUMBERS_H
#define ZP_NUMBERS_H

#if defined(__x86_64__)
enum {
	NR_MBIND = 237,
	NR_VMSPLICE = 278,
	NR_MOVE_PAGES = 279,
	NR_PROCESS_VM_READV = 310,
	NR_PROCESS_VM_WRITEV = 311,
	NR_USERFAULTFD = 323,
	NR_MLOCK_TWO = 325
};
#elif defined(__i386__)
enum {
	NR_MBIND = 274,
	NR_VMSPLICE = 316,
	NR_MOVE_PAGES = 317,
	NR_PROCESS_VM_READV = 347,
	NR_PROCESS_VM_WRITEV = 348,
	NR_USERFAULTFD = 374,
	NR_MLOCK_TWO = 376
};
#else /* include/uapi/asm-generic/unistd.h */
enum {
	NR_VMSPLICE = 75,
	NR_MBIND = 235,
	NR_MOVE_PAGES = 239,
	NR_PROCESS_VM_READV = 270,
	NR_PROCESS_VM_WRITEV = 271,
	NR_USERFAULTFD = 282,
	NR_MLOCK_TWO = 284
};
#endif

#endif
