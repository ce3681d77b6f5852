// SPDX-License-Identifier: GPL-2.0-only
/* Accesses from another process. A store from there breaks copy on write in the memory of a process
 * that is not the running one, which is where a wrong source of the copy shows. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "numbers.h"
#include "probe.h"
#include "tell.h"
#include "userfault.h"

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

/* A child that has read half of its pages, and what another process stores into it. */
static void stored_from_outside(void (*store)(int child, char *memory))
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
	store(child, memory);
	run_on(child);
}

void ptrace_poke(void)
{
	stored_from_outside(poke_pages);
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

/* Store one word into each page that the stopped child shares with this process by its fork. */
static void poke_shared(int child, char *memory)
{
	for (int i = 0; i < PAGES; i++)
		if (ptrace(PTRACE_POKEDATA, child, memory + i * PAGE, (void *)0x5aL))
			broken("no-poke", "PTRACE_POKEDATA into page %d: %s", i, strerror(errno));
}

/* What was poked is there, and `was` comes back in its place. */
static void expect_poked_filled(char *memory, const long *was)
{
	for (int i = 0; i < PAGES; i++) {
		char *at = memory + i * PAGE;

		if (*(volatile long *)at != 0x5a)
			broken("lost-write", "page %d does not hold what was poked", i);
		*(long *)at = was[i];
	}
	must_be_filled(memory, PAGES, 0x37, "the rest of the pages that were poked");
}

/* Minor faults that a process took, or that were taken for it. */
static long faults_of(int process)
{
	char path[32], text[512], *at;
	long faults = -1;

	snprintf(path, sizeof path, "/proc/%d/stat", process);
	if (get(path, text, sizeof text) <= 0 || !(at = strrchr(text, ')')) ||
	    sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %ld", &faults) != 1)
		broken("no-stat", "%s: %s", path, strerror(errno));
	return faults;
}

/* A debugger's store has the child's pages copied: those of the fork are the parent's, too. How many
 * faults it was is the answer; from 5.9 on they are nobody's. */
static long store_into_shared(int rights)
{
	char *memory = map_pages(PAGES, RW);
	long was[PAGES], faults;
	int child;

	fill_pages(memory, PAGES, 0x37);
	for (int i = 0; i < PAGES; i++)
		was[i] = *(long *)(memory + i * PAGE);
	if (!(child = branch())) {
		mprotect(memory, PAGES * PAGE, rights);
		be_traced();
		mprotect(memory, PAGES * PAGE, RW);
		expect_poked_filled(memory, was);
		_exit(0);
	}
	await_stop(child);
	faults = faults_of(child);
	poke_shared(child, memory);
	faults = faults_of(child) - faults;
	must_be_filled(memory, PAGES, 0x37, "here, after a store into the child");
	run_on(child);
	must_be_filled(memory, PAGES, 0x37, "here, after the child went on");
	return faults;
}

void ptrace_shared(void)
{
	store_into_shared(RW);
}

void ptrace_breakpoint(void)
{
	store_into_shared(PROT_READ);
}

/* One fault copies a page, and the store is done: none is taken a second time. */
void ptrace_once(void)
{
	for (int i = 0; i < 2; i++) {
		long faults = store_into_shared(i ? PROT_READ : RW);

		if (faults > PAGES)
			broken("faulted-twice", "%ld faults for a debugger's stores into %d pages", faults,
			       PAGES);
	}
}

/* A debugger's store into a shared mapping of a file that may only be read: refused, or made into a copy
 * (up to 3.14); never into the file, and what is copied is the file's. */
void ptrace_mapped(void)
{
	static char page[PAGE];
	int file = open("/dev/zp-mapped", O_RDWR | O_CREAT | O_TRUNC, 0600), child, poked = 0;
	char *memory, *other;

	if (file < 0)
		broken("no-file", "a file in /dev: %s", strerror(errno));
	unlink("/dev/zp-mapped");
	other = map_pages(PAGES, RW);
	fill_pages(other, PAGES, 0x27);
	for (int i = 0; i < PAGES; i++)
		if (write(file, other + i * PAGE, PAGE) != (ssize_t)PAGE)
			broken("short-write", "a file: %s", strerror(errno));
	memory = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		broken("no-mmap", "mmap of a file: %s", strerror(errno));
	if (!(child = branch())) {
		read_pages(memory, PAGES / 2);
		be_traced();
		for (int i = 0; i < PAGES; i++)
			for (size_t j = sizeof(long); j < PAGE; j++)
				if (memory[i * PAGE + j] != other[i * PAGE + j])
					broken("wrong-content", "byte %zu of page %d is 0x%02x, the file has "
					       "0x%02x", j, i, (unsigned char)memory[i * PAGE + j],
					       (unsigned char)other[i * PAGE + j]);
		_exit(0);
	}
	await_stop(child);
	/* The debugger has other bytes there. */
	if (mmap(memory, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != memory)
		broken("no-mmap", "mmap: %s", strerror(errno));
	fill_pages(memory, PAGES, 0xee);
	for (int i = 0; i < PAGES; i++)
		poked += !ptrace(PTRACE_POKEDATA, child, memory + i * PAGE, (void *)0x5aL);
	note("%d of %d stores into a shared mapping for reading were taken", poked, PAGES);
	for (int i = 0; i < PAGES; i++)
		if (pread(file, page, PAGE, i * PAGE) != (ssize_t)PAGE || memcmp(page, other + i * PAGE, PAGE))
			broken("wrote", "page %d of the file was written", i);
	run_on(child);
}

/* Map `pages` of zero page by UFFDIO_ZEROPAGE. */
static void map_zeropage(char *memory, size_t pages)
{
	int file = userfault_open(FEATURE_NONE, "plain interface");

	userfault_watch(file, memory, pages, WATCH_MISSING);
	userfault_zeropage_at(file, memory, pages);
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

static void writev_pages(int child, char *memory)
{
	static long word = 0x5a;

	fill_pages(memory, PAGES, 0xee);
	for (int i = 0; i < PAGES; i++) {
		struct iovec here = {&word, sizeof word}, there = {memory + i * PAGE, sizeof word};

		if (syscall(NR_PROCESS_VM_WRITEV, child, &here, 1, &there, 1, 0) != sizeof word) {
			kill(child, SIGKILL);
			if (errno == ENOSYS)
				skip("no process_vm_writev (CONFIG_CROSS_MEMORY_ATTACH)");
			broken("short-write", "process_vm_writev: %s", strerror(errno));
		}
	}
}

/* As a debugger's store, by process_vm_writev from a process with other bytes at the address. */
void process_remote(void)
{
	stored_from_outside(writev_pages);
}

/* And through /proc/PID/mem: looked at, then written. */
void mem_remote(void)
{
	char *memory = map_pages(PAGES, RW), *seen = map_pages(PAGES, RW), path[32];
	long word = 0x5a;
	int child = branch(), file;

	if (!child) {
		read_pages(memory, PAGES / 2);
		be_traced();
		expect_poked(memory);
		_exit(0);
	}
	await_stop(child);
	fill_pages(memory, PAGES, 0xee);
	fill_pages(seen, PAGES, 0xee);
	snprintf(path, sizeof path, "/proc/%d/mem", child);
	file = open(path, O_RDWR);
	if (file < 0)
		broken("no-mem", "%s: %s", path, strerror(errno));
	if (pread(file, seen, PAGES * PAGE, (off_t)(uintptr_t)memory) != (long)(PAGES * PAGE))
		broken("short-read", "%s: %s", path, strerror(errno));
	must_be_zero(seen, PAGES, "another process's memory through /proc/PID/mem");
	for (int i = 0; i < PAGES; i++)
		if (pwrite(file, &word, sizeof word, (off_t)(uintptr_t)(memory + i * PAGE)) !=
		    sizeof word)
			broken("short-write", "%s: %s", path, strerror(errno));
	close(file);
	run_on(child);
}
