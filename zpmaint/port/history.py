# SPDX-License-Identifier: GPL-2.0-only
"""A sweep as a history: the ranges of kernels that a patch meets in one way. Pure.

What bounds a range is a change of the port's state, its anchor or the way it was carried. That a
hunk stands some lines lower is no change.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Adoption, Anchor, PatchSet
from zpmaint.port.outlines import language
from zpmaint.port.scopes import source
from zpmaint.port.values import Port, State

Manner = tuple[State, str, str]
"""State, anchor and way: what the kernels of one range share."""


def way(port: Port) -> str:
    """The strategies that carried a ported patch on; '' for every other state."""
    if port.state is not State.PORTED:
        return ""
    placed = {hunk.placed for file in port.files for hunk in file.hunks}
    return ", ".join(sorted(word for word in placed if not word.is_literal))


def manner(port: Port) -> Manner:
    """How a kernel takes the patch, as ranges are told apart."""
    return (port.state, port.anchor, way(port))


@dataclass(frozen=True)
class Range:
    """Kernels in a row that take the patch in one manner."""

    ports: tuple[Port, ...]
    """Oldest first; never empty."""

    @property
    def first(self) -> Port:
        return self.ports[0]

    @property
    def last(self) -> Port:
        return self.ports[-1]

    @property
    def weakest(self) -> Port:
        """The port that is least sure: its confidence and reason stand for the range."""
        return min(self.ports, key=lambda port: port.confidence)


def ranges(ports: Iterable[Port]) -> list[Range]:
    """The ports of a sweep (oldest kernel first) as ranges."""
    return [Range(tuple(run)) for _, run in groupby(ports, key=manner)]


def declared(patchset: PatchSet, before: Port | None, after: Port) -> list[str]:
    """What the patch set itself says of the change from the kernel `before` to the one `after`:
    an adoption that begins or ends, an anchor that takes over. None before the first kernel."""
    said = []
    ended = _adoption(patchset, before.version) if before else None
    begun = _adoption(patchset, after.version)
    if begun is not None and begun != ended:
        commits = ", ".join(sha[:12] for sha in begun.commits)
        said.append(f"adopted upstream ({commits}): {_one_line(begun.why)}")
    elif ended is not None and begun is None:
        commits = ", ".join(sha[:12] for sha in ended.commits)
        said.append(f"no longer adopted upstream ({commits} was, up to here)")
    start = next((a for a in patchset.anchors if a.name == after.anchor), None)
    if start is not None and _takes_over(start, before, after):
        said.append(f"anchor {start.name}: {_one_line(start.why)}")
    return said


def _takes_over(start: Anchor, before: Port | None, after: Port) -> bool:
    if before is None or before.anchor != start.name:
        return True
    return after.version in start.era and before.version not in start.era


def _adoption(patchset: PatchSet, version: KernelVersion) -> Adoption | None:
    return next((a for a in patchset.adoptions if version in a.era), None)


def _one_line(text: str) -> str:
    return " ".join(text.split())


Scopes = Mapping[str, frozenset[str] | None]
"""By path the names of the scopes that matter; None where the whole file does."""


def touched_scopes(ports: Iterable[Port]) -> Scopes:
    """The functions (and macros, structs, ...) that the hunks of some ports stand in."""
    found: dict[str, set[str]] = {}
    for port in ports:
        for file in port.files:
            found.setdefault(file.path, set()).update(hunk.scope for hunk in file.hunks)
    return {path: None if "" in names else frozenset(names) for path, names in found.items()}


def differ(
    scopes: Scopes, before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]
) -> bool:
    """Whether two states of some files differ in any scope that matters."""
    return any(
        before.get(path) != after.get(path)
        and (
            names is None
            or _texts(path, before.get(path), names) != _texts(path, after.get(path), names)
        )
        for path, names in scopes.items()
    )


def _texts(path: str, data: bytes | None, names: Collection[str]) -> list[str] | None:
    if data is None:
        return None
    read = source(data, language(path))
    return ["".join(read.lines[s.start : s.end]) for s in read.scopes if s.name in names]


def turns(own: Hashable, parents: Collection[Hashable]) -> bool:
    """Whether a commit changes what is looked at: it has parents, and none of them has it. A merge
    that took the one side's does not; nor does the first commit of a history that was cut off."""
    return bool(parents) and own not in parents
