// SPDX-License-Identifier: GPL-2.0-only
#include "case.h"

void loadavg_sign(void)
{
	char line[128];

	if (get("/proc/loadavg", line, sizeof line) < 0)
		skip("no /proc/loadavg");
	observe(strchr(line, '/') ? "slash" : strchr(line, ':') ? "colon" : "neither");
}

void loadavg_fields(void)
{
	char line[128];
	int blanks = 0;

	get("/proc/loadavg", line, sizeof line);
	for (char *at = line; *at && *at != '\n'; at++)
		blanks += *at == ' ';
	tell_figure("LoadavgLength", strcspn(line, " "), "bytes");
	if (blanks != 4)
		broken("other-fields", "%d blanks in %s", blanks, line);
}
