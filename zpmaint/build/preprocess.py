# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of a source the compiler saw: the recorded command, stopped after preprocessing.

With -fdirectives-only macros stay as they are written, so that every line keeps its number; -dD
has #define lines come out, too, and -dI #include lines, even of a header that its guard keeps out.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection
from pathlib import Path

from zpmaint.build.again import run_again, words_again
from zpmaint.build.records import Record

_MARKER = re.compile(rb'^# (\d+) "([^"\n]*)"[^\n]*\n', re.MULTILINE)


def seen_lines(
    record: Record,
    obj: Path,
    files: Collection[Path],
    *,
    swap: tuple[Path, Path] | None = None,
    before: Path | None = None,
) -> dict[Path, frozenset[int]]:
    """The numbers of the lines of `files` (absolute) that one compilation takes.

    `swap` is a source folder and the one to read in its place: the same compilation of another
    tree. `before` is a header that is read first. Raises InfraError where the compiler refuses
    what it has taken before."""
    with tempfile.TemporaryDirectory(prefix="zpmaint-") as scratch:
        words = words_again(record, obj, Path(scratch), swap)
        if before is not None:
            words = [words[0], "-include", str(before), *words[1:]]
        others = [path for path in (*(swap or ()), before) if path is not None]
        words += ["-w", "-E", "-dD", "-dI", "-fdirectives-only"]
        readable = (obj.parent, Path(scratch), *others)
        said = run_again(record, obj, words, "preprocess", readable=readable)
        return _numbers(said, obj, files)


def _numbers(text: bytes, obj: Path, files: Collection[Path]) -> dict[Path, frozenset[int]]:
    names = {os.fsencode(path.name) for path in files}
    real = {Path(os.path.realpath(path)): path for path in files}
    known: dict[bytes, Path | None] = {}
    found: dict[Path, set[int]] = {path: set() for path in files}
    markers = [*_MARKER.finditer(text)]
    for marker, after in zip(markers, [*markers[1:], None], strict=False):
        name = marker[2]
        if name.rsplit(b"/", 1)[-1] not in names:
            continue
        if name not in known:
            known[name] = real.get(Path(os.path.realpath(obj / os.fsdecode(name))))
        path = known[name]
        if path is None:
            continue
        body = text[marker.end() : after.start() if after else len(text)]
        first = int(marker[1])
        found[path].update(
            first + ahead for ahead, line in enumerate(body.split(b"\n")) if line.strip()
        )
    return {path: frozenset(numbers) for path, numbers in found.items()}
