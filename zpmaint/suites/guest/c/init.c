// SPDX-License-Identifier: GPL-2.0-only
/* /init of the virtual machine: mounts what the probes read, runs the suite and the benchmark,
 * ends the machine. As an ordinary program: `--list`, or `--run [key=value...]`. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arrive.h"
#include "channel.h"
#include "patterns.h"
#include "probe.h"
#include "second.h"
#include "suite.h"

static void choose(const char *word)
{
	if (!strncmp(word, "zp.case=", 8))
		snprintf(choice.glob, sizeof choice.glob, "%s", word + 8);
	else if (!strncmp(word, "zp.bench=", 9))
		choice.bench = atoi(word + 9);
	else if (!strncmp(word, "zp.bench_mb=", 12))
		choice.bench_mb = strtoul(word + 12, NULL, 10);
	else if (!strncmp(word, "zp.deadline=", 12))
		choice.deadline = strtoul(word + 12, NULL, 10);
	else if (!strcmp(word, "zp.profile=full"))
		choice.full = 1;
	else if (!strncmp(word, "zp.cpus=", 8))
		choice.cpus = atoi(word + 8);
	else if (!patterns_choose(word) && !strncmp(word, "zp.", 3))
		say("# problem: unknown parameter %s\n", word);
}

static void choose_by_cmdline(void)
{
	static char line[4096];

	if (get("/proc/cmdline", line, sizeof line) < 0) {
		say("# problem: no /proc/cmdline, all parameters are the defaults\n");
		return;
	}
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
		choose(word);
}

static void furnish(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL))
		say("# problem: /proc cannot be mounted\n");
	/* sysfs and a tmpfs for /dev may be missing from a small kernel; the cases that need
	 * them skip with that reason. */
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("tmpfs", "/dev", "tmpfs", 0, NULL);
	mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3));
	mknod("/dev/zero", S_IFCHR | 0666, makedev(1, 5));
	mknod("/dev/kmsg", S_IFCHR | 0600, makedev(1, 11));
	/* From 4.9 on the log takes but a few lines a second of a program, unless told otherwise. */
	put("/proc/sys/kernel/printk_devkmsg", "on\n");
	/* A kernel that went on after an Oops would spoil the cases that follow, with a lock that is
	 * never let go for instance: they are run on a fresh one. */
	put("/proc/sys/kernel/panic_on_oops", "1");
}

static void report(void)
{
	struct utsname name;

	uname(&name);
	say("# kernel %s %s\n", name.release, name.machine);
	suite_run();
	if (choice.bench) {
		if (choice.as_init)
			huge_pages("never");
		bench_run();
	}
	patterns_run();
	say("# done\n");
}

int main(int count, char **words, char **environment)
{
	if (count && !strcmp(words[0], ARRIVAL))
		return arrive(count, words, environment);
	if (count && !strcmp(words[0], CASE_PROGRAM) && case_program)
		return case_program(count, words);
	if (getpid() == 1) {
		if (channel_open(1))
			_exit(1); /* the kernel panics, and says so on its console */
		choice.as_init = 1;
		say("KTAP version 1\n");
		furnish();
		choose_by_cmdline();
		if (choice.cpus > 1)
			second_cpu_up();
		report();
		channel_end();
	}
	channel_open(0);
	if (count == 2 && !strcmp(words[1], "--list")) {
		for (int i = 0; i < case_count; i++)
			say("%s\n", cases[i].name);
		return 0;
	}
	if (count >= 2 && !strcmp(words[1], "--run")) {
		say("KTAP version 1\n");
		for (int i = 2; i < count; i++)
			choose(words[i]);
		report();
		return 0;
	}
	say("usage: init --list | --run [zp.case=GLOB] [zp.bench=0|1] [zp.bench_mb=N] "
	    "[zp.deadline=SECONDS] [zp.profile=full]\n");
	return 2;
}
