# SPDX-License-Identifier: GPL-2.0-only
"""Mail addresses that an archive hid: in lines of the base they are known, in others guessed at."""

from __future__ import annotations

import re

ANY = "\x01"
"""Stands for text that the archive took away."""

_LOCAL = r"[\w.+-]+"
_TOLD = (
    # "ann at example.org", as pipermail has it, and "ann () example ! org" of marc.info
    re.compile(
        rf"(?P<local>{_LOCAL}) (?:at|AT|\(at\)|\[at\]) (?P<host>[\w-]+(?:(?:\.| dot | \. )[\w-]+)+)"
    ),
    re.compile(rf"(?P<local>{_LOCAL}) \(\) (?P<host>[\w-]+(?: ! [\w-]+)+)"),
)
_LOST = re.compile(
    rf"\[email[\s\u00a0]+protected\]|(?P<local>{_LOCAL})@(?:x{{3,}}(?:\.\w+)*|\w*\.\.\.|\[?(?:hidden|redacted)\]?)"
)


def hides(text: str) -> bool:
    """Whether a line holds an address that is hidden."""
    return (
        "email" in text or "@" in text or " at " in text or " () " in text or "(at)" in text
    ) and (bool(_LOST.search(text)) or any(shape.search(text) for shape in _TOLD))


def shown(text: str) -> str:
    """The line with its addresses as they were where that can be told, with ANY where it cannot."""
    for shape in _TOLD:
        text = shape.sub(lambda m: f"{m['local']}@{_host(m['host'])}", text)
    return _LOST.sub(lambda m: f"{m['local']}@{ANY}" if m["local"] else ANY, text)


def _host(text: str) -> str:
    return re.sub(r" (?:dot|!|\.) ", ".", text)


def agrees(posted: str, wanted: str) -> bool:
    """Whether a line without its blanks is `posted`, as `shown` made it, but for what was lost."""
    if ANY not in posted:
        return posted == wanted
    parts = [re.escape(part) for part in posted.split(ANY)]
    return bool(re.fullmatch(r"[^<>()\[\]\s]{3,120}".join(parts), wanted))


def restored(text: str, known: str) -> str | None:
    """The line with its addresses as they stand elsewhere in `known`, the base's file; None where
    one stands nowhere there, or in two ways."""
    fresh = text
    for shape in _TOLD:
        for found in shape.finditer(text):
            address = f"{found['local']}@{_host(found['host'])}"
            if address not in known:
                return None
            fresh = fresh.replace(found[0], address)
    for found in _LOST.finditer(text):
        if not found["local"]:
            return None
        there = set(re.findall(rf"(?<![\w.+-]){re.escape(found['local'])}@[\w.-]+\w", known))
        if len(there) != 1:
            return None
        fresh = fresh.replace(found[0], there.pop())
    return fresh
