// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "condition.h"
#include "memory.h"
#include "probe.h"
#include "refused.h"

/* i386's first calls of these names take 16 bits, and a kernel without CONFIG_UID16 has none. */
#ifdef SYS_setresuid32
#define SET_USERS SYS_setresuid32
#define SET_GROUPS SYS_setresgid32
#else
#define SET_USERS SYS_setresuid
#define SET_GROUPS SYS_setresgid
#endif

enum { NOBODY = 65534, KPF_ANON = 12, KPF_ZERO_PAGE = 24, TABLE = HUGE / PAGE };

static void set_process(int how)
{
	static const int limits[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_MEMLOCK,
				     RLIMIT_CORE, RLIMIT_RSS};
	struct rlimit low = {64 << 20, 64 << 20};
	struct sched_param first = {.sched_priority = 1};

	switch (how) {
	case PROCESS_LIMITED:
		for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++)
			setrlimit(limits[i], &low);
		break;
	case PROCESS_OFFERED: put("/proc/self/oom_score_adj", "1000"); break;
	case PROCESS_SPARED: put("/proc/self/oom_score_adj", "-1000"); break;
	case PROCESS_THP_OFF: prctl(41 /* PR_SET_THP_DISABLE */, 1L, 0L, 0L, 0L); break;
	case PROCESS_UNDUMPABLE: prctl(PR_SET_DUMPABLE, 0L); break;
	case PROCESS_REALTIME: sched_setscheduler(0, SCHED_FIFO, &first); break;
	case PROCESS_NICE: setpriority(PRIO_PROCESS, 0, 19); break;
	case PROCESS_CROWDED:
		for (int i = 0; i < 200; i++)
			map_pages(1, PROT_READ);
		break;
	}
}

/* What is behind one page, read as root by the process that has it. */
struct behind { int present; unsigned long frame; uint64_t flags; };

static int pagemap = -1, pageflags = -1;

static void open_files(void)
{
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	pageflags = open("/proc/kpageflags", O_RDONLY);
}

static struct behind look(const char *at)
{
	struct behind page = {0, 0, 0};
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof entry, (off_t)((uintptr_t)at / PAGE * 8)) != sizeof entry)
		fails("no-pagemap", "/proc/self/pagemap: %s", strerror(errno));
	page.present = entry >> 63;
	page.frame = page.present ? entry & ((1ULL << 55) - 1) : 0;
	if (page.frame && pageflags >= 0 &&
	    pread(pageflags, &page.flags, sizeof page.flags, (off_t)page.frame * 8) !=
		    sizeof page.flags)
		fails("no-kpageflags", "/proc/kpageflags: %s", strerror(errno));
	return page;
}

/* Whether the frame is the process's own; the kernel names it since 2.6.31. */
static int is_own(const struct behind *page, int huge)
{
	uint64_t head = 0;

	if (page->flags >> KPF_ANON & 1)
		return 1;
	/* Up to 4.4 only the first page of a huge one is named. */
	if (huge && !(page->flags >> KPF_ZERO_PAGE & 1) && pageflags >= 0 &&
	    pread(pageflags, &head, sizeof head,
		  (off_t)(page->frame & ~(TABLE - 1)) * 8) == sizeof head)
		return head >> KPF_ANON & 1;
	return 0;
}

static void word_is(const char *word)
{
	snprintf(outcome->word, sizeof outcome->word, "%s", word);
}

static int names_frames(void)
{
	char release[64] = "";

	/* The flags have had their numbers since 2.6.31. */
	return get("/proc/sys/kernel/osrelease", release, sizeof release) > 0 &&
	       !(atoi(release) == 2 && atoi(strrchr(release, '6') ? release + 4 : release) < 31);
}

static const char *word_of(const struct place *place, const struct behind *pages)
{
	int own = 0, named = names_frames();

	for (size_t i = 0; i < place->count; i++) {
		int alone = 1;

		if (!pages[i].present)
			fails("not-present", "page %zu is not there once it was read",
			      place->chosen[i]);
		for (size_t j = 0; j < i && pages[i].frame; j++)
			alone &= pages[i].frame != pages[j].frame;
		if (named && pages[i].frame)
			own += is_own(&pages[i], place->huge) && alone;
		else if (place->count > 1)
			own += i == 0 ? pages[0].frame != pages[1].frame : alone;
		else
			return ""; /* one page, and nobody says what it is */
	}
	if (own && own < (int)place->count)
		fails("mixed", "%d of %zu pages are the process's own", own, place->count);
	return own ? PRIVATE : ZERO_PAGE;
}

static char *page_at(const struct place *place, size_t page)
{
	return place->memory + page * PAGE;
}

/* Nothing but the pages that were read came in. */
static void neighbours_are_absent(const struct place *place)
{
	for (size_t i = 0; i < place->pages; i++) {
		int chosen = 0;

		for (size_t j = 0; j < place->count; j++)
			chosen |= place->chosen[j] == i;
		if (!chosen && look(page_at(place, i)).present)
			fails("unasked", "page %zu came in, and nobody touched it", i);
	}
}

