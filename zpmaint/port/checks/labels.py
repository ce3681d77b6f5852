# SPDX-License-Identifier: GPL-2.0-only
"""Each goto has its label, and each label a goto."""

from __future__ import annotations

import re

_GOTO = re.compile(r"\bgoto\s+([A-Za-z_]\w*)\s*;")
_LABEL = re.compile(r"^\s*([A-Za-z_]\w*)\s*:(?!:)", re.MULTILINE)


def check(known: str, text: str) -> list[str]:
    """Of a scope's text before and after."""
    found = []
    if lost := _dangling(text) - _dangling(known):
        found.append(f"goto without its label: {', '.join(sorted(lost))}")
    if idle := _idle(text) - _idle(known):
        found.append(f"label without a goto: {', '.join(sorted(idle))}")
    return found


def _dangling(text: str) -> set[str]:
    return set(_GOTO.findall(text)) - set(_LABEL.findall(text))


def _idle(text: str) -> set[str]:
    return set(_LABEL.findall(text)) - set(_GOTO.findall(text)) - {"default"}
