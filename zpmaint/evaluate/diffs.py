# SPDX-License-Identifier: GPL-2.0-only
"""A patch taken apart into its files, as bytes. Pure.

The reader is that of every command; which hunk goes where, the thing that is measured, is no part
of it.
"""

from __future__ import annotations

import re
from collections import Counter

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs.grammar import ABOVE
from zpmaint.diffs.reader import read_patch
from zpmaint.evaluate.values import FileDiff

_WORD = re.compile(rb"[A-Za-z_]\w*", re.ASCII)


def words(text: bytes) -> set[str]:
    """The names in a text, as C has them."""
    return {word.decode() for word in _WORD.findall(text)}


def brought(patch: bytes) -> set[str]:
    """The names in the lines that a patch adds."""
    return words(
        b"".join(
            line[1:] + b"\n"
            for part in split(patch)
            for line in part.text.split(b"\n")
            if line.startswith(b"+") and not line.startswith(b"+++ ")
        )
    )


def changed(part: FileDiff) -> Counter[bytes]:
    """The lines that come and go in a file, whatever stands between them."""
    lines = part.text.split(b"\n")
    start = next((n for n, line in enumerate(lines) if line.startswith(b"@@ ")), len(lines))
    return Counter(line for line in lines[start:] if line[:1] in (b"+", b"-"))


def split(patch: bytes) -> list[FileDiff]:
    """The files of a patch in its order; a file that it holds twice comes twice, and a patch that
    cannot be read has none."""
    try:
        read = read_patch(to_text(patch), "the patch")
    except UserError:
        return []
    found = []
    for diff in read.diffs:
        above = 0
        while not diff.is_git and ABOVE.match(diff.head[above]):
            above += 1
        text = diff.text().removeprefix("".join(diff.head[:above]))
        renames = diff.is_rename or diff.is_copy
        mode = diff.said("old mode") is not None or diff.said("new mode") is not None
        found.append(FileDiff(diff.old, diff.new, to_bytes(text), renames, mode, bool(diff.binary)))
    return found
