# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that could not be built: what it was to be built with, and the lines of its log that
tell why. An error says one line of it; this is for whoever was not there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.build.diagnosis import tells
from zpmaint.build.values import Flavour, Kernel
from zpmaint.core.versions import KernelVersion

_AROUND = (3, 6)
"""So many lines before and after one that tells stand with it."""
_TELLING = 12
"""So many lines that tell are kept; the whole log has the rest."""
_LONGEST = 2000  # characters of a line
_PLACE = re.compile(r"^(?P<path>[^\s:{]+):(?P<line>\d+)(?::\d+)?: ")
_REFUSED = "refused: "


@dataclass(frozen=True)
class LogLine:
    """One line of a log."""

    number: int
    """From 1."""
    text: str
    """Without the names of the build's folders."""
    telling: bool
    """Whether it says what is wrong, rather than standing around a line that does."""
    path: str = ""
    """The file of the kernel's tree that it speaks of, '' where it names none."""
    line: int = 0


@dataclass(frozen=True)
class BuildFailure:
    """A kernel that could not be built."""

    version: KernelVersion
    arch: str
    flavour: Flavour
    profile: str
    """Profile and fragments, for people."""
    toolchain: str
    fixups: tuple[str, ...]
    inputs: str
    why: str
    lines: tuple[LogLine, ...]
    log: Path
    first_log: Path | None = None
    """That of the first of two runs."""
    stock: Kernel | None = None
    """The stock kernel of the pair, where that had been built."""


def telling_lines(lines: Iterable[str], src: str, obj: str) -> tuple[LogLine, ...]:
    """The lines of a build's log that say what is wrong, the first dozen, each with what stands
    around it (the source that a compiler quotes, the step that make announced). `src` and `obj` are
    the build's folders, whose names are taken out. Empty where no line tells."""
    folders = tuple(f"{folder}/" for folder in (src, obj, os.path.relpath(src, obj)))
    said = [_without(line.rstrip("\r\n"), folders) for line in lines]
    wrong = [n for n, line in enumerate(said) if tells(line)]
    # What kconfig refuses stands in the log of sound builds, too.
    telling = (wrong or [n for n, line in enumerate(said) if line.startswith(_REFUSED)])[:_TELLING]
    before, after = _AROUND
    shown = sorted({m for n in telling for m in range(n - before, n + after + 1)})
    marked = set(telling)
    return tuple(_line(said, n, n in marked) for n in shown if 0 <= n < len(said))


def _line(said: Sequence[str], number: int, telling: bool) -> LogLine:
    text = said[number]
    found = _PLACE.match(text)
    path, line = (os.path.normpath(found["path"]), int(found["line"][:9])) if found else ("", 0)
    return LogLine(number + 1, text[:_LONGEST], telling, path, line)


def _without(line: str, folders: Sequence[str]) -> str:
    for folder in folders:
        line = line.replace(folder, "")
    for folder in folders[:2]:
        line = line.replace(folder.removesuffix("/"), ".")
    return line
