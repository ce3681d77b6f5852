# SPDX-License-Identifier: GPL-2.0-only
"""What kconfig made of a profile: refused symbols must not pass unnoticed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core import arches
from zpmaint.core.wishes import Wish

_SYMBOL = re.compile(rb"^[ \t]*(?:menu)?config[ \t]+(\w+)[ \t]*$", re.MULTILINE)
_SET = re.compile(r"CONFIG_(\w+)=(.*)")


@dataclass(frozen=True)
class Refusal:
    """A wish that the tree's kconfig knows and did not grant."""

    wish: Wish
    got: str

    def __str__(self) -> str:
        return f"CONFIG_{self.wish.symbol}={self.wish.value} became {self.got}"


def fragment(wishes: Iterable[Wish]) -> str:
    """What KCONFIG_ALLCONFIG reads."""
    return "".join(f"CONFIG_{wish.symbol}={wish.value}\n" for wish in wishes)


def refusals(wishes: Iterable[Wish], known: frozenset[str], config: str) -> list[Refusal]:
    """The wishes that `config`, the text of a .config, does not fulfil.

    `known` are the symbols that the tree has; a wish for another one is for another kernel.
    """
    got = {row[1]: row[2] for line in config.splitlines() if (row := _SET.fullmatch(line))}
    return [
        Refusal(wish, got.get(wish.symbol, "n"))
        for wish in wishes
        if wish.symbol in known and not _same(wish.value, got.get(wish.symbol, "n"))
    ]


def _same(wanted: str, got: str) -> bool:
    if wanted.startswith("0x") and got.startswith("0x"):
        return int(wanted, 16) == int(got, 16)
    return wanted == got


def symbols(src: Path, arch: str) -> frozenset[str]:
    """Every symbol that a Kconfig file of the tree declares for `arch`."""
    ours = {*arches.named(arch).folders, "Kconfig"}
    found: set[str] = set()
    for folder, folders, names in os.walk(src):
        if Path(folder) == src / "arch":
            folders[:] = [name for name in folders if name in ours]
        if folder == str(src):
            folders[:] = [name for name in folders if name not in ("Documentation", "tools")]
        for name in names:
            if name.startswith("Kconfig"):
                text = Path(folder, name).read_bytes()
                found.update(word.decode() for word in _SYMBOL.findall(text))
    return frozenset(found)
