# SPDX-License-Identifier: GPL-2.0-only
"""The rules by which running kernels are named, as kernel_names.toml declares them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from zpmaint.core.errors import UserError
from zpmaint.core.toml import read_toml

PATH = Path(__file__).parent / "kernel_names.toml"


class Gives(StrEnum):
    """What a rule takes from a name; kernel_names.toml says of each what it means."""

    RELEASE = "release"
    RC = "rc"
    NEXT = "next"
    AFTER = "after"
    SNAPSHOT = "snapshot"
    SERIES = "series"
    NOTHING = "nothing"


class Tree(StrEnum):
    """How far a kernel's source is from kernel.org's release."""

    UPSTREAM = "upstream"
    PATCHED = "patched"
    VENDOR = "vendor"


@dataclass(frozen=True)
class Rule:
    """One way of naming kernels: the first that fits a name is taken."""

    who: str
    tail: re.Pattern[str]
    gives: Gives
    tree: Tree
    how: str
    better: str
    version: re.Pattern[str] | None
    point: str
    series: tuple[str, ...]
    reason: str
    reference: str


@dataclass(frozen=True)
class Said:
    """What `uname -v` or a signature says beside the name, by a pattern whose last group is the
    release and whose first the package."""

    who: str
    pattern: re.Pattern[str]
    tree: Tree
    how: str
    has_package: bool
    """The package's version is one that Debian's source serves."""
    reason: str
    reference: str


@dataclass(frozen=True)
class Rules:
    """Everything that kernel_names.toml declares."""

    newest: Mapping[str, int]
    """The newest second number of 3, 4 ...; the newest third one of 2.4, 2.6."""
    machines: Mapping[str, str]
    """The architecture of each word for a machine."""
    numeric_machine: re.Pattern[str]
    other: tuple[tuple[re.Pattern[str], str], ...]
    """Patterns of what is no Linux kernel, each with the sentence that says so."""
    packages: Mapping[str, re.Pattern[str]]
    said: tuple[Said, ...]
    rules: tuple[Rule, ...]


@functools.cache
def rules() -> Rules:
    """The declared rules. Raises UserError, naming the file, where a row is not one."""
    table = declared()
    try:
        return Rules(
            dict(table["series"]["newest"]),
            {word: arch for arch, words in table["machines"]["words"].items() for word in words},
            _compiled(table["machines"]["numeric"]),
            tuple((_compiled(row["pattern"]), row["how"]) for row in table["other"]),
            {name: _compiled(text) for name, text in table["packages"].items() if name != "reason"},
            tuple(_said(row) for row in table["said"]),
            tuple(_rule(row) for row in table["rule"]),
        )
    except (KeyError, ValueError, re.error) as error:
        raise UserError(f"{PATH}: not a table of kernels' names: {error}") from None


def declared() -> dict[str, Any]:
    """The file as it stands: what the status page's script reads, too."""
    return read_toml(PATH)


def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)


def _said(row: Mapping[str, Any]) -> Said:
    return Said(
        row["who"],
        _compiled(row["pattern"]),
        Tree(row["tree"]),
        row["how"],
        row.get("package", False),
        row["reason"],
        row["reference"],
    )


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        row["who"],
        _compiled(row["tail"]),
        Gives(row["gives"]),
        Tree(row["tree"]),
        row["how"],
        row.get("better", ""),
        _compiled(row["version"]) if "version" in row else None,
        row.get("point", "any"),
        tuple(row.get("series", ())),
        row["reason"],
        row["reference"],
    )
