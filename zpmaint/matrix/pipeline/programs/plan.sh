#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What is due, as a CI service wants it: one line of JSON, {"include": [{version, series, arch,
# patchset, profile, why}, ...]}, the kernels whose results are not known yet and that need not wait
# before they are tried again. It fits GitHub's `strategy.matrix`, and any service that fans out over
# a list.
#
#   zpmaint matrix job plan [--all] [--most N]
#
# --all: also what is known, and what waits; --most: the first N alone, the others come another time.
#
# A series that no source could name is told on stderr and the rest is planned; no plan at all is
# a failure, with zpmaint's exit status.
set -eu
zpmaint() { "$ZPMAINT_PYTHON" -m zpmaint "$@"; }
status=0
plan=$(zpmaint matrix plan --json) || status=$?
if [ -z "$plan" ]; then
    [ "$status" -ne 0 ] || status=70
    echo "matrix job plan: zpmaint made no plan" >&2
    exit "$status"
fi
printf '%s\n' "$plan" | "$ZPMAINT_PYTHON" -c '
import argparse
import json
import os
import sys

asked = argparse.ArgumentParser(prog="zpmaint matrix job plan")
asked.add_argument("--all", action="store_true")
asked.add_argument("--most", type=int)
words = asked.parse_args()
plan = json.load(sys.stdin)
mark = "::warning::" if os.environ.get("GITHUB_ACTIONS") else ""
for one in plan["unresolved"]:
    print(mark + "not planned: {series}: {why}".format(**one), file=sys.stderr)
wanted = [
    due
    for due in plan["dues"]
    if words.all or due["known"] is None and not due.get("not_before")
]
if words.most is not None and len(wanted) > words.most:
    left = len(wanted) - words.most
    print(f"{mark}{left} kernels more are due, and left to the next run", file=sys.stderr)
    del wanted[words.most :]
names = ("version", "series", "arch", "patchset", "profile", "why")
print(json.dumps({"include": [{name: due[name] for name in names} for due in wanted]}))
' "$@"
