# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of a part of a set's kernels between two publishings: files beside the site, of
which all is known by a digest. What is damaged, or was made by another program, is none: it is made
anew.

    .NAME.kept/SET-PART.part     what other parts and pages of the whole site are made of
    .NAME.kept/SET-PART.facts    of each kernel its facts, for when one of its neighbours has news

The first of the two has a head, which is read each time, and behind it the pieces, each of which is
read when it is asked for.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Collection, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

from zpmaint.ledger import codec
from zpmaint.publish.base import Base
from zpmaint.publish.facts import Facts
from zpmaint.publish.glance import Glance
from zpmaint.publish.reading import Kept

_LONGEST = 200  # bytes of a file's first line
Value = TypeVar("Value")


@dataclass(frozen=True)
class Asked:
    """What a part asked of the world beside its records, so that it can be asked again."""

    newest: Sequence[Sequence[Any]] = ()
    """What tells how fresh its lines are (`fresh.telling`)."""
    logs: Sequence[str] = ()
    """Digests of texts that may be there or not."""
    places: Sequence[Sequence[Any]] = ()
    """Logs of before texts had digests."""


@dataclass(frozen=True)
class Place:
    """Where a piece is in its file, and what it is known by."""

    first: int
    size: int
    digest: str


@dataclass(frozen=True)
class Made:
    """What was kept of a part."""

    base_of: str = ""
    """What the base was made of; '' where none is kept."""
    base: Base = field(default_factory=Base)
    told: str = ""
    """What the rest was made of."""
    asked: Asked = field(default_factory=Asked)
    glance: Glance = field(default_factory=Glance)
    pieces: Mapping[str, Place] = field(default_factory=dict)


NOTHING = Made()


class KeptParts:
    """Those of one site."""

    def __init__(self, folder: Path | None, program: str) -> None:
        """`folder` is made when something is kept; None: nothing is."""
        self._folder = folder
        self._program = program

    def part(self, name: str) -> Made:
        """What is kept of a part; NOTHING where there is nothing that can be believed."""
        found = self._head(f"{name}.part")
        if found is None:
            return NOTHING
        head, first, size = found
        try:
            told = json.loads(head)
            pieces = {
                piece: Place(first + at, length, digest)
                for piece, (at, length, digest) in told["pieces"].items()
            }
            if size != first + sum(place.size for place in pieces.values()):
                return NOTHING
            return Made(
                told["base_of"],
                _read(Base, told["base"]),
                told["told"],
                Asked(**told["asked"]),
                _read(Glance, told["glance"]),
                pieces,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return NOTHING

    def piece(self, name: str, place: Place) -> bytes | None:
        """A piece of a part that is kept; None where it is not there as it was."""
        if self._folder is None:
            return None
        try:
            with (self._folder / f"{name}.part").open("rb") as file:
                file.seek(place.first)
                data = file.read(place.size)
        except OSError:
            return None
        return data if digest_of(data) == place.digest else None

    def facts(self, name: str) -> Kept:
        """What is kept of a part's kernels."""
        found = self._head(f"{name}.facts")
        try:
            return (
                {
                    (version, arch, patchset, profile): (state, Facts.kept(facts))
                    for version, arch, patchset, profile, state, facts in json.loads(found[0])
                }
                if found
                else {}
            )
        except (ValueError, TypeError):
            return {}

    def keep(self, name: str, made: Made, pieces: Mapping[str, bytes]) -> None:
        """Keep a part for the next time; `pieces` are the bytes of those of `made`. That it cannot
        be kept harms nobody."""
        at = 0
        places = {}
        for piece, data in pieces.items():
            places[piece] = (at, len(data), digest_of(data))
            at += len(data)
        head = {
            "base_of": made.base_of,
            "base": _told(Base, made.base),
            "told": made.told,
            "asked": asdict(made.asked),
            "glance": _told(Glance, made.glance),
            "pieces": places,
        }
        self._write(f"{name}.part", _json(head), *pieces.values())

    def keep_facts(self, name: str, facts: Kept) -> None:
        """Keep the facts of a part's kernels."""
        rows = [[*kernel, state, one.as_json()] for kernel, (state, one) in facts.items()]
        self._write(f"{name}.facts", _json(rows))

    def charts(self, name: str, of: str) -> str | None:
        """A set's drawings that were made of `of`; None where none are kept."""
        found = self._head(f"{name}.charts")
        head, _, body = (found[0] if found else b"").partition(b"\n")
        return body.decode() if head == of.encode() else None

    def keep_charts(self, name: str, of: str, text: str) -> None:
        """Keep a set's drawings for the next time."""
        self._write(f"{name}.charts", f"{of}\n{text}".encode())

    def keep_only(self, names: Collection[str]) -> None:
        """Forget the parts that there are no more."""
        if self._folder is None or not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.stem not in names:
                with suppress(OSError):
                    path.unlink()

    def _head(self, name: str) -> tuple[bytes, int, int] | None:
        """A file's head, where what is behind it begins, and the size of all; None where it is not
        what was written."""
        if self._folder is None:
            return None
        try:
            with (self._folder / name).open("rb") as file:
                line = file.readline(_LONGEST)
                program, digest, size = line.decode("ascii").rstrip("\n").rsplit(" ", 2)
                head = file.read(int(size))
                whole = os.fstat(file.fileno()).st_size
        except (OSError, ValueError):
            return None
        is_ours = program == self._program and digest == digest_of(head)
        return (head, len(line) + len(head), whole) if is_ours else None

    def _write(self, name: str, head: bytes, *behind: bytes) -> None:
        if self._folder is None:
            return
        path = self._folder / name
        fresh = path.with_name(f".{name}.{os.getpid()}")
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            with fresh.open("wb") as file:
                file.write(f"{self._program} {digest_of(head)} {len(head)}\n".encode())
                file.writelines((head, *behind))
            fresh.replace(path)


def digest_of(data: bytes) -> str:
    """What data is known by."""
    return sha256(data).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _told(kind: type[Any], value: Any) -> dict[str, Any]:
    return {one.name: codec.to_json(getattr(value, one.name)) for one in fields(kind)}


def _read(kind: type[Value], told: dict[str, Any]) -> Value:
    hints: dict[str, Any] = _hints(cast(Hashable, kind))
    return kind(**{name: codec.from_json(hints[name], found, name) for name, found in told.items()})


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
