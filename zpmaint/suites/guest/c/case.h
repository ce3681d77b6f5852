/* SPDX-License-Identifier: GPL-2.0-only */
/* All that a case of a patch set's own needs: write `void PART_WHAT(void)` for the case part.what.
 * A case that comes to its end has observed "ok"; see tell.h for the other endings. */
#ifndef ZP_CASE_H
#define ZP_CASE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.gen.h"
#include "memory.h"
#include "probe.h"
#include "suite.h"
#include "tell.h"

/* A number beside the word: how long, how many, how much. Declared as a [[counter]]. */
#define tell_figure(name, value, unit) note("figure %s %lld %s", name, (long long)(value), unit)

#endif
