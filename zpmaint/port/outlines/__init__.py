# SPDX-License-Identifier: GPL-2.0-only
"""The scopes of sources that are no C: one small reader for each way of writing.

A reader takes a file's lines and gives its named pieces (kind, name, first line, line after the
last), in order, none within another, and where that way of writing has them the conditions that
each line stands under. None of them needs to understand all of its language: a piece that it does
not see is file level, and there lines are followed by their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from zpmaint.port.outlines import (
    assembler,
    conditionals,
    devicetree,
    entries,
    kconfig,
    makefile,
    prose,
    script,
)
from zpmaint.port.outlines.found import Found


@dataclass(frozen=True)
class Outline:
    """How one way of writing shows its scopes and conditions."""

    scopes: Callable[[list[str]], list[Found]]
    conditions: Callable[[list[str]], list[tuple[str, ...]]]


def _none(lines: list[str]) -> list[Found]:
    return []


OUTLINES = {
    "kconfig": Outline(kconfig.scopes, kconfig.conditions),
    "make": Outline(makefile.scopes, makefile.conditions),
    "prose": Outline(prose.scopes, conditionals.none),
    "assembler": Outline(assembler.scopes, conditionals.preprocessor),
    "devicetree": Outline(devicetree.scopes, conditionals.preprocessor),
    "script": Outline(script.scopes, conditionals.none),
    "entries": Outline(entries.scopes, conditionals.none),
    "preprocessed": Outline(_none, conditionals.preprocessor),
    "text": Outline(_none, conditionals.none),
}
"""By language. C is not among them: tree-sitter reads it."""

_BY_SUFFIX = {
    ".c": "c",
    ".h": "c",
    ".cc": "c",
    ".cpp": "c",
    ".S": "assembler",
    ".s": "assembler",
    ".dts": "devicetree",
    ".dtsi": "devicetree",
    ".dtso": "devicetree",
    ".rst": "prose",
    ".txt": "prose",
    ".py": "script",
    ".sh": "script",
    ".pl": "script",
    ".pm": "script",
    ".awk": "script",
    ".mk": "make",
    ".lds": "preprocessed",
}


def language(path: str) -> str:
    """How the file of a path is written, by its name alone."""
    name = PurePosixPath(path).name
    if name.startswith("Kconfig"):
        return "kconfig"
    if name.startswith(("Makefile", "Kbuild")) or name in ("Platform", "Build"):
        return "make"
    if name in ("MAINTAINERS", "CREDITS"):
        return "entries"
    if name.endswith(".lds.S"):
        return "preprocessed"
    suffix = PurePosixPath(name).suffix
    if not suffix and "scripts" in PurePosixPath(path).parts and not name.startswith("."):
        return "script"
    return _BY_SUFFIX.get(suffix, "text")
