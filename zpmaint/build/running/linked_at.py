# SPDX-License-Identifier: GPL-2.0-only
"""Where the code of an object is in the kernel that was linked of it. Pure.

A section of an object goes into the image as it is, but for what the linker fills in. So it is
where one of its functions is by name, less that function's offset, if the bytes there are its own:
a name may be there twice, bytes in that order are not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from zpmaint.build.running.elf import Elf, Section
from zpmaint.build.running.machines import code_of

_USUAL = 4
"""Bytes that a relocation fills in, but for those of machines.toml."""


@dataclass(frozen=True)
class Linked:
    """The code of one object."""

    bases: Mapping[int, int]
    """By the index of a section its address."""
    lost: tuple[str, ...]
    """Sections of code that are nowhere in the kernel with these bytes."""


class Image:
    """A linked kernel, asked for many objects."""

    def __init__(self, elf: Elf) -> None:
        self._elf = elf
        self._names: dict[str, list[int]] = defaultdict(list)
        for symbol in elf.symbols:
            self._names[symbol.name].append(symbol.value)

    def find(self, made: Elf) -> Linked:
        """Where an object's code is. What a link leaves out (the code of a module's end) is lost,
        as is what was compiled otherwise than the object that was linked."""
        bases: dict[int, int] = {}
        lost: list[str] = []
        for section in made.sections:
            if section.is_code:
                base = self._base(made, section)
                if base is None:
                    lost.append(section.name)
                else:
                    bases[section.index] = base
        return Linked(bases, tuple(lost))

    def _base(self, made: Elf, section: Section) -> int | None:
        wanted = _blank(made, section, made.content(section))
        votes: Counter[int] = Counter()
        for symbol in made.symbols:
            if symbol.section == section.index:
                votes.update(there - symbol.value for there in self._names.get(symbol.name, ()))
        for base, _ in votes.most_common():
            found = self._elf.at(base, section.size)
            if found and _blank(made, section, found) == wanted:
                return base
        return None


def _blank(made: Elf, section: Section, content: bytes) -> bytes:
    """Code without what the linker fills in."""
    data = bytearray(content)
    sizes = code_of(made.machine).filled
    for offset, kind in made.relocated(section):
        size = sizes.get(kind, _USUAL)
        data[offset : offset + size] = bytes(size)
    return bytes(data[: section.size])