static void all_zero(const struct place *place, size_t from, const char *when)
{
	for (size_t i = 0; i < place->count; i++)
		for (size_t j = from; j < PAGE; j += j % 8 ? 1 : 8) {
			volatile const char *at = page_at(place, place->chosen[i]) + j;

			if (j % 8 ? *at != 0 : *(volatile const uint64_t *)at != 0)
				fails("not-zero", "%s: byte %zu or after of page %zu", when, j,
				      place->chosen[i]);
		}
}

/* Stores go where they are allowed to, each into its own page; else they are refused. */
static void write_all(const struct place *place)
{
	if (!place->writable) {
		if (!store_refused(page_at(place, place->chosen[0])))
			fails("not-refused", "a store into a page that may only be read");
		return;
	}
	for (size_t i = 0; i < place->count; i++)
		*(volatile char *)page_at(place, place->chosen[i]) = 0x50 + i;
	for (size_t i = 0; i < place->count; i++)
		if (*(volatile char *)page_at(place, place->chosen[i]) != 0x50 + (int)i)
			fails("lost-write", "page %zu does not hold what was stored",
			      place->chosen[i]);
	all_zero(place, 1, "after a store");
}

struct readers { const struct row *condition; enum by by; const struct place *place; };

static void *read_chosen(void *given)
{
	const struct readers *it = given;

	for (size_t i = 0; i < it->place->count; i++)
		read_page_by(it->condition, it->by, page_at(it->place, it->place->chosen[i]));
	return NULL;
}

static void read_as(const struct row *condition, enum by by, const struct place *place)
{
	struct readers it = {condition, by, place};
	int nobody = condition->is[PROCESS] == PROCESS_NOBODY, status, child;
	pthread_t thread;

	/* The thread's own system calls: libc's change all threads. */
	if (nobody && (syscall(SET_GROUPS, NOBODY, NOBODY, 0) ||
		       syscall(SET_USERS, NOBODY, NOBODY, 0)))
		fails("no-setresuid", "setresuid: %s", strerror(errno));
	if (condition->is[FAMILY] == FAMILY_THREADED) {
		if (pthread_create(&thread, NULL, read_chosen, &it))
			fails("no-thread", "pthread_create: %s", strerror(errno));
		pthread_join(thread, NULL);
	} else if (condition->is[FAMILY] == FAMILY_VFORKED) {
		child = vfork();
		if (!child) {
			read_chosen(&it);
			_exit(0);
		}
		if (waitpid(child, &status, 0) != child || status)
			fails("child-killed", "a child of vfork: wait status 0x%x", status);
	} else {
		read_chosen(&it);
	}
	if (nobody && (syscall(SET_USERS, 0, 0, 0) || syscall(SET_GROUPS, 0, 0, 0)))
		fails("no-setresuid", "setresuid back: %s", strerror(errno));
}

/* The count of anonymous pages, with all that the reading takes of the process's own pages in it: a
 * child's first use of each is a copy. */
static long counted_quietly(const struct row *condition, enum by by)
{
	struct place other = {.memory = map_pages(1, PROT_READ | PROT_WRITE), .pages = 1, .count = 1};

	*(volatile char *)other.memory = 0;
	read_as(condition, by, &other);
	statm_anon();
	return statm_anon();
}

static void examine(const struct row *condition, enum by by, const struct place *place)
{
	struct behind before[CHOSEN_MOST], after;
	long anon = 0;
	const char *word;

	open_files();
	if (pagemap < 0)
		anon = counted_quietly(condition, by);
	read_as(condition, by, place);
	if (pagemap < 0) {
		anon = statm_anon() - anon;
		word = anon == (long)place->count ? PRIVATE : anon ? "" : ZERO_PAGE;
		if (!*word && condition->is[FAMILY] != FAMILY_THREADED)
			fails("mixed", "%zu pages read, %ld counted", place->count, anon);
	} else {
		for (size_t i = 0; i < place->count; i++)
			before[i] = look(page_at(place, place->chosen[i]));
		word = word_of(place, before);
		if (place->bare && !place->huge)
			neighbours_are_absent(place);
	}
	all_zero(place, 0, "as it was read");
	write_all(place);
	for (size_t i = 0; pagemap >= 0 && *word && place->writable && i < place->count; i++) {
		after = look(page_at(place, place->chosen[i]));
		if (after.frame && (after.frame == before[i].frame) != !strcmp(word, PRIVATE))
			fails("wrong-frame", "page %zu is written %s", place->chosen[i],
			      after.frame == before[i].frame ? "in place" : "into a copy");
	}
	word_is(*word ? word : "?");
}

