# SPDX-License-Identifier: GPL-2.0-only
"""Writing a patch: unified diffs that `patch -p1 -F0` and `git apply` take as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zpmaint.diffs.grammar import hunk_range
from zpmaint.merge.align import gaps
from zpmaint.merge.lines import body

CONTEXT = 3
_NULL = "/dev/null"
_FUNC = re.compile(r"[A-Za-z_$]")


def unified(path: str, old: Sequence[str] | None, new: Sequence[str] | None) -> str:
    """The diff of one file from `old` to `new`; None is a file that is not there."""
    before, after = list(old or ()), list(new or ())
    if before == after and (old is None) == (new is None):
        return ""
    head = f"--- {'a/' + path if old is not None else _NULL}\n"
    head += f"+++ {'b/' + path if new is not None else _NULL}\n"
    if old is None or new is None:
        # Only git's extended headers say that a file comes or goes when it is empty.
        mode = "new file mode 100644" if old is None else "deleted file mode 100644"
        head = f"diff --git a/{path} b/{path}\n{mode}\n" + (head if before or after else "")
    return head + "".join(hunks(before, after))


def hunks(
    old: list[str], new: list[str], changes: Sequence[tuple[int, int, int, int]] | None = None
) -> list[str]:
    """The hunks of a diff, as text. `changes` are the ranges old[a:b] that became new[c:d], in
    order, where a person or a patch said so; else the two are aligned."""
    if changes is None:
        changes = [(a, b, c, d) for a, b, c, d in gaps(old, new) if b > a or d > c]
    groups: list[list[tuple[int, int, int, int]]] = []
    for change in changes:
        if groups and change[0] - groups[-1][-1][1] <= 2 * CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    return [_hunk(old, new, group) for group in groups]


def _hunk(old: list[str], new: list[str], group: list[tuple[int, int, int, int]]) -> str:
    low = max(0, group[0][0] - CONTEXT)
    high = min(len(old), group[-1][1] + CONTEXT)
    low_new = group[0][2] - (group[0][0] - low)
    high_new = group[-1][3] + (high - group[-1][1])
    out = [
        f"@@ -{_range(low, high)} +{_range(low_new, high_new)} @@{_section(old, low)}\n",
    ]
    at = low
    for a, b, c, d in group:
        out += [marked(" ", line) for line in old[at:a]]
        out += [marked("-", line) for line in old[a:b]]
        out += [marked("+", line) for line in new[c:d]]
        at = b
    out += [marked(" ", line) for line in old[at:high]]
    return "".join(out)


def _range(low: int, high: int) -> str:
    length = high - low
    return hunk_range(low + 1 if length else low, length)


def marked(kind: str, line: str) -> str:
    """A line of a hunk, with what says that a file ends without a newline."""
    return kind + line if line.endswith("\n") else f"{kind}{line}\n\\ No newline at end of file\n"


def _section(lines: Sequence[str], before: int) -> str:
    """The function that a hunk starts in, as diff -p finds it: the last line with a letter in
    column one."""
    for n in range(before - 1, -1, -1):
        line = lines[n]
        if _FUNC.match(line) and not body(line).endswith(":"):
            text = body(line)[:80].rstrip()
            return f" {text}" if text.isprintable() else ""
    return ""
