# SPDX-License-Identifier: GPL-2.0-only
"""How patch(1) and git am read what is written here: a message must hold no diff for them. Pure.

patch(1) takes a diff that is indented, by blanks, tabs or X, for one to apply: an example in a
message would change a file. git am ends a mail at any line that looks like the From line of the
next. Such lines are quoted as in a reply, the others stay byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from zpmaint.core.errors import UserError
from zpmaint.diffs.reader import read_patch

_INDENT = re.compile(r"[ \tX]*")
_ALONE = re.compile(r"@@ -\d|diff --git \S|Index: \S|Prereq: \S|GIT binary patch")
_NORMAL = re.compile(r"\d+(?:,\d+)?[acd]\d+(?:,\d+)?\s*$")
_FROM = re.compile(r"From \S+ .*\d\d:\d\d.*\d{4}\s*$")
_MARK = "> "


def quoted(prose: str, *, is_first: bool) -> tuple[str, int]:
    """A message with the lines quoted that patch(1) or git am would act on, and how many. The
    first line of the file may be the From line of its own mail."""
    lines = prose.split("\n")
    bare = [_INDENT.sub("", line, count=1) for line in lines]
    out: list[str] = []
    count = 0
    for n, line in enumerate(lines):
        mark = ""
        if _acts(bare, n):
            mark = _MARK
        elif _FROM.match(line) and (n or not is_first):
            mark = ">"
        count += bool(mark)
        out.append(mark + line)
    return "\n".join(out), count


def _acts(bare: Sequence[str], n: int) -> bool:
    """Whether patch(1) takes a line, its indentation left aside, for the start of a diff."""
    line = bare[n]
    after = bare[n + 1] if n + 1 < len(bare) else ""
    before = bare[n - 1] if n else ""
    return bool(
        _ALONE.match(line)
        or (line.startswith("--- ") and after.startswith(("+++ ", "*** ")))
        or (line.startswith("+++ ") and before.startswith("--- "))
        or (line.startswith("*** ") and after.startswith("--- "))
        or (_NORMAL.match(line) and after.startswith(("< ", "> ")))
    )


def misread(text: str, diffs: Sequence[str], name: str, strip: int) -> str:
    """Why a written file is read otherwise than it is meant: `diffs` are the texts of its diffs.
    '' where patch(1), git am and this program find the same."""
    try:
        read = read_patch(text, name, strip)
    except UserError as error:
        return error.what
    if read.unread:
        return str(read.unread[0])
    if [diff.text() for diff in read.diffs] != list(diffs):
        return "its diffs are not those that were carried"
    for n, piece in enumerate(read.pieces):
        if isinstance(piece, str) and quoted(piece, is_first=not n)[1]:
            return "patch(1) would find another diff in its message"
    return ""
