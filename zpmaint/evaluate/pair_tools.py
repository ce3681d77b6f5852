# SPDX-License-Identifier: GPL-2.0-only
"""The common tools on a whole patch: what each leaves of its files, or that it refuses one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import InfraError
from zpmaint.core.tools import run
from zpmaint.evaluate.tools import EXACT

Contents = Mapping[str, bytes | None]


@dataclass(frozen=True)
class Sides:
    """A file before and after the patch, and where it goes."""

    path: str
    base: bytes | None
    after: bytes | None
    target: bytes | None


def patched(patch: bytes, target: Contents, folder: Path, *, fuzz: int) -> Contents | None:
    """What patch(1) makes of the files in an empty folder; None where it refuses a hunk."""
    for path, data in target.items():
        if data is not None:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    command = ["patch", "-p1", f"-F{fuzz}", "-s", "-f", "--no-backup-if-mismatch", "-r", "-"]
    done = run(command, cwd=folder, stdin=patch, env={"LC_ALL": "C"})
    if done.returncode < 0:
        raise InfraError(f"patch: killed by signal {-done.returncode}")
    if done.returncode:
        return None
    places = {path: folder / path for path in target}
    return {path: p.read_bytes() if p.is_file() else None for path, p in places.items()}


def _with_patch(fuzz: int) -> Whole:
    def attempt(patch: bytes, files: Iterable[Sides], folder: Path) -> Contents | None:
        return patched(patch, {file.path: file.target for file in files}, folder, fuzz=fuzz)

    return attempt


def _merged(command: list[str]) -> Whole:
    """A tool that merges mine, base and yours to its standard output, file by file."""

    def attempt(patch: bytes, files: Iterable[Sides], folder: Path) -> Contents | None:
        found: dict[str, bytes | None] = {}
        for file in files:
            if file.base == file.after:
                found[file.path] = file.target
            elif file.target == file.base:
                found[file.path] = file.after
            elif file.after is None or file.target is None:
                return None  # no merge of three texts
            else:
                for name, data in (("m", file.target), ("b", file.base), ("y", file.after)):
                    (folder / name).write_bytes(data or b"")
                done = run([*command, "m", "b", "y"], cwd=folder, env={"LC_ALL": "C"})
                if done.returncode < 0:
                    raise InfraError(f"{command[0]}: killed by signal {-done.returncode}")
                if done.returncode:
                    return None
                found[file.path] = done.stdout
        return found

    return attempt


Whole = Callable[[bytes, Iterable[Sides], Path], Contents | None]
"""A tool on a patch and its files, in an empty folder of its own."""

WHOLE: dict[str, Whole] = {
    EXACT: _with_patch(0),
    "patch": _with_patch(2),
    "git merge-file": _merged(["git", "merge-file", "-p", "-q"]),
    "wiggle": _merged(["wiggle", "--merge"]),
}
"""By the names of their columns."""
