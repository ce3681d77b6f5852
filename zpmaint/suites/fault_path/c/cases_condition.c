// SPDX-License-Identifier: GPL-2.0-only
/* Read faults under all conditions of conditions.toml: each has to give what every other does. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <stdlib.h>

#include "cases.gen.h"
#include "condition.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

static unsigned long release;

static void begin(void)
{
	struct utsname name;
	unsigned long part[3] = {0, 0, 0};
	char *at = name.release;

	if (!choice.as_init)
		skip("only init may be every user");
	uname(&name);
	for (int i = 0; i < 3; i++, at += *at == '.')
		part[i] = strtoul(at, &at, 10);
	release = RELEASE(part[0], part[1], part[2]);
	outcome = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		broken("no-mmap", "shared memory: %s", strerror(errno));
	huge_pages("madvise");
	put("/sys/kernel/mm/transparent_hugepage/use_zero_page", "1");
}

/* What this kernel does not know is as in the plain condition; how much of that there is. */
static int known(struct condition *condition)
{
	int left_out = 0;

	for (int i = 0; i < PROPERTIES; i++)
		if (release < properties[i].values[condition->is[i]].since) {
			condition->is[i] = 0;
			left_out++;
		}
#ifndef __x86_64__
	if (condition->is[MEMORY] == MEMORY_LOW || condition->is[MEMORY] == MEMORY_HIGH)
		condition->is[MEMORY] = MEMORY_PLAIN;
#endif
	return left_out;
}

/* "property=value ..." of all that is not plain. */
static const char *told(const struct condition *condition)
{
	static char text[160];
	int length = 0;

	text[0] = 0;
	for (int i = 0; i < PROPERTIES; i++)
		if (condition->is[i] && length < (int)sizeof text - 1)
			length += snprintf(text + length, sizeof text - length, "%s%s=%s",
					   length ? " " : "", properties[i].name,
					   properties[i].values[condition->is[i]].name);
	return text[0] ? text : "the plain one";
}

/* The condition that still ends in this word, with as many plain values as possible. */
static void shrink(struct condition *condition, enum by by, const char *wanted)
{
	char word[sizeof outcome->word];

	snprintf(word, sizeof word, "%s", wanted);
	for (int i = 0; i < PROPERTIES; i++) {
		struct condition less = *condition;

		if (!less.is[i])
			continue;
		less.is[i] = 0;
		condition_run(&less, by);
		if (!strcmp(outcome->word, word))
			*condition = less;
	}
	condition_run(condition, by);
}

static int is_word(const char *word)
{
	return !strcmp(word, ZERO_PAGE) || !strcmp(word, PRIVATE);
}

struct sum { char word[sizeof outcome->word]; int run, left_out; };

static void add(struct sum *sum, struct condition condition, enum by by, const char *way)
{
	static char word[sizeof outcome->word];

	sum->left_out += known(&condition);
	condition_run(&condition, by);
	sum->run++;
	sum->left_out += outcome->left_out;
	snprintf(word, sizeof word, "%s", outcome->word);
	if (!strcmp(word, "?"))
		return;
	if (!sum->word[0] && is_word(word))
		memcpy(sum->word, word, sizeof word);
	if (!strcmp(sum->word, word))
		return;
	shrink(&condition, by, word);
	if (is_word(word))
		broken("mixed", "%s%s: %s, and %s elsewhere", told(&condition), way, word, sum->word);
	broken(word, "%s%s: %s", told(&condition), way, outcome->text);
}

static void finish(const struct sum *sum)
{
	note("%d conditions, %d values in them left out: not known here", sum->run, sum->left_out);
	if (!sum->word[0])
		skip("nothing here tells what is behind one page");
	observe(sum->word);
}

void condition_read(void)
{
	struct sum sum = {"", 0, 0};

	begin();
	for (int i = 0; i < condition_count; i++)
		add(&sum, conditions[i], BY_CONDITION, "");
	finish(&sum);
}
