# SPDX-License-Identifier: GPL-2.0-only
"""Why a make failed, by the words of its log: the line that tells, and whose fault it is.

A line tells by its own form, as the program that says it writes it (diagnosis.toml); words inside
source that a compiler quotes tell nothing. Words alone settle nothing: docs/blame.md.
"""

from __future__ import annotations

import functools
import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import Field

from zpmaint.build.conditions import Table
from zpmaint.core.config import checked
from zpmaint.core.errors import IndeterminateError, InfraError, KernelError, UserError


class Blame(StrEnum):
    """Whose fault a failure is."""

    MACHINE = "machine"
    KERNEL = "kernel"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fault:
    """Whose fault, and the telling line."""

    blame: Blame
    line: str
    hint: str = ""

    @property
    def infrastructure(self) -> bool:
        """Whether the machine is to blame."""
        return self.blame is Blame.MACHINE

    def error(self, what: str, log: Path) -> InfraError | KernelError:
        """The error to raise for it; `what` failed, and `log` is where all of it stands."""
        told = f"{what}: {self.line}"
        if self.blame is Blame.MACHINE:
            return InfraError(told, f"{self.hint}; log: {log}")
        if self.blame is Blame.KERNEL:
            return KernelError(told, f"log: {log}")
        return IndeterminateError(
            f"{told}: nothing shows whose fault that is",
            f"it is tried again; if it stays, see docs/blame.md and the log: {log}",
        )


class _Row(Table):
    pattern: str
    why: str
    hint: str = ""
    placed: bool = False


class _File(Table):
    errno: tuple[str, ...]
    dead: tuple[str, ...]
    crash: tuple[str, ...]
    machine: tuple[_Row, ...] = Field(min_length=1)
    missing: tuple[_Row, ...] = Field(min_length=1)
    lacking: tuple[_Row, ...] = Field(min_length=1)
    kernel: tuple[_Row, ...] = Field(min_length=1)
    faint: tuple[_Row, ...] = Field(min_length=1)


@dataclass(frozen=True)
class _Shape:
    pattern: re.Pattern[str]
    placed: bool
    hint: str


_DATA = Path(__file__).parent / "diagnosis.toml"
_NAMES = {
    "make": r"(?:\S*/)?g?make(?:\[\d+\])?",
    "tool": (
        r"(?:\S*/)?(?:[\w.+-]*gcc[\w.-]*|[\w.+-]*clang[\w.-]*|[\w-]*g\+\+[\w.-]*"
        r"|cc|cc1\w*|collect2|as|ld[\w.]*|rustc)"
    ),
    "binutil": (
        r"(?:\S*/)?(?:[\w.+]+-)*(?:ld(?:\.\w+)?|gold|ar|nm|as|ranlib|objcopy|objdump|strip|readelf"
        r"|size|collect2)(?:-[\d.]+)?"
    ),
}

_PLACED = re.compile(r"^(?:\{standard input\}|[^\s:]+):\d+(?:[:.][\d-]+)?[:,] ?")
_EXCERPT = re.compile(r"^ *\d* \||^\s")  # source that a compiler quotes, or make's own steps
_STARRED = re.compile(r"^ *\*{1,3} ")
_CARET = re.compile(r"^\s*[\^~][\^~\s]*$")
# make's own words, where nobody else said anything.
_LAST_WORDS = re.compile(r"^make(?:\[\d+\])?: \*\*\* (?!Waiting for unfinished jobs|Deleting file)")
_FAILED = re.compile(r"^make(?:\[\d+\])?: \*\*\* \[(?:\S+:\d+: )?(\S+)\] Error (\d+)")
_PLACE = re.compile(r"(?:^|: )(\S+): [Ii]n function [`'\u2018]")
_OBJECT = re.compile(r"^(\S+): warning: objtool: ")
# A program of the tree itself: it may be gone, or its interpreter, or the bit that makes it one.
_OWN = re.compile(
    r"^\S*sh: (?:(?:line )?\d+: )?(?:\.|[^\s/]+)/\S+: (?:not found|Permission denied|No such file)"
)
_NOT_STARTED = ("126", "127")


