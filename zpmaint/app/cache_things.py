# SPDX-License-Identifier: GPL-2.0-only
"""What is in the cache, thing by thing, with what is known of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zpmaint.app.cache_sizes import Sizes, bytes_below, stamp_of
from zpmaint.core.in_use import is_used, last_used
from zpmaint.matrix.room.kinds import Kind, Rows, Standing, declared
from zpmaint.matrix.room.worth import Shared, Store, Thing

_PROBES = ("COPYING", "CREDITS", "MAINTAINERS", "Kbuild")
"""Files of a kernel's tree that hardly a patch touches: by them a work folder's src/ shows which
tree its files are links to."""
_BESIDE_TREE = (".manifest", ".kept.json", ".later.json")
_BUILT = frozenset({"src", "obj"})


@dataclass(frozen=True)
class Known:
    """What the project and the ledger know of kernels, by version."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    """Of those that are something to the project."""
    seconds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By version and stage what it took."""


def find(cache: Path, known: Known, rows: Rows | None = None) -> Store:
    """All that is in the cache. What is in use is asked of the locks, at this moment."""
    rows = rows or declared()
    sizes = Sizes(cache)
    found = [(kind, path) for kind in rows.kinds for path in _places(cache, kind)]
    inodes = {path: _inodes(path) for kind, path in found if kind.name == "tree"}
    holders: dict[Path, set[str]] = {tree: {f"tree:{_name(cache, tree)}"} for tree in inodes}
    things, whole = [], {}
    for kind, path in found:
        own = size = _own(cache, kind, path, sizes)
        if kind.name == "tree":
            whole[path], own = own, 0
        if kind.name == "objects":
            its = _inodes(path / "src")
            tree = next((tree for tree, of in inodes.items() if of & its), None)
            if tree is None:  # copies, or links to a tree that is gone
                size = own = own + _source(cache, path, sizes)
            else:
                holders[tree].add(f"objects:{_name(cache, path)}")
        things.append(_thing(cache, kind, path, (own, size), known))
    shared = tuple(Shared(whole[tree], frozenset(ids)) for tree, ids in holders.items())
    rest = _rest(cache, sum(one.own for one in things if one.kind.name == "archive"))
    sizes.keep()
    return Store(tuple(things), shared, rest)


def place_of(cache: Path, thing: Thing) -> Path:
    """Where it is."""
    return cache / thing.id.partition(":")[2]


def _places(cache: Path, kind: Kind) -> Iterator[Path]:
    for path in sorted({path for glob in kind.of for path in cache.glob(glob)}):
        is_hidden = path.name.startswith(".") and kind.name != "damaged"
        if is_hidden or kind.version(path.name) is None:
            continue
        if kind.name == "objects" and not any((path / name).is_dir() for name in _BUILT):
            continue
        yield path


def _thing(cache: Path, kind: Kind, path: Path, bytes_: tuple[int, int], known: Known) -> Thing:
    version = kind.version(path.name) or ""
    return Thing(
        id=f"{kind.name}:{_name(cache, path)}",
        kind=kind,
        version=version,
        own=bytes_[0],
        size=bytes_[1],
        used=max(last_used(path) or 0.0, _written(path)),
        standing=known.standings.get(version, Standing.OTHER) if version else Standing.NONE,
        learned=known.seconds.get(version, {}).get(kind.stage) if kind.stage else None,
        is_in_use=is_used(path),
        is_divisible=kind.name == "ccache",
    )


def _own(cache: Path, kind: Kind, path: Path, sizes: Sizes) -> int:
    """Its bytes: of a work folder less those of its other thing, and of its src/."""
    name = f"{kind.name}:{_name(cache, path)}"
    if kind.name == "tree":
        beside = [path.with_name(f"{path.name}{end}") for end in _BESIDE_TREE]
        stamp = stamp_of(beside[0])
        return sizes.of(name, stamp, lambda: sum(bytes_below(one) for one in (path, *beside)))
    if kind.name == "objects":
        is_quiet = not (path / "making").exists()
        stamp = stamp_of(path / "objects") if is_quiet else 0
        return sizes.of(name, stamp, lambda: bytes_below(path / "obj"))
    if kind.name == "images":
        return bytes_below(path, without=_BUILT)
    return bytes_below(path)


def _source(cache: Path, path: Path, sizes: Sizes) -> int:
    name, stamp = f"src:{_name(cache, path)}", stamp_of(path / "source.id")
    return sizes.of(name, stamp, lambda: bytes_below(path / "src"))


def _rest(cache: Path, archives: int) -> int:
    """What is of no kind: documents of servers, lists of packages, guests' programs, notes."""
    counted = frozenset({"trees", "work", "names", "ccache", "git", "packages"})
    return max(bytes_below(cache, without=counted) - archives, 0)


def _inodes(tree: Path) -> set[tuple[int, int]]:
    found = set()
    for name in _PROBES:
        try:
            status = os.lstat(tree / name)
        except OSError:
            continue
        found.add((status.st_dev, status.st_ino))
    return found


def _written(path: Path) -> float:
    """When it was made, or the last build in it ended."""
    for mark in (path / "objects", path):
        try:
            return mark.lstat().st_mtime
        except OSError:
            continue
    return 0.0


def _name(cache: Path, path: Path) -> str:
    return path.relative_to(cache).as_posix()
