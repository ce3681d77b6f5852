# SPDX-License-Identifier: GPL-2.0-only
"""How many parts of its file names a patch wants stripped, where nobody says so. Pure.

svn, cvs and `git diff --no-prefix` write names as they stand in the tree (-p0), some people diff
from two folders above it (-p2). The folders at a kernel tree's top tell.
"""

from __future__ import annotations

import re
from dataclasses import replace

from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs import grammar
from zpmaint.diffs.paths import NOWHERE, is_in_tree
from zpmaint.diffs.reader import FileDiff, read_patch

_NAMES = re.compile(r"^(?:--- ([^\n]*)\n\+\+\+ ([^\n]*)|diff --git (\S+) (\S+)[ \t\r]*)$", re.M)
_LEVELS = (0, 1, 2, 3)
_USUAL = 1


def strip_level(data: bytes) -> int:
    """What -p a patch wants: 1 unless all of its names say otherwise."""
    names = set()
    for found in _NAMES.finditer(to_text(data)):
        if found[1] is not None:
            names |= {grammar.name_of(f"--- {found[n]}") for n in (1, 2)}
        else:
            names |= {found[3], found[4]}
    names.discard(NOWHERE)
    if not names or any(name.startswith(("/", '"')) for name in names):
        return _USUAL
    fits = [
        level for level in _LEVELS if all(is_in_tree(name.split("/")[level:]) for name in names)
    ]
    # A checkout that is called as one of its folders: kernel/drivers/x.c is drivers/x.c.
    if fits[:2] == [0, 1] and all(name.startswith("kernel/") for name in names):
        return 1
    return fits[0] if fits else _USUAL


def as_p1(data: bytes, name: str, level: int) -> bytes:
    """The patch with the names of its files as git writes them, a/PATH and b/PATH: patch -p1 and
    git am take no other. Raises UserError where it cannot be read."""
    read = read_patch(to_text(data), name, level)
    pieces = (p if isinstance(p, str) else _prefixed(p, level).text() for p in read.pieces)
    return to_bytes("".join(pieces))


def _prefixed(diff: FileDiff, level: int) -> FileDiff:
    head = []
    for line in diff.head:
        if line.startswith(("--- ", "+++ ")):
            old = grammar.name_of(line)
            side = "a" if line.startswith("-") else "b"
            text = line if old == NOWHERE else line.replace(old, _named(side, old, level), 1)
        elif line.startswith("Index: "):
            text = f"Index: {_named('a', line[7:].strip(), level)}\n"
        elif found := grammar.GIT.match(line):
            text = f"diff --git {_named('a', found[1], level)} {_named('b', found[2], level)}\n"
        else:
            text = line
        head.append(text)
    return replace(diff, head=tuple(head))


def _named(side: str, name: str, level: int) -> str:
    return "/".join([side, *name.split("/")[level:]])