def diagnose(lines: Iterable[str], src: str, obj: str) -> Fault:
    """The telling line of a failed make, with the two folders' names taken out."""
    said = [_short(line, src, obj) for line in _spoken([line.rstrip() for line in lines])]
    if found := _first(said, _shapes("machine")):
        return Fault(Blame.MACHINE, said[found[0]], found[1])
    failed = [done for line in said if (done := _FAILED.match(line))]
    telling = _telling(said, {done[1] for done in failed})
    lacking = _first(said, _shapes("lacking"))
    if lacking and (telling is None or lacking[0] <= telling[0]):
        return Fault(Blame.MACHINE, said[lacking[0]], lacking[1])
    program = _first(said, _shapes("missing"))
    if program and (telling is None or any(done[2] in _NOT_STARTED for done in failed)):
        return Fault(Blame.MACHINE, said[program[0]], program[1])
    if telling:
        return Fault(Blame.KERNEL, telling[1])
    own = any(_OWN.match(line) for line in said)
    if not own and (found := _first(said, _shapes("faint"))):
        return Fault(Blame.MACHINE, said[found[0]], found[1])
    last = next((line for line in said if _LAST_WORDS.search(line)), "")
    return Fault(
        Blame.UNKNOWN,
        last or next((line for line in reversed(said) if line), "make said nothing"),
    )


def tells(line: str) -> bool:
    """Whether a line of a log, the folders' names taken out, says that something is wrong, whosever
    fault it is; by its form, as `diagnose`."""
    if (_EXCERPT.match(line) and not _STARRED.match(line)) or "warning: " in line:
        return False
    kinds = ("machine", "lacking", "missing", "kernel")
    return _first([line.strip()], [shape for kind in kinds for shape in _shapes(kind)]) is not None


@functools.cache
def _shapes(kind: str) -> tuple[_Shape, ...]:
    file = checked(_File, tomllib.loads(_DATA.read_text()), _DATA)
    names = dict(_NAMES)
    for name in ("errno", "dead", "crash"):
        names[name] = f"(?:{'|'.join(getattr(file, name))})"
    rows: tuple[_Row, ...] = getattr(file, kind)
    return tuple(_Shape(_compiled(row.pattern, names), row.placed, row.hint) for row in rows)


def _compiled(pattern: str, names: dict[str, str]) -> re.Pattern[str]:
    for name, words in names.items():
        pattern = pattern.replace(f"{{{name}}}", words)
    return re.compile(pattern)


def _spoken(lines: Sequence[str]) -> list[str]:
    """The lines that a program speaks for itself: not the source that a compiler quotes, with a
    bar before it or a line of carets below it, nor the steps that make announces."""
    kept = []
    for n, line in enumerate(lines):
        quoted = n + 1 < len(lines) and _CARET.match(lines[n + 1]) and not _PLACED.match(line)
        if not (quoted or (_EXCERPT.match(line) and not _STARRED.match(line))):
            kept.append(line)
    return kept


def _first(lines: Sequence[str], shapes: Sequence[_Shape]) -> tuple[int, str] | None:
    """The first line of one of the forms: its index and the next step."""
    for n, line in enumerate(lines):
        placed = _PLACED.match(line) is not None
        for shape in shapes:
            if (shape.placed or not placed) and shape.pattern.search(line):
                return n, shape.hint
    return None


def _telling(lines: Sequence[str], failed: set[str]) -> tuple[int, str] | None:
    """The first line that says what is wrong with the kernel; what objtool calls a warning is it
    where make then gave up on that object."""
    place = ""
    shapes = _shapes("kernel")
    for n, line in enumerate(lines):
        if found := _PLACE.search(line):
            place = found[1]
        if (about := _OBJECT.match(line)) and about[1] in failed:
            return n, line
        if "warning: " not in line and _first([line], shapes):
            named = "undefined reference" not in line or not place or place in line
            return n, line if named else f"{place}: {line}"
    return None


def check_folder(folder: Path) -> None:
    """Raise UserError for a folder below which make builds no kernel."""
    if found := next((c for c in str(folder) if c.isspace() or c == ":"), ""):
        what = "a colon" if found == ":" else "a blank"
        raise UserError(
            f"{folder}: {what} in the name of the folder that kernels are built in, and make "
            "builds below no such folder",
            "name another with ZPMAINT_HOME",
        )


def _short(line: str, src: str, obj: str) -> str:
    # ccache hands the compiler the way from obj to src, make and the linker the whole path.
    for folder in (f"{src}/", f"{obj}/", f"{os.path.relpath(src, obj)}/"):
        line = line.replace(folder, "")
    return line.strip()
