# SPDX-License-Identifier: GPL-2.0-only
"""A disk that may lose what it was not asked to keep: what a power cut leaves of a run.

The model is the one of docs/cache.md. A run is a list of operations on inodes and names. What is
certain at a cut is what a later fsync of that inode (its content), of that folder (its names), or a
syncfs asked for; of all the rest any part may be there: of content nothing, some, a beginning, or
zeros of the right length; of names any, or, as file systems with a journal have it, those up to a
moment. One rename is there or not.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

ROOT = 0


@dataclass(frozen=True)
class Write:
    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class Cut:
    """Content cut, or made longer, to a size."""

    inode: int
    size: int


@dataclass(frozen=True)
class Names:
    """Names that change in one step: by folder and name the inode, None for a name that goes."""

    changes: tuple[tuple[int, str, int | None], ...]


@dataclass(frozen=True)
class Sync:
    """`inode` None: everything."""

    inode: int | None


Operation = Write | Cut | Names | Sync


class Kind(Enum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"


@dataclass
class Disk:
    """Names and contents; `kinds` knows all inodes that ever were."""

    kinds: dict[int, Kind] = field(default_factory=lambda: {ROOT: Kind.FOLDER})
    names: dict[tuple[int, str], int] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, top: Path) -> Disk:
        """What stands below `top`, all of it certain."""
        disk = cls()
        disk._take(ROOT, top)
        return disk

    def _take(self, folder: int, place: Path) -> None:
        for path in sorted(place.iterdir()):
            inode = self.new(Kind.FOLDER if path.is_dir() and not path.is_symlink() else Kind.FILE)
            self.names[folder, path.name] = inode
            if path.is_symlink():
                self.kinds[inode] = Kind.LINK
                self.contents[inode] = bytes(path.readlink())
            elif path.is_dir():
                self._take(inode, path)
            else:
                self.contents[inode] = path.read_bytes()

    def new(self, kind: Kind) -> int:
        inode = len(self.kinds)
        self.kinds[inode] = kind
        return inode

    def copy(self) -> Disk:
        return Disk(self.kinds, dict(self.names), dict(self.contents))

    def apply(self, operation: Operation) -> None:
        match operation:
            case Write(inode, offset, data):
                old = self.contents.get(inode, b"").ljust(offset, b"\0")
                self.contents[inode] = old[:offset] + data + old[offset + len(data) :]
            case Cut(inode, size):
                self.contents[inode] = self.contents.get(inode, b"")[:size].ljust(size, b"\0")
            case Names(changes):
                for folder, name, target in changes:
                    if target is None:
                        self.names.pop((folder, name), None)
                    else:
                        self.names[folder, name] = target
            case Sync():
                pass

    def find(self, path: str) -> int | None:
        """The inode at a path below the top; links are not followed."""
        at: int | None = ROOT
        for part in [part for part in path.split("/") if part]:
            at = None if at is None else self.names.get((at, part))
        return at

    def lay_out(self, top: Path) -> None:
        """Make all of it below the empty folder `top`."""
        below: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), inode in self.names.items():
            below.setdefault(folder, []).append((name, inode))
        waiting = [(ROOT, top)]
        while waiting:
            folder, place = waiting.pop()
            for name, inode in below.get(folder, []):
                path = place / name
                data = self.contents.get(inode, b"")
                match self.kinds[inode]:
                    case Kind.FOLDER:
                        path.mkdir()
                        waiting.append((inode, path))
                    case Kind.FILE:
                        path.write_bytes(data)
                    case Kind.LINK:
                        path.symlink_to(data.decode())


@dataclass(frozen=True)
class Run:
    """What was there before, and what was done then."""

    before: Disk
    operations: tuple[Operation, ...]

    def after(self) -> Disk:
        disk = self.before.copy()
        for operation in self.operations:
            disk.apply(operation)
        return disk

    def certain(self, moment: int) -> list[bool]:
        """Of the first `moment` operations those that a cut cannot take back."""
        kept = [False] * moment
        whole: set[int] = set()
        everything = False
        for number in range(moment - 1, -1, -1):
            match self.operations[number]:
                case Sync(None):
                    everything = True
                case Sync(inode) if inode is not None:
                    whole.add(inode)
                case Write(inode, _, _) | Cut(inode, _):
                    kept[number] = everything or inode in whole
                case Names(changes):
                    # A rename between two folders is certain when either was asked for.
                    kept[number] = everything or any(f in whole for f, _, _ in changes)
        return kept

    def cuts(self, some: int, seed: int) -> Iterator[tuple[str, Disk]]:
        """The states that cuts may leave, each with a word: at every moment all, nothing, or no
        content of what is not certain, and `some` at random."""
        for moment in range(len(self.operations) + 1):
            certain = self.certain(moment)
            for how in ("all", "nothing", "names", "zeros"):
                yield f"{moment} {how}", self._left(moment, certain, how, random.Random(0))
            for number in range(some):
                chance = random.Random(f"{seed} {moment} {number}")
                how = chance.choice(("any", "journal"))
                yield f"{moment} {how} {number}", self._left(moment, certain, how, chance)

    def _left(self, moment: int, certain: Sequence[bool], how: str, chance: random.Random) -> Disk:
        disk = self.before.copy()
        share = chance.random()
        journal = chance.randrange(moment + 1)
        for number, operation in enumerate(self.operations[:moment]):
            if certain[number] or how == "all":
                disk.apply(operation)
                continue
            match operation:
                case Names():
                    if how in ("names", "zeros"):
                        there = True
                    elif how == "journal":
                        there = number < journal
                    else:
                        there = how == "any" and chance.random() < share
                    if there:
                        disk.apply(operation)
                case Write(inode, offset, data):
                    if how == "zeros":
                        disk.apply(Write(inode, offset, bytes(len(data))))
                    elif how in ("any", "journal"):
                        disk.apply(Write(inode, offset, _some_of(data, chance)))
                case Cut():
                    if how in ("names", "zeros") or (chance.random() < share and how != "nothing"):
                        disk.apply(operation)
        return disk


def _some_of(data: bytes, chance: random.Random) -> bytes:
    match chance.randrange(4):
        case 0:
            return data
        case 1:
            return data[: chance.randrange(len(data) + 1)]
        case 2:
            return bytes(len(data))
    return b""
