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

from zpmaint.build.limits import limits
from zpmaint.build.make import environment
from zpmaint.build.records import Record
from zpmaint.cell.launch import run
from zpmaint.cell.values import Cell
from zpmaint.core.errors import InfraError

_MARKER = re.compile(rb'^# (\d+) "([^"\n]*)"[^\n]*\n', re.MULTILINE)
_WITH_VALUE = ("-o", "-MF", "-MT", "-MQ")
_DROPPED = ("-c", "-S", "-MD", "-MMD", "-MP", "ccache")


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
        # Foreign, as all of a build is: the build's own Makefile wrote the record.
        inside = Cell(
            "preprocess",
            readable=(obj.parent, Path(scratch), *others),
            environment=environment({"CCACHE_DISABLE": "1"}),
            limits=limits(),
            cwd=obj,
        )
        done = run([*words, "-w", "-E", "-dD", "-dI", "-fdirectives-only"], inside)
        if done.ended.status or done.ended.limits_met:
            said = [*done.ended.limits_met]
            said += done.stderr.decode(errors="replace").strip().splitlines()
            raise InfraError(
                f"{record.target}: its recorded command does not preprocess: "
                f"{said[0] if said else f'exit status {done.ended.status}'}",
                f"rm -r {obj.parent}, and build again",
            )
        return _numbers(done.stdout, obj, files)


def words_again(
    record: Record, obj: Path, scratch: Path, swap: tuple[Path, Path] | None = None
) -> list[str]:
    """The recorded command without what it is to make and to write; what it names of a source
    folder that is `swap`ped is taken from the other one."""
    words: list[str] = []
    skip = False
    for word in record.words:
        if skip or word in _DROPPED or word.startswith(("-Wp,-M", "-Wp,-MD")):
            skip = False
            continue
        if word in _WITH_VALUE:
            skip = True
            continue
        words.append(_swapped(word, obj, *swap, scratch) if swap else word)
    return words


def _swapped(word: str, obj: Path, one: Path, other: Path, scratch: Path) -> str:
    if word == "-Iinclude2" and (obj / "include2/asm").is_symlink():
        real = os.path.realpath(obj / "include2/asm")
        link = scratch / "asm"
        if not link.exists():
            link.symlink_to(real.replace(str(one), str(other), 1))
        return f"-I{scratch}"
    for spelling in (str(one), os.path.relpath(one, obj)):
        for prefix in ("", "-I", "-iquote"):
            start = prefix + spelling
            if word == start or word.startswith(f"{start}/"):
                return prefix + str(other) + word[len(start) :]
    return word


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
