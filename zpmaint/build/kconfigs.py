# SPDX-License-Identifier: GPL-2.0-only
"""What a line of a Kconfig file belongs to: a symbol, a help text, or the frame. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENTRY = re.compile(r"\s*(?:menu)?config\s+(\w+)\s*$")
_SOURCE = re.compile(r"\s*(?:source|rsource|osource|orsource)\s+\"?([^\"\s]+)\"?")
_FRAME = re.compile(r"\s*(?:choice|endchoice|menu|endmenu|if|endif|comment|mainmenu)\b")
_HELP = re.compile(r"\s*(?:---)?help(?:---)?\s*$")


@dataclass(frozen=True)
class KconfigLine:
    """One line; all empty for a comment, a help text or an empty line."""

    symbol: str = ""
    source: str = ""
    """Another Kconfig file that is read here."""
    is_frame: bool = False
    """menu, choice, if and the like."""


TEXT = KconfigLine()


def lines(text: str) -> list[KconfigLine]:
    """Every line of a Kconfig file, in order."""
    found: list[KconfigLine] = []
    symbol = ""
    indent: int | None = None  # of the help text; -1 until its first line is seen
    for line in text.split("\n"):
        bare = line.strip()
        depth = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if indent is not None and bare:
            indent = depth if indent < 0 else indent
            if depth >= indent and depth:
                found.append(TEXT)
                continue
            indent = None
        if not bare or bare.startswith("#"):
            found.append(TEXT)
        elif entry := _ENTRY.match(line):
            symbol = entry[1]
            found.append(KconfigLine(symbol))
        elif named := _SOURCE.match(line):
            symbol = ""
            found.append(KconfigLine(source=named[1]))
        elif _FRAME.match(line):
            symbol = ""
            found.append(KconfigLine(is_frame=True))
        elif _HELP.match(line):
            indent = -1
            found.append(TEXT)
        else:
            found.append(KconfigLine(symbol, is_frame=not symbol))
    return found


def declared(text: str) -> tuple[str, ...]:
    """The symbols of a Kconfig file."""
    return tuple(dict.fromkeys(line.symbol for line in lines(text) if line.symbol))


def values(config: str) -> dict[str, str]:
    """The symbols of a .config that are set: to y, m, a number or a quoted string."""
    return dict(re.findall(r"^CONFIG_(\w+)=(.*)$", config, re.MULTILINE))
