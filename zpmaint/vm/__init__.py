"""Booting: the initramfs, QEMU, and how a guest's life ended."""
