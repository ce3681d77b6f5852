// SPDX-License-Identifier: GPL-2.0-only
/* System calls that change mappings, and accesses by the kernel itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "numbers.h"
#include "probe.h"
#include "tell.h"

enum { PAGES = 256, RW = PROT_READ | PROT_WRITE };

void dontneed_read(void)
{
	char *memory = map_pages(PAGES, RW);
	long faults;

	for (int round = 0; round < 3; round++) {
		must_be_zero(memory, PAGES, "before MADV_DONTNEED");
		if (madvise(memory, PAGES * PAGE, MADV_DONTNEED))
			broken("no-madvise", "madvise: %s", strerror(errno));
	}
	minor_faults();
	faults = minor_faults();
	must_be_zero(memory, PAGES, "after MADV_DONTNEED");
	faults = minor_faults() - faults;
	if (faults < PAGES)
		broken("kept", "%ld faults by reading %d pages after MADV_DONTNEED", faults, PAGES);
}

void dontneed_written(void)
{
	char *memory = map_pages(PAGES, RW);

	for (int round = 0; round < 3; round++) {
		read_pages(memory, PAGES / 2);
		fill_pages(memory, PAGES, 0x80 + round);
		if (madvise(memory, PAGES * PAGE, MADV_DONTNEED))
			broken("no-madvise", "madvise: %s", strerror(errno));
		must_be_zero(memory, PAGES, "after MADV_DONTNEED");
	}
}

void mremap_moved(void)
{
	char *memory = map_pages(PAGES, RW), *target = map_pages(PAGES, RW), *moved;

	must_be_zero(memory, PAGES / 2, "before the move");
	write_pages(memory + PAGES / 4 * PAGE, PAGES / 4, 5);
	moved = mremap(memory, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	if (moved != target)
		broken("no-mremap", "mremap: %s", strerror(errno));
	must_be_zero(moved, PAGES / 4, "read before the move");
	must_be_written(moved + PAGES / 4 * PAGE, PAGES / 4, 5, "written before the move");
	must_be_zero(moved + PAGES / 2 * PAGE, PAGES / 2, "untouched before the move");
	fill_pages(moved, PAGES, 6);
	must_be_filled(moved, PAGES, 6, "written after the move");
}

void mremap_grown(void)
{
	char *memory = map_pages(PAGES, RW), *grown;

	read_pages(memory, PAGES);
	grown = mremap(memory, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE);
	if (grown == MAP_FAILED)
		broken("no-mremap", "mremap: %s", strerror(errno));
	must_be_zero(grown, 2 * PAGES, "after growing");
	fill_pages(grown, 2 * PAGES, 8);
	grown = mremap(grown, 2 * PAGES * PAGE, PAGES * PAGE, 0);
	if (grown == MAP_FAILED)
		broken("no-mremap", "mremap to shrink: %s", strerror(errno));
	must_be_filled(grown, PAGES, 8, "after shrinking");
}

void mlock_untouched(void)
{
	char *memory = map_pages(16, RW);
	long before, after;

	if (mlock(memory, 16 * PAGE))
		broken("no-mlock", "mlock: %s", strerror(errno));
	before = minor_faults();
	must_be_zero(memory, 16, "locked memory");
	after = minor_faults();
	if (after - before > 4)
		broken("faults", "%ld faults by reading 16 locked pages", after - before);
	fill_pages(memory, 16, 4);
	munlock(memory, 16 * PAGE);
	must_be_filled(memory, 16, 4, "after munlock");
}

static char *map_zero_device(size_t pages)
{
	int device = open("/dev/zero", O_RDWR);
	char *memory;

	if (device < 0)
		broken("no-device", "/dev/zero: %s", strerror(errno));
	memory = mmap(NULL, pages * PAGE, RW, MAP_PRIVATE, device, 0);
	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of /dev/zero: %s", strerror(errno));
	close(device);
	return memory;
}

void devzero_map(void)
{
	char *memory = map_zero_device(PAGES), *other = map_zero_device(PAGES);

	must_be_zero(memory, PAGES, "/dev/zero mapped privately");
	fill_pages(memory, PAGES, 0x31);
	must_be_filled(memory, PAGES, 0x31, "/dev/zero mapped privately, written");
	must_be_zero(other, PAGES, "a second mapping of /dev/zero");
}

void devzero_faults(void)
{
	observe_by_faults(map_zero_device(PAGES), PAGES);
}

/* Up to 2.6.23 mmap of /dev/zero maps the zero page at once: a write is the first fault. */
void devzero_eager(void)
{
	char *memory = map_zero_device(PAGES);
	long start, read, written;

	minor_faults();
	start = minor_faults();
	must_be_zero(memory, PAGES, "/dev/zero mapped privately");
	read = minor_faults();
	write_pages(memory, PAGES, 2);
	written = minor_faults();
	note("%d pages: %ld faults by reading, then %ld by writing", PAGES, read - start,
	     written - read);
	must_be_written(memory, PAGES, 2, "/dev/zero mapped privately");
	if (read - start <= 16 && written - read >= PAGES)
		observe(ZERO_PAGE);
	broken("faults-differ", "neither mapped at once nor copied on write");
}

