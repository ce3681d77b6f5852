# SPDX-License-Identifier: GPL-2.0-only
"""What leads to an instruction without a jump, read off objdump's disassembly. Pure.

An emulator translates and reports code in blocks, and a block that holds an instruction may begin
before it: at most behind the last jump, call or return, for those end a block.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping

_SECTION = re.compile(r"^Disassembly of section (\S+):$")
_LABEL = re.compile(r"^([0-9a-f]+) <")
_CODE = re.compile(r"^ *([0-9a-f]+):\t(.*)$")


def straights(text: str, jump: re.Pattern[str]) -> dict[str, list[int]]:
    """By section the offsets, in order, at which straight code begins: functions, and what stands
    behind a jump, a call or a return. `text` is what `objdump -d --no-show-raw-insn` prints, `jump`
    finds what ends a block (machines.py)."""
    found: dict[str, list[int]] = defaultdict(list)
    section, begins = "", True
    for line in text.splitlines():
        if head := _SECTION.match(line):
            section, begins = head[1], True
        elif _LABEL.match(line):
            begins = True
        elif code := _CODE.match(line):
            if begins:
                found[section].append(int(code[1], 16))
            begins = bool(jump.match(code[2]))
    return dict(found)


def first_before(starts: list[int], address: int) -> int:
    """Where the straight code that holds an instruction begins; the instruction itself where
    nothing tells."""
    index = bisect_right(starts, address)
    return starts[index - 1] if index else address


def shifted(found: Mapping[str, Iterable[int]], bases: Iterable[tuple[str, int]]) -> list[int]:
    """Offsets in sections as addresses in order; `bases` are the sections' names and addresses."""
    return sorted(base + offset for name, base in bases for offset in found.get(name, ()))
