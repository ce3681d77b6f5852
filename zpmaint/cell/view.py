# SPDX-License-Identifier: GPL-2.0-only
"""What a cell sees of the file system: which paths are hidden, which are there again."""

from __future__ import annotations

import functools
import os
import sys
import tomllib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from zpmaint.cell.values import Cell
from zpmaint.core.places import kept_in

READ_NAME = "ZPMAINT_CELL_READ"
"""The environment's word on folders, separated by colons, that cells may read: a toolchain at an
odd place of a home folder."""
WRITE_NAME = "ZPMAINT_CELL_WRITE"
"""The same of folders that cells may write: where a compiler's wrapper of one's own keeps notes."""
_BESIDE_BIN = ("lib", "lib32", "lib64", "libexec", "include")


class Access(StrEnum):
    """What a path is in a cell."""

    HIDDEN = "hidden"
    READ = "read"
    WRITE = "write"


def view(cell: Cell) -> list[tuple[Path, Access]]:
    """Every path that is not simply read-only, without links, parents before what is in them."""
    seen: dict[Path, Access] = {}
    for path in _exist([*_always_hidden(), *cell.hidden]):
        seen[path] = Access.HIDDEN
    for path in _exist([*_tools(cell.environment.get("PATH", "")), *cell.readable]):
        seen[path] = Access.READ
    for path in _exist([*_named(WRITE_NAME), *cell.writable]):
        seen[path] = Access.WRITE
    return sorted(seen.items(), key=lambda item: len(item[0].parts))


def _exist(paths: Iterable[Path]) -> Iterator[Path]:
    return (path.resolve() for path in paths if _there(path))


def _there(path: Path) -> bool:
    """Whether it exists, as far as this user may look."""
    try:
        return path.exists()
    except PermissionError:
        return False


@functools.cache
def _listed() -> tuple[Path, ...]:
    table = tomllib.loads((Path(__file__).parent / "hidden.toml").read_text())
    return tuple(Path(row["path"]) for row in table["hidden"])


def _always_hidden() -> list[Path]:
    homes = [Path(home) for home in [os.environ.get("HOME", "")] if home not in ("", "/")]
    return [*_listed(), *homes, *kept_in()]


def _tools(path: str) -> list[Path]:
    """What the programs of PATH need, and this Python for scripts that are run by it."""
    return [*_of_path(path, os.environ.get("HOME", "")), *_named(READ_NAME)]


def _named(name: str) -> list[Path]:
    return [Path(folder) for folder in os.environ.get(name, "").split(":") if folder]


@functools.lru_cache(maxsize=64)
def _of_path(path: str, home: str) -> tuple[Path, ...]:
    found: dict[Path, None] = dict.fromkeys(_exist([Path(sys.prefix), Path(sys.base_prefix)]))
    for word in path.split(":"):
        folder = Path(word)
        if not (folder.is_absolute() and _there(folder) and folder.is_dir()):
            continue
        found.update(dict.fromkeys(_program_folder(folder.resolve(), home)))
        for link in _links(folder):
            found.update(dict.fromkeys(_program_folder(link.parent, home)))
    return tuple(place for place in found if not _too_much(place, home))


def _program_folder(folder: Path, home: str) -> list[Path]:
    """A folder of programs, with what they are installed with: X/bin with X/lib."""
    if folder.name not in ("bin", "sbin"):
        return [folder]
    above = folder.parent
    # ~/.local and ~/.cargo hold more than programs: keyrings, tokens.
    dotted = above.name.startswith(".") and above.parent == Path(home).resolve()
    shared = dotted or _too_much(above, home)
    if not shared:
        return [above]
    return [folder, *(above / name for name in _BESIDE_BIN if (above / name).is_dir())]


def _links(folder: Path) -> Iterator[Path]:
    """What the links of a folder of programs below a hidden place lead to."""
    if not any(folder.resolve().is_relative_to(place) for place in _exist(_always_hidden())):
        return
    for entry in os.scandir(folder):
        if entry.is_symlink() and (target := Path(entry.path).resolve()).is_file():
            yield target


def _too_much(place: Path, home: str) -> bool:
    """Whether a path holds a home, or is the root: not a place of programs."""
    homes = [Path(name).resolve() for name in (home, "/root", "/home") if name]
    return any(one.is_relative_to(place) for one in homes) or place.parent == Path("/home")
