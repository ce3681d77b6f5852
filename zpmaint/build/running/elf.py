# SPDX-License-Identifier: GPL-2.0-only
"""What of an ELF file tells where its code is: sections, symbols, relocations. Pure.

Read from the bytes by the tables of the ELF specification (System V ABI, "Object Files"): 60,000
symbols of a kernel in a moment. Little-endian, 32 and 64 bits.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

_WRITE, _ALLOC, _EXEC = 1, 2, 4
_SYMTAB, _RELA, _REL, _NOBITS = 2, 4, 9, 8
_FUNCTION, _NO_TYPE = 2, 0


@dataclass(frozen=True)
class Section:
    index: int
    name: str
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int

    @property
    def is_code(self) -> bool:
        return bool(self.flags & _EXEC) and self.kind != _NOBITS and self.size > 0


@dataclass(frozen=True)
class Symbol:
    name: str
    section: int
    value: int
    """An address; in an object the offset in its section."""


class Elf:
    """One object or one linked kernel."""

    def __init__(self, data: bytes) -> None:
        """Raises ValueError for what is no little-endian ELF file."""
        if len(data) < 20 or data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] != 1:
            raise ValueError("no little-endian ELF file")
        self.data = data
        self.is_64 = data[4] == 2
        (self.machine,) = struct.unpack_from("<H", data, 18)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        at, form = (40, "<Q") if self.is_64 else (32, "<I")
        (start,) = struct.unpack_from(form, self.data, at)
        size, count, names = struct.unpack_from("<HHH", self.data, 58 if self.is_64 else 46)
        row = "<IIQQQQIIQQ" if self.is_64 else "<IIIIIIIIII"
        found = [struct.unpack_from(row, self.data, start + n * size) for n in range(count)]
        if count == 0:  # more than 0xff00: the first row has the count
            count = found[0][5] if found else struct.unpack_from(row, self.data, start)[5]
            found = [struct.unpack_from(row, self.data, start + n * size) for n in range(count)]
        text = found[names][4]
        return tuple(
            Section(n, self._string(text + r[0]), r[1], r[2], r[3], r[4], r[5], r[6], r[7])
            for n, r in enumerate(found)
        )

    def _string(self, at: int) -> str:
        return self.data[at : self.data.index(b"\0", at)].decode("utf-8", "replace")

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """Functions, and the labels of assembler sources."""
        found: list[Symbol] = []
        for section in self.sections:
            if section.kind != _SYMTAB:
                continue
            strings = self.sections[section.link].offset
            body = self.data[section.offset : section.offset + section.size]
            if self.is_64:
                rows = ((n, i, s, v) for n, i, _, s, v, _ in struct.iter_unpack("<IBBHQQ", body))
            else:
                rows = ((n, i, s, v) for n, v, _, i, _, s in struct.iter_unpack("<IIIBBH", body))
            found += [
                Symbol(self._string(strings + name), index, value)
                for name, info, index, value in rows
                if name and info & 15 in (_FUNCTION, _NO_TYPE) and index
            ]
        # Where code and data begin (arm64's $x and $d, riscv's too): thousands, all of one name.
        return tuple(symbol for symbol in found if symbol.name[0] != "$")

    def content(self, section: Section) -> bytes:
        return self.data[section.offset : section.offset + section.size]

    def at(self, address: int, size: int) -> bytes:
        """The bytes of a linked kernel at an address; b"" where it has none there."""
        for section in self.sections:
            if (
                section.flags & _ALLOC
                and section.kind != _NOBITS
                and section.address <= address
                and address + size <= section.address + section.size
            ):
                start = section.offset + address - section.address
                return self.data[start : start + size]
        return b""

    def relocated(self, section: Section) -> list[tuple[int, int]]:
        """Offset and kind of every relocation in a section of an object."""
        found: list[tuple[int, int]] = []
        for one in self.sections:
            if one.kind in (_RELA, _REL) and one.info == section.index:
                words = 2 if one.kind == _REL else 3
                form, mask = ("<QQq", 0xFFFFFFFF) if self.is_64 else ("<IIi", 0xFF)
                rows = struct.iter_unpack(form[: words + 1], self.content(one))
                found += [(row[0], row[1] & mask) for row in rows]
        return found

    def with_addresses(self, bases: dict[int, int]) -> bytes:
        """An object whose sections begin at `bases` (by index), so that its line table tells of
        those addresses. Relocations of other parts than the line table are left out: they are
        many, and not asked for."""
        data = bytearray(self.data)
        head = struct.unpack_from("<Q" if self.is_64 else "<I", data, 40 if self.is_64 else 32)[0]
        row_size = struct.unpack_from("<H", data, 58 if self.is_64 else 46)[0]
        for section in self.sections:
            if section.kind in (_RELA, _REL):
                if self.sections[section.info].name != ".debug_line":
                    struct.pack_into("<I", data, head + section.index * row_size + 4, 0)
            elif section.kind == _SYMTAB:
                step, where, form = (24, 8, "<Q") if self.is_64 else (16, 4, "<I")
                for at in range(section.offset, section.offset + section.size, step):
                    (index,) = struct.unpack_from("<H", data, at + (6 if self.is_64 else 14))
                    if index in bases:
                        (value,) = struct.unpack_from(form, data, at + where)
                        struct.pack_into(form, data, at + where, value + bases[index])
        return bytes(data)
