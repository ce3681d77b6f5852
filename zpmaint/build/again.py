# SPDX-License-Identifier: GPL-2.0-only
"""A command that the build recorded, run once more for something else than its object."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from zpmaint.build.limits import limits
from zpmaint.build.make import environment
from zpmaint.build.records import Record
from zpmaint.cell.launch import run
from zpmaint.cell.values import Cell
from zpmaint.core.errors import InfraError

_WITH_VALUE = ("-o", "-MF", "-MT", "-MQ")
_DROPPED = ("-c", "-S", "-MD", "-MMD", "-MP", "ccache")


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


def run_again(
    record: Record,
    obj: Path,
    words: Sequence[str],
    does: str,
    *,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
) -> bytes:
    """What `words`, made of a record's command, print in the folder of objects. Raises InfraError
    where they refuse what the compiler took before; `does` says in it what they were to do."""
    # Foreign, as all of a build is: the build's own Makefile wrote the record.
    inside = Cell(
        does,
        writable=tuple(writable),
        readable=tuple(readable),
        environment=environment({"CCACHE_DISABLE": "1"}),
        limits=limits(),
        cwd=obj,
    )
    done = run(words, inside)
    if done.ended.status or done.ended.limits_met:
        said = [*done.ended.limits_met]
        said += done.stderr.decode(errors="replace").strip().splitlines()
        raise InfraError(
            f"{record.target}: its recorded command does not {does}: "
            f"{said[0] if said else f'exit status {done.ended.status}'}",
            f"rm -r {obj.parent}, and build again",
        )
    return done.stdout


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
