/* SPDX-License-Identifier: GPL-2.0-only */
/* userfaultfd: the kernel's own interface, as its header has it. */
#ifndef ZP_USERFAULT_H
#define ZP_USERFAULT_H

#include <stddef.h>

enum userfault_feature { FEATURE_NONE = 0, FEATURE_WP = 1, FEATURE_WP_UNPOPULATED = 1 << 13 };
enum userfault_mode { WATCH_MISSING = 1, WATCH_WRITES = 2 };
enum userfault_flag { FAULT_WRITE = 1, FAULT_PROTECTED = 2 };

/* A descriptor with these features. Skips the case where the kernel has none, or not them. */
int userfault_open(unsigned long features, const char *named);

void userfault_watch(int file, char *memory, size_t pages, int mode);

/* The next fault: its page in `*at`; its flags. Ends the case where none comes within 3 s. */
unsigned long userfault_next(int file, char **at);

void userfault_zeropage_at(int file, char *memory, size_t pages);
void userfault_copy_to(int file, char *memory, const char *from, size_t pages);
/* One page to where one may be: 0, or -1 with errno. */
int userfault_copy_again(int file, char *memory, const char *from);
void userfault_protect_at(int file, char *memory, size_t pages, int on);

/* 0, or -1 with errno. */
int userfault_move_to(int file, char *memory, char *from, size_t pages);

#endif
