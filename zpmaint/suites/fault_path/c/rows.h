/* SPDX-License-Identifier: GPL-2.0-only */
/* A table of conditions: rows of values of properties, made from a TOML file, each run in processes
 * of its own. A row that ends otherwise than it should is made smaller before it is told. */
#ifndef ZP_ROWS_H
#define ZP_ROWS_H

enum { ROW_MOST = 10 };

struct row { unsigned char is[ROW_MOST]; };
struct value { const char *name; unsigned long since; };
struct property { const char *name; const struct value *values; };

struct table {
	int properties, count;
	const struct property *property;
	const struct row *rows;
};

/* What a row came to. Lies in memory that the processes of a row share. */
struct outcome {
	char word[24];  /* "" while it runs */
	char text[200]; /* for people */
	int left_out;   /* how many values the kernel does not know */
};

extern struct outcome *outcome;

/* End this process with what is right on no kernel. */
void fails(const char *word, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/* Run every row of the table by `body`, in a child that ends by itself and leaves its word in
 * `outcome`. `right` has the words, NULL behind them, that a row may end in: all rows in the same.
 * Ends the case with that word, or with the smallest row that says something else. */
void run_table(const struct table *table, void (*body)(struct row *row, int way), int way,
	       const char *const *right) __attribute__((noreturn));

/* The same for several ways one after the other, each with every `step`th row. */
void run_table_ways(const struct table *table, void (*body)(struct row *row, int way),
		    const int *ways, int count, int step, const char *const *right)
	__attribute__((noreturn));

/* The running kernel, as RELEASE(). */
unsigned long row_release(void);

#endif
