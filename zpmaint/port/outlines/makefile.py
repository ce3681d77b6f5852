# SPDX-License-Identifier: GPL-2.0-only
"""Makefiles: rules with their recipes, definitions, and lists that go over several lines."""

from __future__ import annotations

import re
from collections import Counter

from zpmaint.port.outlines.conditionals import DEEPEST, nest
from zpmaint.port.outlines.found import Found

_CONDITIONAL = re.compile(r"\s*(ifeq|ifneq|ifdef|ifndef|else|endif)\b\s*(.*)")
_DEFINE = re.compile(r"\s*(?:override\s+|export\s+)*define\s+(\S+)")
_ASSIGNED = re.compile(
    r"\s*(?:override\s+|export\s+|private\s+|unexport\s+)*"
    r"((?=[^\s:=#?+!])[^\s:=#?+!(]*(?:\([^)]*\)[^\s:=#?+!(]*)*)\s*(?:\+|\?|!|:{1,3})?=(?!=)"
)
_WIDE = 200
"""Lines that a conditional spans at least that is called the file's own."""
_HEAD = 1000
"""Characters of a line in which its target or variable is looked for."""
# Each character in one way: what could be read in two takes the power of its length.
_RULE = re.compile(
    r"(?![\t#\s])((?:\$\([^)]*\)|\$\{[^}]*\}|\$(?!\([^)]*\)|\{[^}]*\})|[^:=#\n$])+)::?(?![:=])"
)


def _is_continued(line: str) -> bool:
    return line.rstrip("\r\n").endswith("\\")


def _logical(lines: list[str], n: int) -> int:
    """The line after the logical line that starts at n."""
    while n < len(lines) - 1 and _is_continued(lines[n]):
        n += 1
    return n + 1


def scopes(lines: list[str]) -> list[Found]:
    """Rules, `define`s and assignments of more than one line."""
    found: list[Found] = []
    n = 0
    while n < len(lines):
        line = lines[n][:_HEAD]
        end = _logical(lines, n)
        if not line.strip() or line.lstrip().startswith("#") or line.startswith("\t"):
            n = end
        elif named := _DEFINE.match(line):
            while end < len(lines) and not lines[end].lstrip().startswith("endef"):
                end += 1
            end = min(end + 1, len(lines))
            found.append(("define", named[1], n, end))
            n = end
        elif _CONDITIONAL.match(line):
            n = end
        elif assigned := _ASSIGNED.match(line):
            if end - n > 1:
                found.append(("list", assigned[1], n, end))
            n = end
        elif rule := _RULE.match(line):
            end = _recipe(lines, end)
            if end - n > 1:
                found.append(("rule", " ".join(rule[1].split()), n, end))
            n = end
        else:
            n = end
    return found


def _recipe(lines: list[str], n: int) -> int:
    """The line after a rule's recipe: its lines start with a tab, conditionals may be between."""
    end = n
    while n < len(lines):
        line = lines[n]
        if line.startswith("\t"):
            n = end = _logical(lines, n)
        elif not line.strip() or line.startswith("#") or _CONDITIONAL.match(line):
            n += 1
        else:
            break
    return end


def conditions(lines: list[str]) -> list[tuple[str, ...]]:
    """For each line the conditionals it stands under, outermost first.

    One around half of a long file or more is the file's own (the kernel's Makefile, which calls
    itself again) and says nothing of a line's place: upstream rewords it and turns it around."""
    out: list[tuple[int, ...]] = []
    stack: list[str] = []
    branches: list[int] = []  # each branch of each conditional, by the line that opens it
    names: dict[int, str] = {}
    known: tuple[int, ...] = ()
    for n, line in enumerate(lines):
        found = None if line.startswith("\t") else _CONDITIONAL.match(line)
        if found is not None:
            nest(stack, found[1], " ".join(found[2].split("#")[0].split()))
            if found[1] in ("else", "endif"):
                del branches[-1:]
            if len(stack) > len(branches):
                branches.append(n)
                names[n] = stack[-1]
            known = tuple(branches[:DEEPEST])
            if len(branches) > DEEPEST:  # deeper than any Makefile: at its own line alone
                known = (*known, n)
                names[n] = f"line {n}"
        out.append(known)
    spans = Counter(branch for line in out for branch in line)
    wide = {b for b, span in spans.items() if span >= max(_WIDE, len(lines) / 2)}
    return [tuple(names[b] for b in line if b not in wide) for line in out]