/* The others of the family have the same memory, untouched, and see nothing of what was stored. */
static void with_child(const struct row *condition, enum by by, const struct place *place,
		       int reader_is_child)
{
	int ends[2], status, child, is_child;
	char go;

	if (pipe(ends) || (child = fork()) < 0)
		fails("no-fork", "pipe or fork: %s", strerror(errno));
	is_child = !child;
	if (is_child == reader_is_child) {
		if (!child && condition->is[FAMILY] == FAMILY_GRANDCHILD) {
			int grandchild = fork();

			if (grandchild) {
				waitpid(grandchild, &status, 0);
				_exit(status != 0);
			}
		}
		examine(condition, by, place);
		if (!child)
			_exit(0);
	}
	if (!child) {
		close(ends[1]);
		if (read(ends[0], &go, 1) != 1)
			_exit(2);
		if (condition->is[ADVICE] != ADVICE_DONTFORK)
			all_zero(place, 0, "in a child, after its parent stored");
		_exit(0);
	}
	if (write(ends[1], "", 1) != 1)
		fails("no-pipe", "write: %s", strerror(errno));
	if (waitpid(child, &status, 0) != child || (status && !outcome->word[0]))
		fails("child-killed", "a process of the family: wait status 0x%x", status);
	if (reader_is_child && outcome->word[0])
		all_zero(place, 0, "in a parent, after its child stored");
}

static void leave_dirt(void)
{
	enum { DIRT = 24 };
	char *memory = map_pages(DIRT, PROT_READ | PROT_WRITE);

	fill_pages(memory, DIRT, 0xd7);
	munmap(memory, DIRT * PAGE);
}

static void __attribute__((noreturn)) start_program(const struct row *condition, enum by by)
{
	char row[4 * ROW_MOST + 2] = "", file[16], way[16];
	char *words[] = {CASE_PROGRAM, row, file, way, NULL};
	int shared = open("/dev/zp-outcome", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char image[64];

	for (int i = 0; i < ROW_MOST; i++)
		snprintf(row + strlen(row), 5, "%d,", condition->is[i]);
	/* What the program finds comes back through a file. */
	if (shared < 0 || write(shared, outcome, sizeof *outcome) != sizeof *outcome)
		fails("no-file", "/dev/zp-outcome: %s", strerror(errno));
	snprintf(file, sizeof file, "%d", shared);
	snprintf(way, sizeof way, "%d", by);
	snprintf(image, sizeof image, "/proc/self/exe");
	execv(image, words);
	fails("no-exec", "execv: %s", strerror(errno));
}

static void take_outcome(void)
{
	int file = open("/dev/zp-outcome", O_RDONLY);

	if (read(file, outcome, sizeof *outcome) != sizeof *outcome)
		snprintf(outcome->word, sizeof outcome->word, "no-outcome");
	close(file);
	unlink("/dev/zp-outcome");
}

static void __attribute__((noreturn)) run_here(struct row *condition, enum by by)
{
	struct place place;

	leave_dirt();
	condition_place(condition, &place);
	/* Each look of another process forks it, and the pages before are shared then. */
	if (by == BY_PROCESS_VM || by == BY_PTRACE)
		place.count = 1;
	set_process(condition->is[PROCESS]);
	switch (condition->is[FAMILY]) {
	case FAMILY_CHILD:
	case FAMILY_GRANDCHILD: with_child(condition, by, &place, 1); break;
	case FAMILY_PARENT: with_child(condition, by, &place, 0); break;
	default: examine(condition, by, &place);
	}
	munmap(place.memory, place.pages * PAGE);
	_exit(0);
}

int case_program(int count, char **words)
{
	struct row condition;
	char *at = count == 4 ? words[1] : "";

	for (int i = 0; i < ROW_MOST; i++, at += *at == ',')
		condition.is[i] = strtoul(at, &at, 10);
	if (count != 4)
		return 2;
	outcome = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(words[2]), 0);
	if (outcome == MAP_FAILED)
		return 3;
	run_here(&condition, atoi(words[3]));
}

/* One program at a time: what it found is in a file. */
static void in_program(struct row *condition, enum by by)
{
	int status, child = fork();

	if (child < 0)
		fails("no-fork", "fork: %s", strerror(errno));
	if (!child)
		start_program(condition, by);
	if (waitpid(child, &status, 0) != child)
		fails("no-child", "waitpid: %s", strerror(errno));
	if (!outcome->word[0])
		take_outcome();
	if (WIFSIGNALED(status))
		fails("killed", "a program by signal %d", WTERMSIG(status));
	_exit(0);
}

void condition_run(struct row *condition, int by)
{
	/* Nobody may look into a process that has been root. */
	if (by != BY_CONDITION && by != BY_POPULATE && condition->is[PROCESS] == PROCESS_NOBODY)
		condition->is[PROCESS] = PROCESS_ROOT;
	if (condition->is[FAMILY] == FAMILY_EXECED)
		in_program(condition, by);
	run_here(condition, by);
}
