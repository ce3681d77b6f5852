/* SPDX-License-Identifier: GPL-2.0-only */
/* The suite: a table of cases, each run in a process of its own under a deadline. */
#ifndef ZP_SUITE_H
#define ZP_SUITE_H

struct test_case {
	const char *name;
	void (*run)(void);
	unsigned long since, until; /* kernels [since, until) as RELEASE(); until 0 is open */
	const char *range;          /* the same for people */
	int full;                   /* tells only in the full profile */
};

/* A kernel release as one number: 2.6.21 is RELEASE(2, 6, 21). */
#define RELEASE(a, b, c) (((unsigned long)(a) << 24) | ((b) << 16) | (c))

/* The table, made from cases.toml. */
extern const struct test_case cases[];
extern const int case_count;

/* Kernels of this architecture, [since, until), until 0 is open, that lack what a case looks at. */
struct lack {
	const char *name;
	unsigned long since, until;
	const char *why;
};

/* Made from cases.toml, too; ends with a row without a name. */
extern const struct lack lacks[];

struct choice {
	char glob[128];     /* which cases */
	int bench;          /* whether the benchmark runs */
	unsigned bench_mb;  /* the size of its mapping, MiB */
	unsigned deadline;  /* guest seconds for each case */
	int full;           /* whether this is the full profile's machine */
	int cpus;           /* how many there have to be, 0 if nobody said */
	int as_init;        /* whether the kernel's settings may be changed */
};

extern struct choice choice;

/* The cases to run, one name on each line, where the glob cannot say it; all without the file. */
#define CHOSEN "/zp.cases"

/* What a case started by execve() of this program under this name: not there in every suite. */
#define CASE_PROGRAM "zp-case"
int case_program(int count, char **words) __attribute__((weak));

/* Run the chosen cases and report them as KTAP. */
void suite_run(void);

/* Switch transparent huge pages: "always" or "never". -1 where the kernel has none. */
int huge_pages(const char *when);

/* Run the benchmark and report its counters as diagnostics. */
void bench_run(void);

/* Call `body` in a child with a deadline; lines that it tells are passed to `each` after it ended.
 * Returns its wait status. */
int run_apart(void (*body)(void), unsigned seconds, void (*each)(char kind, const char *text));

#endif
