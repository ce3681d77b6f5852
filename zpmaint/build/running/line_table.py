# SPDX-License-Identifier: GPL-2.0-only
"""The compiler's line table: the addresses that a source line begins at (DWARF 4 and 5)."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from zpmaint.build.running.elf import Elf


def lines_of(
    made: Elf, bases: dict[int, int], named: Callable[[str], str | None]
) -> dict[str, dict[int, frozenset[int]]]:
    """The lines of an object, whose sections are at `bases`, of those sources that `named` knows:
    it gives the path of a source for a name as the compiler was given it, None for another's.

    Where a statement begins is what counts (is_stmt): the compiler may have mixed its other
    instructions with those of lines that run without it. A line that begins nowhere is known by
    what there is of it."""
    from elftools.elf.elffile import ELFFile

    ends = {base: base + made.sections[index].size for index, base in bases.items()}
    begins: dict[tuple[str, int], set[int]] = defaultdict(set)
    others: dict[tuple[str, int], set[int]] = defaultdict(set)
    info = ELFFile(io.BytesIO(made.with_addresses(bases))).get_dwarf_info()
    for unit in info.iter_CUs():
        program = info.line_program_for_CU(unit)
        if program is None:
            continue
        paths = _paths(program, named)
        for entry in program.get_entries():
            state = entry.state
            if state is None or state.end_sequence or state.file not in paths:
                continue
            if any(base <= state.address < end for base, end in ends.items()):
                where = paths[state.file], state.line
                (begins if state.is_stmt else others)[where].add(state.address)
    found: dict[str, dict[int, frozenset[int]]] = defaultdict(dict)
    for where in {*begins, *others}:
        path, number = where
        found[path][number] = frozenset(begins.get(where) or others[where])
    return found


def _paths(program: Any, named: Callable[[str], str | None]) -> dict[int, str]:
    """By the number that the table knows it by: the path of each source that is asked for."""
    header = program.header
    first = 0 if header["version"] >= 5 else 1
    folders = [_text(one) for one in header["include_directory"]]
    found: dict[int, str] = {}
    for number, entry in enumerate(header["file_entry"], start=first):
        name, index = _text(entry.name), entry.dir_index - first
        folder = folders[index] if 0 <= index < len(folders) else ""
        path = named(name if name.startswith("/") or not folder else f"{folder}/{name}")
        if path is not None:
            found[number] = path
    return found


def _text(value: Any) -> str:
    raw = getattr(value, "DW_LNCT_path", value)
    return raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else str(raw)
