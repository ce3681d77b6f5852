# SPDX-License-Identifier: GPL-2.0-only
"""Where the lines of a hunk end: as its header counts them, or as they stand. Pure.

GNU patch takes a hunk whose context lost its blank before a tab and one at the file's end that is
a blank line or two short. A header whose counts a person forgot when editing is counted again
where nothing contradicts that. Each is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.diffs.grammar import Header, hunk_header

_CHOPPED = 2  # blank context lines that GNU patch takes to be chopped off at the file's end
# What follows a hunk and looks like a line of it: a signature, a mail's parts, a rule.
_NO_LINE = re.compile(r"--[ \t]*\r*$|---")


@dataclass(frozen=True)
class Body:
    """The lines of a hunk."""

    end: int
    """Index of the first line behind it."""
    lines: tuple[str, ...]
    old: int
    new: int
    notes: tuple[tuple[int, str], ...] = ()
    """(index of the line, what was put right)."""


@dataclass(frozen=True)
class Misfit:
    """Why lines are not what their header says."""

    at: int
    what: str
    body: Body | None = None
    """The body by the counts, where only what follows it is in doubt."""


def counted(lines: Sequence[str], head: int, header: Header) -> Body | Misfit:
    """The body of the hunk whose header is the line `head`, by the header's counts alone."""
    at = head + 1
    old, new = header.old_count, header.new_count
    notes: list[tuple[int, str]] = []
    out: list[str] = []
    while old > 0 or new > 0:
        line = lines[at] if at < len(lines) else ""
        mark = line[:1]
        if not line:
            return Misfit(head, f"the hunk ends early: {_missing(old, new)}")
        if mark == "\t":
            notes.append((at, "a context line has lost its leading blank"))
            line = " " + line
        elif mark not in " +-\\\n\r":
            return Misfit(
                at,
                f"{line.rstrip()!r} is no line of a hunk "
                f"({_missing(old, new)} since line {head + 1})",
            )
        if mark != "\\":
            old -= mark != "+"
            new -= mark != "-"
        if old < 0 or new < 0:
            return Misfit(at, f"more lines than the hunk header at line {head + 1} says")
        out.append(line)
        at += 1
    while at < len(lines) and lines[at].startswith("\\"):
        out.append(lines[at])
        at += 1
    body = Body(at, tuple(out), header.old_count, header.new_count, tuple(notes))
    if at < len(lines) and lines[at][0] in "+-" and not _ends(lines, at):
        return Misfit(at, f"more lines than the hunk header at line {head + 1} says", body)
    return body


def recounted(lines: Sequence[str], head: int, header: Header, was: Misfit) -> Body | Misfit:
    """The body by the lines that stand there, where the header's counts do not fit them.

    Only where no line can be missing: there are more than the header counts, or the header of the
    next hunk of the file agrees with what stands there. `was` is how the counts did not fit: where
    it is only that text behind the hunk looks like a line of it, nothing less than that header
    shows that it is one.
    """
    at, out, notes = _run(lines, head)
    old = sum(line[0] not in "+\\" for line in out)
    new = sum(line[0] not in "-\\" for line in out)
    short = header.old_count - old
    is_whole = bool(out) and out[-1].endswith("\n") and _only_blank(lines, at)
    if is_whole and 0 < short <= _CHOPPED and short == header.new_count - new:
        notes.append((head, f"the hunk ends early: {short} blank context lines chopped off"))
        out += [" \n"] * short
        return Body(at, tuple(out), header.old_count, header.new_count, tuple(notes))
    told = _drift(header, lines[at] if at < len(lines) else "")
    is_more = old >= header.old_count and new >= header.new_count
    agrees = told == new - old
    contradicts = told == header.new_count - header.old_count and not agrees
    if was.body is not None and not agrees:
        return was
    if not agrees and (contradicts or not is_more):
        if is_more:
            return Misfit(
                at - 1, f"more lines than the hunk headers at line {head + 1} and after it say"
            )
        return Misfit(
            head,
            f"the hunk ends early: {_missing(header.old_count - old, header.new_count - new)}",
        )
    if not out:
        return Misfit(head, "the hunk has no lines")
    said = f"-{header.old_count} +{header.new_count}"
    notes.append((head, f"the hunk header counts {said} lines, and -{old} +{new} stand there"))
    return Body(at, tuple(out), old, new, tuple(notes))


def _run(lines: Sequence[str], head: int) -> tuple[int, list[str], list[tuple[int, str]]]:
    """Every line from the header on that can be one of the hunk."""
    out: list[str] = []
    notes: list[tuple[int, str]] = []
    at = head + 1
    while at < len(lines) and lines[at][0] in " +-\\\n\r\t" and not _ends(lines, at):
        line = lines[at]
        if line[0] == "\t":
            notes.append((at, "a context line has lost its leading blank"))
            line = " " + line
        out.append(line)
        at += 1
    while out and not out[-1].strip("\r\n"):
        out.pop()  # an empty line without a blank is what stands between a diff and the next text
        at -= 1
    return at, out, notes


def _ends(lines: Sequence[str], at: int) -> bool:
    """Whether a line that begins with + or - is not one of a hunk."""
    line = lines[at]
    if line.startswith("--- "):
        return at + 1 < len(lines) and lines[at + 1].startswith("+++ ")
    return bool(_NO_LINE.match(line))


def _only_blank(lines: Sequence[str], at: int) -> bool:
    return all(not lines[n].strip() for n in range(at, len(lines)))


def _drift(header: Header, line: str) -> int | None:
    """By how much the hunk makes the file longer, as the next hunk's header has it."""
    after = hunk_header(line)
    if after is None:
        return None

    def lead(one: Header) -> int:
        return (one.new_start + (not one.new_count)) - (one.old_start + (not one.old_count))

    return lead(after) - lead(header)


def _missing(old: int, new: int) -> str:
    return f"{max(old, 0)} old and {max(new, 0)} new lines are missing"
