/* Accesses from another process. A store from there breaks copy on write in the memory of a process
 * that is not the running one, which is where a wrong source of the copy shows. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "tell.h"

enum { PAGES = 8, RW = PROT_READ | PROT_WRITE };

/* Let the tracer work on this process. */
static void be_traced(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		broken("no-ptrace", "ptrace: %s", strerror(errno));
	raise(SIGSTOP);
}

static void await_stop(int child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		broken("no-stop", "the traced child did not stop (wait status 0x%x)", status);
}

/* Store one word into each page of a stopped child, whose pages must else stay as they are. The
 * same addresses hold other bytes here: copied from the wrong process, they would show. */
static void poke_pages(int child, char *memory)
{
	fill_pages(memory, PAGES, 0xee);
	for (int i = 0; i < PAGES; i++)
		if (ptrace(PTRACE_POKEDATA, child, memory + i * PAGE, (void *)0x5aL))
			broken("no-poke", "PTRACE_POKEDATA into page %d: %s", i, strerror(errno));
}

static void expect_poked(char *memory)
{
	for (int i = 0; i < PAGES; i++) {
		char *at = memory + i * PAGE;

		if (*(volatile long *)at != 0x5a)
			broken("lost-write", "page %d does not hold what was poked", i);
		*(volatile long *)at = 0;
	}
	must_be_zero(memory, PAGES, "the rest of the pages that were poked");
}

static void run_on(int child)
{
	if (ptrace(PTRACE_CONT, child, NULL, NULL))
		broken("no-ptrace", "PTRACE_CONT: %s", strerror(errno));
	join(child);
}

void ptrace_peek(void)
{
	char *memory = map_pages(PAGES, RW);
	int child = branch();

	if (!child) {
		read_pages(memory, PAGES / 2); /* the other half stays untouched */
		be_traced();
		must_be_zero(memory, PAGES, "after another process looked");
		fill_pages(memory, PAGES, 3);
		must_be_filled(memory, PAGES, 3, "after another process looked");
		_exit(0);
	}
	await_stop(child);
	for (int i = 0; i < PAGES; i++) {
		errno = 0;
		if (ptrace(PTRACE_PEEKDATA, child, memory + i * PAGE, NULL) || errno)
			broken("not-zero", "PTRACE_PEEKDATA of page %d", i);
	}
	run_on(child);
}

void ptrace_poke(void)
{
	char *memory = map_pages(PAGES, RW);
	int child = branch();

	if (!child) {
		read_pages(memory, PAGES / 2);
		be_traced();
		expect_poked(memory);
		_exit(0);
	}
	await_stop(child);
	poke_pages(child, memory);
	run_on(child);
}

/* A mapping that may only be read takes a store from a debugger: a private copy of its own. */
void ptrace_readonly(void)
{
	char *memory = map_pages(PAGES, RW);
	int child = branch();

	if (!child) {
		mprotect(memory, PAGES * PAGE, PROT_READ);
		read_pages(memory, PAGES / 2);
		be_traced();
		mprotect(memory, PAGES * PAGE, RW);
		expect_poked(memory);
		must_be_zero(map_pages(PAGES, RW), PAGES, "other memory, after a forced store");
		_exit(0);
	}
	await_stop(child);
	poke_pages(child, memory);
	run_on(child);
}

/* Map `pages` of zero page by UFFDIO_ZEROPAGE. The structures are the kernel's own interface. */
static void map_zeropage(char *memory, size_t pages)
{
	struct { uint64_t api, features, ioctls; } api = {0xaa, 0, 0};
	struct { uint64_t start, length, mode, ioctls; } area = {0, pages * PAGE, 1, 0};
	struct { uint64_t start, length, mode; int64_t done; } zero = {0, pages * PAGE, 0, 0};
	enum { USERFAULTFD = sizeof(long) == 8 ? 323 : 374 };
	const unsigned long init = 0xc018aa3f, enlist = 0xc020aa00, fill = 0xc020aa04;
	int file = syscall(USERFAULTFD, O_CLOEXEC);

	if (file < 0)
		skip("userfaultfd: %s (CONFIG_USERFAULTFD)", strerror(errno));
	area.start = zero.start = (uintptr_t)memory;
	if (syscall(SYS_ioctl, file, init, &api) || syscall(SYS_ioctl, file, enlist, &area))
		broken("no-userfaultfd", "userfaultfd: %s", strerror(errno));
	if (syscall(SYS_ioctl, file, fill, &zero))
		broken("no-zeropage", "UFFDIO_ZEROPAGE: %s", strerror(errno));
}

/* It is no read fault: the change leaves it alone, and it maps the zero page. */
void userfault_zeropage(void)
{
	enum { COUNTED = 2048 };
	char *memory = map_pages(COUNTED, RW);
	long before = statm_anon(), grown;

	map_zeropage(memory, COUNTED);
	grown = statm_anon() - before;
	must_be_zero(memory, COUNTED, "after UFFDIO_ZEROPAGE");
	observe_by_growth(grown, COUNTED, "statm resident - shared");
}

void userfault_poke(void)
{
	char *memory = map_pages(PAGES, RW);
	int child = branch();

	if (!child) {
		map_zeropage(memory, PAGES);
		be_traced();
		expect_poked(memory);
		_exit(0);
	}
	await_stop(child);
	poke_pages(child, memory);
	run_on(child);
}