void devzero_read(void)
{
	char *memory = map_pages(PAGES, RW);
	int device = open("/dev/zero", O_RDONLY);

	if (device < 0)
		broken("no-device", "/dev/zero: %s", strerror(errno));
	fill_pages(memory, PAGES / 2, 0x91);
	for (size_t done = 0; done < PAGES * PAGE;) {
		long got = read(device, memory + done, PAGES * PAGE - done);

		if (got <= 0)
			broken("short-read", "read of /dev/zero gave %ld after %zu bytes", got, done);
		done += got;
	}
	must_be_zero(memory, PAGES, "read from /dev/zero");
	fill_pages(memory, PAGES, 0x92);
	must_be_filled(memory, PAGES, 0x92, "written after a read from /dev/zero");
}

void syscall_out(void)
{
	char *memory = map_pages(8, RW), *back = map_pages(8, RW);
	int ends[2];

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	fill_pages(back, 8, 0x44);
	for (int i = 0; i < 8; i++) {
		if (write(ends[1], memory + i * PAGE, PAGE) != (long)PAGE)
			broken("short-write", "write() out of untouched memory");
		if (read(ends[0], back + i * PAGE, PAGE) != (long)PAGE)
			broken("short-read", "read() of what was written");
	}
	must_be_zero(back, 8, "what write() took out of untouched memory");
	write_pages(memory, 8, 1);
	must_be_written(memory, 8, 1, "after write() out of it");
}

void syscall_in(void)
{
	char *from = map_pages(8, RW), *memory = map_pages(8, RW);
	int ends[2];

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	fill_pages(from, 8, 0x45);
	read_pages(memory, 4); /* into pages read before and into untouched ones */
	for (int i = 0; i < 8; i++)
		if (write(ends[1], from + i * PAGE, PAGE) != (long)PAGE ||
		    read(ends[0], memory + i * PAGE, PAGE) != (long)PAGE)
			broken("short-read", "read() into untouched memory");
	must_be_filled(memory, 8, 0x45, "read() into untouched memory");
	must_be_zero(map_pages(8, RW), 8, "another mapping after read()");
}

static void wait_for_futex(char *memory)
{
	enum { FUTEX_WAIT_ = 0 };

	if (syscall(SYS_futex, memory, FUTEX_WAIT_, 1, NULL, NULL, 0) != -1)
		broken("woken", "FUTEX_WAIT on an untouched page that is not 1 came back");
	if (errno == ENOSYS)
		skip("no futex (CONFIG_FUTEX)");
	if (errno != EAGAIN)
		broken("wrong-error", "FUTEX_WAIT on an untouched page: %s", strerror(errno));
	must_be_zero(memory, 2, "after FUTEX_WAIT");
}

/* In a process of its own: a kernel that cannot find the zero page's owner looks for ever, and
 * ends only by a deadly signal. */
void syscall_futex(void)
{
	char *memory = map_pages(2, RW);
	int child = branch();
	siginfo_t end;

	if (!child) {
		alarm(3);
		wait_for_futex(memory);
		_exit(0);
	}
	if (waitid(P_PID, child, &end, WEXITED | WNOWAIT))
		broken("no-child", "waitid: %s", strerror(errno));
	if (end.si_code == CLD_KILLED && end.si_status == SIGALRM) {
		note("FUTEX_WAIT on an untouched page did not come back in 3 s");
		observe("stuck");
	}
	join(child);
}

void mem_read(void)
{
	char *memory = map_pages(8, RW), *into = map_pages(8, RW);
	int file = open("/proc/self/mem", O_RDONLY);

	if (file < 0)
		broken("no-mem", "/proc/self/mem: %s", strerror(errno));
	fill_pages(into, 8, 0x46);
	write_pages(memory + 4 * PAGE, 4, 7);
	if (pread(file, into, 8 * PAGE, (off_t)(uintptr_t)memory) != (long)(8 * PAGE))
		broken("short-read", "/proc/self/mem: %s", strerror(errno));
	must_be_zero(into, 4, "untouched memory through /proc/self/mem");
	must_be_written(into + 4 * PAGE, 4, 7, "written memory through /proc/self/mem");
	must_be_zero(memory, 4, "after the access through /proc/self/mem");
	fill_pages(memory, 4, 0x47);
	must_be_filled(memory, 4, 0x47, "written after the access");
}

void process_vm(void)
{
	char *memory = map_pages(8, RW), *near = map_pages(8, RW);
	struct iovec here = {near, 8 * PAGE}, there = {memory, 8 * PAGE};

	fill_pages(near, 8, 0x48);
	if (syscall(NR_PROCESS_VM_READV, getpid(), &here, 1, &there, 1, 0) != (long)(8 * PAGE)) {
		if (errno == ENOSYS)
			skip("no process_vm_readv (CONFIG_CROSS_MEMORY_ATTACH)");
		broken("short-read", "process_vm_readv: %s", strerror(errno));
	}
	must_be_zero(near, 8, "untouched memory through process_vm_readv");
	read_pages(memory, 8);
	fill_pages(near, 8, 0x49);
	if (syscall(NR_PROCESS_VM_WRITEV, getpid(), &here, 1, &there, 1, 0) != (long)(8 * PAGE))
		broken("short-write", "process_vm_writev: %s", strerror(errno));
	must_be_filled(memory, 8, 0x49, "memory written by process_vm_writev");
}
