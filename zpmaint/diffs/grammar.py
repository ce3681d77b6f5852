# SPDX-License-Identifier: GPL-2.0-only
"""What the lines of a unified diff look like; every reader of one looks here. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)", re.DOTALL)
GIT = re.compile(r"diff --git (\S+) (\S+)\s*$")
EXTENDED = (
    "old mode ",
    "new mode ",
    "deleted file mode ",
    "new file mode ",
    "copy from ",
    "copy to ",
    "rename from ",
    "rename to ",
    "similarity index ",
    "dissimilarity index ",
    "index ",
)
"""git's extended header lines."""
ABOVE = re.compile(
    r"Index: |={60,}\s*$|RCS file: |retrieving revision |diff (?!--git |--cc |--combined )"
)
"""What svn, cvs, hg and diff -r write right above the lines --- and +++."""
BINARY_DIFFERS = re.compile(r"Binary files? .* (?:differ|has changed)\s*$")
BINARY = re.compile(r"GIT binary patch\s*$")
BINARY_CHUNK = re.compile(r"(?:literal|delta) \d+\s*$")
NO_NEWLINE = re.compile(r"\\ ?No newline at end of file")

# A name without a tab behind it, as a page or cvs writes it: what follows is a date.
_DATED = re.compile(
    r"(\S+)\s+(?:\d{4}-\d\d-\d\d|\d{1,2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]{2} [A-Z][a-z]{2} +\d|\()"
)
# What GNU diff and svn write for a side that is not there.
_NOBODY = re.compile(r"\((?:revision 0|nonexistent|working copy, nonexistent)\)\s*$")
_EPOCH = re.compile(
    r"(?:(?P<iso>1970-01-01|1969-12-31) (?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)"
    r"|[A-Z][a-z]{2} (?:Jan +1|Dec 31) (?P<h2>\d\d):(?P<m2>\d\d):(?P<s2>\d\d) (?:1970|1969))"
    r"(?:\.0+)?(?: (?P<zone>[+-]\d{4}))?\s*$"
)


@dataclass(frozen=True)
class Header:
    """What a hunk's header says."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    tail: str
    """What stands after the second @@, with the line's end."""


def hunk_header(line: str) -> Header | None:
    """The header that a line is, or None."""
    found = HUNK.match(line)
    if found is None:
        return None
    old, new = (1 if found[n] is None else int(found[n]) for n in (2, 4))
    return Header(int(found[1]), old, int(found[3]), new, found[5])


def hunk_range(start: int, count: int) -> str:
    """One side of a hunk's header."""
    return str(start) if count == 1 else f"{start},{count}"


def name_of(line: str) -> str:
    """The file name of a line --- or +++."""
    name, tab, _ = line[4:].rstrip("\r\n").partition("\t")
    if not tab and (dated := _DATED.match(name)):
        return dated[1]
    return name.strip()


def is_nobody(line: str) -> bool:
    """Whether the date of a line --- or +++ says that the file is not there on that side."""
    said = line[4:].rstrip("\r\n")
    stamp = said.partition("\t")[2] or said.partition(" ")[2]
    if _NOBODY.search(stamp):
        return True
    found = _EPOCH.search(stamp)
    if found is None:
        return False
    hour, minute, second = (int(found[k] or found[f"{k}2"]) for k in ("h", "m", "s"))
    zone = found["zone"]
    if zone is None:
        return True  # 00:00 UTC in a zone that is not told
    east = (int(zone[1:3]) * 60 + int(zone[3:])) * (1 if zone[0] == "+" else -1)
    day = -24 * 60 if "1969" in found[0] or "Dec" in found[0] else 0
    return (day + hour * 60 + minute - east, second) == (0, 0)
