/* SPDX-License-Identifier: GPL-2.0-only */
/* Where results go: port 0xe9 of the virtual machine, where it has no I/O ports a port of its
 * virtio-serial device, or standard output in user mode. */
#ifndef ZP_CHANNEL_H
#define ZP_CHANNEL_H

/* Open the channel. As init the I/O ports are claimed, or the device is opened; returns -1 where
 * that is refused. */
int channel_open(int as_init);

/* Write one formatted piece, at once: nothing is buffered, so that whatever was
 * said before the kernel died has arrived. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Have the kernel's log hold a line of ours, in its place among the kernel's own: by it a console
 * is read case by case. The log keeps the order even where the console comes late, or another CPU
 * writes it. Nothing in user mode. */
void mark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* End the virtual machine: with isa-debug-exit (QEMU's status is 2 * 0x10 + 1 = 33), by a reboot
 * where that device is missing; without I/O ports by switching it off. Does not return. */
void channel_end(void) __attribute__((noreturn));

#endif
