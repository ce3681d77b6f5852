# SPDX-License-Identifier: GPL-2.0-only
"""Queues of others: folders of patches for several lines in one git repository, as a table of
rows names them, each line on Debian's upstream tarball of it."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from zpmaint.core.config import checked
from zpmaint.core.errors import UserError, cause
from zpmaint.diffs.layouts import table_in
from zpmaint.diffs.member import Member
from zpmaint.diffs.opened import whole
from zpmaint.diffs.series import read_series
from zpmaint.evaluate.histories import History
from zpmaint.evaluate.values import QueuedPatch

SHIPPED = Path(__file__).parent / "other_queues.toml"
_LINE = r"[0-9]+\.[0-9]+"


class _Queue(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    folders: tuple[str, ...] = Field(min_length=1)
    pairs: tuple[str, ...] = Field(min_length=1)
    why: str


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    kernels: dict[str, str]
    queue: tuple[_Queue, ...]


@dataclass(frozen=True)
class OtherQueue:
    """One queue for one line."""

    name: str
    """openwrt-generic-6.12."""
    repository: str
    folders: tuple[str, ...]
    line: str
    package: str
    """Debian's package whose upstream tarball it goes onto: 6.12.107-1."""


@dataclass(frozen=True)
class Others:
    """The rows of a table."""

    queues: Mapping[str, OtherQueue]
    pairs: tuple[tuple[str, str], ...]
    """By the names of the queues: (openwrt-generic-6.1, openwrt-generic-6.12)."""


def read_table(place: Path = SHIPPED) -> Others:
    """The queues of a table. Raises UserError: file, key, what is wrong."""
    try:
        text = place.read_text(encoding="utf-8")
        table = checked(_Table, tomllib.loads(text), place)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(
            f"{place}: {cause(error)}", "name a table of queues with --queues"
        ) from None
    queues: dict[str, OtherQueue] = {}
    pairs: list[tuple[str, str]] = []
    for row in table.queue:
        for pair in row.pairs:
            lines = pair.split("..")
            if len(lines) != 2 or not all(re.fullmatch(_LINE, line) for line in lines):
                raise UserError(
                    f"{place}: {row.name}: {pair!r} is no pair", "write it as 6.1..6.12"
                )
            for line in lines:
                if line not in table.kernels:
                    raise UserError(f"{place}: kernels: no row {line!r}", f"{row.name} needs it")
                folders = tuple(folder.format(line=line) for folder in row.folders)
                name = f"{row.name}-{line}"
                queues[name] = OtherQueue(name, row.repository, folders, line, table.kernels[line])
            pairs.append((f"{row.name}-{lines[0]}", f"{row.name}-{lines[1]}"))
    return Others(queues, tuple(pairs))


def read_other(history: History, queue: OtherQueue) -> tuple[list[QueuedPatch], list[str]]:
    """The patches of a queue at the repository's HEAD, in the order in which they are applied; and
    those that cannot be read, each with the reason.

    Raises UserError where a folder of the queue is not there."""
    found: list[QueuedPatch] = []
    unread: list[str] = []
    with tempfile.TemporaryDirectory(prefix="zpmaint-evaluate-") as scratch:
        top = Path(scratch)
        history.folders(queue.folders, top)
        for folder in queue.folders:
            # Without the line a patch is called the same in the next one's queue.
            own = folder.rpartition("/")[2].replace(queue.line, "").strip("-")
            prefix = f"{own}/" if own and len(queue.folders) > 1 else ""
            for member in _members(top / folder):
                if member.unreadable:
                    unread.append(f"{prefix}{member.name}: {member.unreadable}")
                else:
                    found.append(QueuedPatch(prefix + member.name, member.data))
    return found, unread


def _members(folder: Path) -> Sequence[Member]:
    if table_in(folder):
        return read_series(folder).members
    return [
        whole(place.read_bytes(), place.relative_to(folder).as_posix())
        for place in _in_order(folder)
    ]


def _in_order(folder: Path) -> Iterable[Path]:
    places = [p for p in folder.rglob("*") if p.suffix in (".patch", ".diff") and p.is_file()]

    def key(place: Path) -> list[tuple[int, str]]:
        parts = re.split(r"(\d+)", place.relative_to(folder).as_posix())
        return [(int(p), "") if n % 2 else (0, p) for n, p in enumerate(parts)]

    return sorted(places, key=key)
