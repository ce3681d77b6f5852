# SPDX-License-Identifier: GPL-2.0-only
"""Names that every kernel has: C's own, and its library's as the kernel keeps it in lib/.

A file that stops using one of them has not lost it, and upstream's preference for another there
is no rename that a patch's own lines have to follow.
"""

from __future__ import annotations

EVERYWHERE = frozenset(
    [
        "bool",
        "true",
        "false",
        "NULL",
        "size_t",
        "ssize_t",
        "loff_t",
        "u8",
        "u16",
        "u32",
        "u64",
        "s8",
        "s16",
        "s32",
        "s64",
        "memchr",
        "memcmp",
        "memcpy",
        "memmove",
        "memset",
        "scnprintf",
        "snprintf",
        "sprintf",
        "sscanf",
        "vscnprintf",
        "vsnprintf",
        "vsprintf",
        "simple_strtol",
        "simple_strtoul",
        "strcat",
        "strchr",
        "strcmp",
        "strlen",
        "strncat",
        "strncmp",
        "strrchr",
        "strsep",
        "strstr",
        "kfree",
        "kmalloc",
        "kzalloc",
        "printk",
    ]
)
"""In lib/string.c, lib/vsprintf.c, mm/ and include/linux/ of every kernel from 2.6.16 to 7.2.
strcpy, strncpy and strlcpy are not among them: upstream is taking those away."""
