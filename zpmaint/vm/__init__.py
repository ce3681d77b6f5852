# SPDX-License-Identifier: GPL-2.0-only
"""Booting: the initramfs, QEMU, and how a guest's life ended."""
