# SPDX-License-Identifier: GPL-2.0-only
"""Each changed line of a port, found in the kernel that was linked.

Read right after the patched kernel was made, as collect.py reads it. The objects that a touched
file went into are compiled once more with a line table; where their code is not that of the kernel,
byte for byte, nothing is said of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from zpmaint.build.change import FileChange, HunkChange
from zpmaint.build.clines import Kind as LineKind
from zpmaint.build.clines import Source, read
from zpmaint.build.collect import Built, objects_of
from zpmaint.build.evidence import Compiled
from zpmaint.build.running.beside import beside
from zpmaint.build.running.compiled import made
from zpmaint.build.running.disassembly import first_before, shifted
from zpmaint.build.running.elf import Elf
from zpmaint.build.running.line_table import lines_of
from zpmaint.build.running.linked_at import Image
from zpmaint.build.running.machines import code_of
from zpmaint.build.running.values import FileAt, HunkAt, Kind, LineAt, Places, Spot
from zpmaint.core import arches
from zpmaint.core.errors import InfraError

MOST = 8
"""Objects that are looked into for one file: a header is in thousands."""
_SOURCES = (".c", ".h", ".S", ".inc")

_Lines = Mapping[str, Mapping[int, frozenset[Spot]]]


def places(built: Built, changed: Sequence[FileChange], image: Path) -> Places:
    """The changed lines in `image`, the linked kernel with its symbols. Raises InfraError where a
    recorded command cannot be repeated or the kernel cannot be read."""
    try:
        kernel = Elf(image.read_bytes())
        linked, code = Image(kernel), code_of(kernel.machine)
    except (OSError, ValueError) as error:
        raise InfraError(f"{image}: cannot be read: {error}", "build it again") from None
    touched = {file.path for file in changed}
    found = _Found(built, linked, frozenset(touched), code.changes)
    return Places(tuple(_file(found, file, touched) for file in changed))


@dataclass
class _Object:
    lines: _Lines
    why: str
    """Why there are none."""


@dataclass
class _Found:
    """The objects that were looked into, each once."""

    built: Built
    image: Image
    touched: frozenset[str]
    changes: str
    """Why an object's code is not in the kernel as it is; '' where it is."""
    objects: dict[str, _Object] = field(default_factory=dict)

    def object(self, name: str) -> _Object:
        if name not in self.objects:
            self.objects[name] = self._read(name)
        return self.objects[name]

    def _read(self, name: str) -> _Object:
        built = self.built
        if self.changes:
            return _Object({}, f"{name}: {self.changes}")
        cross = arches.named(built.arch).cross
        again = made(built.records.by_target[name], built.obj, cross)
        at = self.image.find(again.elf)
        if not at.bases:
            return _Object({}, f"{name}: compiled with line numbers, it is not the linked code")
        bases = [(again.elf.sections[index].name, base) for index, base in at.bases.items()]
        starts = shifted(again.straight, bases)
        lines = {
            path: {
                number: frozenset(Spot(first_before(starts, one), one) for one in addresses)
                for number, addresses in rows.items()
            }
            for path, rows in lines_of(again.elf, dict(at.bases), self._named).items()
        }
        return _Object(lines, "")

    @cached_property
    def _named(self) -> Callable[[str], str | None]:
        """From a source's name, as a compiler was given it, to its path where it is touched."""
        ends = {path.rpartition("/")[2] for path in self.touched}
        roots = [os.path.realpath(root) for root in (self.built.obj, self.built.src)]

        def path_of(name: str) -> str | None:
            if name.rpartition("/")[2] not in ends:
                return None
            for root in roots:
                real = os.path.realpath(os.path.join(root, name))  # noqa: PTH118
                path = os.path.relpath(real, roots[1])
                if path in self.touched:
                    return path
            return None

        return path_of


def _file(found: _Found, change: FileChange, touched: set[str]) -> FileAt:
    built = found.built
    if not change.path.endswith(_SOURCES):
        return FileAt(change.path, (), change.patch)
    records = built.records.by_target
    names = [
        name
        for name in objects_of(built, change, touched)
        if name in records and records[name].is_compiled
    ]
    in_kernel = [name for name in names if built.linked.get(name) is Compiled.KERNEL]
    objects = [found.object(name) for name in in_kernel[:MOST]]
    why = [one.why for one in objects if one.why]
    if not in_kernel:
        why.append("in a module, whose address is not known beforehand" if names else "no object")
    elif len(in_kernel) > MOST:
        why.append(f"in {len(in_kernel)} objects, of which {MOST} were looked into")
    lines: dict[int, frozenset[Spot]] = {}
    for one in objects:
        for number, spots in one.lines.get(change.path, {}).items():
            lines[number] = lines.get(number, frozenset()) | spots
    source = read(built.text(change.path) or "")
    hunks = tuple(_hunk(hunk, lines, source) for hunk in change.hunks)
    return FileAt(change.path, hunks, change.patch, "; ".join(why))


def _hunk(hunk: HunkChange, lines: Mapping[int, frozenset[Spot]], source: Source) -> HunkAt:
    added = [line.number for line in hunk.added if line.number is not None]
    own = [number for number in added if number in lines]
    silent = sum(
        source.line(number).kind is LineKind.CODE and number not in lines for number in added
    )
    kind = Kind.ADDED
    if not own:
        own = beside(hunk, lines)
        kind = Kind.BESIDE if own else Kind.NONE
    return HunkAt(hunk.header, kind, tuple(_line(number, lines) for number in own), silent)


def _line(number: int, lines: Mapping[int, frozenset[Spot]]) -> LineAt:
    return LineAt(number, tuple(sorted(lines[number], key=lambda spot: (spot.at, spot.first))))
