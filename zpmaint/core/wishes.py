# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel is to be configured with: .config lines, each under its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from zpmaint.core.errors import UserError

_LINE = re.compile(r"CONFIG_(?P<symbol>\w+)=(?P<value>.+)")


@dataclass(frozen=True)
class Wish:
    """One line of a .config file of this project."""

    symbol: str
    value: str
    """y, n, m, a number or a quoted string, as kconfig writes it; n stands for "is not set"."""
    required: bool
    """Whether a kernel without it is of no use."""
    why: str


@dataclass(frozen=True)
class Fragment:
    """A .config file that goes on top of a build profile; all of it is required."""

    name: str
    wishes: tuple[Wish, ...]


def parse_wishes(text: str, where: str) -> tuple[Wish, ...]:
    """The lines of a .config file. Raises UserError, naming `where` and the line, at one without
    a reason above it."""
    wishes: list[Wish] = []
    reason = ""
    for number, line in enumerate(text.splitlines(), 1):
        said = line.strip()
        if said.startswith("#"):
            reason = said.removeprefix("#").strip()
        elif found := _LINE.fullmatch(said):
            if not reason:
                raise UserError(f"{where}:{number}: {said}: no reason given", "put one above it")
            required = reason.startswith("required:")
            why = reason.removeprefix("required:").strip()
            wishes.append(Wish(found["symbol"], found["value"], required, why))
            reason = ""
        elif said:
            raise UserError(f"{where}:{number}: {said!r}", "write CONFIG_NAME=value, n for no")
    return tuple(wishes)


def read_fragment(path: Path, name: str) -> Fragment:
    """A fragment from its file. Raises UserError where there is none, or one that says nothing."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read: {error.strerror}", "name a file that is there"
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: cannot be read: {error}", "write it in UTF-8") from None
    return fragment_of(text, name, str(path))


def fragment_of(text: str, name: str, where: str) -> Fragment:
    """A fragment from its text; `where` is for errors, as in `parse_wishes`."""
    wishes = parse_wishes(text, where)
    if not wishes:
        raise UserError(f"{where}: sets no symbol", "write CONFIG_NAME=y under a line # REASON")
    return Fragment(name, tuple(replace(wish, required=True) for wish in wishes))
