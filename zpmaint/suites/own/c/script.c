// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "script.h"
#include "tell.h"

enum { SKIPPED = 4, DETAILS = 20 }; /* the status that kselftest has for a skip */

static void become_script(const char *path, int out)
{
	static char *environment[] = {"PATH=/bin", "HOME=/", "TMPDIR=/tmp", NULL};
	char *words[] = {"sh", (char *)path, NULL};
	int nothing = open("/dev/null", O_RDONLY);

	dup2(nothing, 0);
	dup2(out, 1);
	dup2(out, 2);
	execve("/bin/busybox", words, environment);
	_exit(127);
}

void run_script(const char *path)
{
	char line[256], last[256] = "", word[128] = "";
	int ends[2], status, child, details = 0;
	FILE *said;

	if (pipe(ends))
		broken("no-pipe", "pipe: %s", strerror(errno));
	if (!(child = branch())) {
		close(ends[0]);
		become_script(path, ends[1]);
	}
	close(ends[1]);
	said = fdopen(ends[0], "r");
	while (said && fgets(line, sizeof line, said)) {
		line[strcspn(line, "\n")] = 0;
		if (sscanf(line, "observed: %127s", word) == 1)
			continue;
		if (*line)
			snprintf(last, sizeof last, "%s", line);
		if (!strncmp(line, "figure ", 7) || (*line && details++ < DETAILS))
			note("%s", line);
	}
	if (waitpid(child, &status, 0) != child)
		broken("no-child", "waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status))
		broken("script-killed", "the script died of signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip("%s", *last ? last : "the script says so");
	if (WEXITSTATUS(status))
		broken("script-failed", "the script ended with status %d", WEXITSTATUS(status));
	if (!*word)
		broken("no-word", "the script has no line `observed: WORD`");
	if (word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")])
		broken("no-word", "not a word of letters, digits and -: %s", word);
	observe(word);
}
