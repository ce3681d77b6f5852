// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"
#include "rows.h"
#include "suite.h"
#include "tell.h"

struct outcome *outcome;

void fails(const char *word, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!outcome->word[0]) {
		vsnprintf(outcome->text, sizeof outcome->text, format, args);
		snprintf(outcome->word, sizeof outcome->word, "%s", word);
	}
	va_end(args);
	_exit(1);
}

unsigned long row_release(void)
{
	struct utsname name;
	unsigned long part[3] = {0, 0, 0};
	char *at = name.release;

	uname(&name);
	for (int i = 0; i < 3; i++, at += *at == '.')
		part[i] = strtoul(at, &at, 10);
	return RELEASE(part[0], part[1], part[2]);
}

static const struct table *table;
static void (*body)(struct row *row, int way);
static const char *const *right;

/* What this kernel does not know is as in the plain row; how much of that there is. */
static int known(struct row *row)
{
	unsigned long release = row_release();
	int left_out = 0;

	for (int i = 0; i < table->properties; i++)
		if (release < table->property[i].values[row->is[i]].since) {
			row->is[i] = 0;
			left_out++;
		}
	return left_out;
}

/* "property=value ..." of all that is not plain. */
static const char *told(const struct row *row)
{
	static char text[160];
	int length = 0;

	text[0] = 0;
	for (int i = 0; i < table->properties; i++)
		if (row->is[i] && length < (int)sizeof text - 1)
			length += snprintf(text + length, sizeof text - length, "%s%s=%s",
					   length ? " " : "", table->property[i].name,
					   table->property[i].values[row->is[i]].name);
	return text[0] ? text : "the plain one";
}

static void run(const struct row *wanted, int way)
{
	struct row row = *wanted;
	int status, child;

	memset(outcome, 0, sizeof *outcome);
	child = branch();
	if (!child) {
		body(&row, way);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		broken("no-child", "waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status) && !outcome->word[0]) {
		snprintf(outcome->word, sizeof outcome->word, "killed");
		snprintf(outcome->text, sizeof outcome->text, "by signal %d", WTERMSIG(status));
	} else if (!outcome->word[0]) {
		snprintf(outcome->word, sizeof outcome->word, "no-word");
		snprintf(outcome->text, sizeof outcome->text, "exit status %d", WEXITSTATUS(status));
	}
}

/* The row that still ends in this word, with as many plain values as possible. */
static void shrink(struct row *row, int way, const char *word)
{
	for (int i = 0; i < table->properties; i++) {
		struct row less = *row;

		if (!less.is[i])
			continue;
		less.is[i] = 0;
		run(&less, way);
		if (!strcmp(outcome->word, word))
			*row = less;
	}
	run(row, way);
}

static int is_right(const char *word)
{
	for (const char *const *one = right; *one; one++)
		if (!strcmp(*one, word))
			return 1;
	return 0;
}

static char common[sizeof outcome->word];
static int runs, left_out;

static void add(struct row row, int way)
{
	char word[sizeof outcome->word];

	left_out += known(&row);
	run(&row, way);
	runs++;
	left_out += outcome->left_out;
	memcpy(word, outcome->word, sizeof word);
	/* The kernel says nothing of one page by itself. */
	if (!strcmp(word, "?"))
		return;
	if (!common[0] && is_right(word))
		memcpy(common, word, sizeof word);
	if (!strcmp(common, word))
		return;
	shrink(&row, way, word);
	if (is_right(word))
		broken("mixed", "%s (way %d): %s, and %s elsewhere", told(&row), way, word, common);
	broken(word, "%s (way %d): %s", told(&row), way, outcome->text);
}

void run_table_ways(const struct table *of, void (*by)(struct row *row, int way), const int *ways,
		    int count, int step, const char *const *words)
{
	table = of;
	body = by;
	right = words;
	if (!choice.as_init)
		skip("only init may be every user");
	outcome = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		broken("no-mmap", "shared memory: %s", strerror(errno));
	for (int i = 0; i < count; i++)
		for (int j = i % step; j < of->count; j += step)
			add(of->rows[j], ways[i]);
	note("%d conditions, %d values in them left out: not known here", runs, left_out);
	if (!common[0])
		skip("nothing here tells what is behind one page");
	observe(common);
}

void run_table(const struct table *of, void (*by)(struct row *row, int way), int way,
	       const char *const *words)
{
	run_table_ways(of, by, &way, 1, 1, words);
}
