// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory.h"
#include "numbers.h"
#include "tell.h"
#include "numbers.h"
#include "userfault.h"

enum { API = 0xaa, PAGEFAULT = 0x12 };

#define IOC_API 0xc018aa3fUL
#define IOC_REGISTER 0xc020aa00UL
#define IOC_COPY 0xc028aa03UL
#define IOC_ZEROPAGE 0xc020aa04UL
#define IOC_MOVE 0xc028aa05UL
#define IOC_WRITEPROTECT 0xc018aa06UL

struct range { uint64_t start, length, mode; int64_t done; };
struct pair { uint64_t to, from, length, mode; int64_t done; };

int userfault_open(unsigned long features, const char *named)
{
	struct { uint64_t api, features, ioctls; } api = {API, features, 0};
	int file = syscall(NR_USERFAULTFD, O_CLOEXEC | O_NONBLOCK);

	if (file < 0)
		skip("userfaultfd: %s (CONFIG_USERFAULTFD)", strerror(errno));
	if (syscall(SYS_ioctl, file, IOC_API, &api))
		skip("userfaultfd has no %s: %s", named, strerror(errno));
	return file;
}

void userfault_watch(int file, char *memory, size_t pages, int mode)
{
	struct range area = {(uintptr_t)memory, pages * PAGE, mode, 0};

	if (syscall(SYS_ioctl, file, IOC_REGISTER, &area))
		broken("no-userfaultfd", "UFFDIO_REGISTER with mode %d: %s", mode,
		       strerror(errno));
}

unsigned long userfault_next(int file, char **at)
{
	struct { uint8_t event, unused[7]; uint64_t flags, address, more; } message;
	struct pollfd ready = {.fd = file, .events = POLLIN};

	if (poll(&ready, 1, 3000) != 1 || !(ready.revents & POLLIN))
		broken("no-event", "no fault arrived within 3 s");
	if (read(file, &message, sizeof message) != sizeof message)
		broken("no-event", "reading from userfaultfd: %s", strerror(errno));
	if (message.event != PAGEFAULT)
		broken("wrong-event", "event 0x%x, not a page fault", message.event);
	*at = (char *)(uintptr_t)(message.address & ~(uint64_t)(PAGE - 1));
	return message.flags;
}

void userfault_zeropage_at(int file, char *memory, size_t pages)
{
	struct range zero = {(uintptr_t)memory, pages * PAGE, 0, 0};

	if (syscall(SYS_ioctl, file, IOC_ZEROPAGE, &zero))
		broken("no-zeropage", "UFFDIO_ZEROPAGE: %s", strerror(errno));
}

void userfault_copy_to(int file, char *memory, const char *from, size_t pages)
{
	struct pair copy = {(uintptr_t)memory, (uintptr_t)from, pages * PAGE, 0, 0};

	if (syscall(SYS_ioctl, file, IOC_COPY, &copy))
		broken("no-copy", "UFFDIO_COPY: %s", strerror(errno));
}

int userfault_copy_again(int file, char *memory, const char *from)
{
	struct pair copy = {(uintptr_t)memory, (uintptr_t)from, PAGE, 0, 0};

	return syscall(SYS_ioctl, file, IOC_COPY, &copy) ? -1 : 0;
}

void userfault_protect_at(int file, char *memory, size_t pages, int on)
{
	struct { uint64_t start, length, mode; } area = {(uintptr_t)memory, pages * PAGE, on};

	if (syscall(SYS_ioctl, file, IOC_WRITEPROTECT, &area))
		broken("no-protect", "UFFDIO_WRITEPROTECT: %s", strerror(errno));
}

int userfault_move_to(int file, char *memory, char *from, size_t pages)
{
	struct pair move = {(uintptr_t)memory, (uintptr_t)from, pages * PAGE, 0, 0};

	return syscall(SYS_ioctl, file, IOC_MOVE, &move) ? -1 : 0;
}
