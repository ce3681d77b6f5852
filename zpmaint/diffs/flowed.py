# SPDX-License-Identifier: GPL-2.0-only
"""A mail's body in format=flowed (RFC 3676), undone with care for diffs. Pure.

By the letter every line that ends in a blank goes on in the next. A diff has such lines of its
own (an empty line of context is one blank), and mailers stuff them without a thought; so lines
are joined only where the mailer can have broken one.
"""

from __future__ import annotations

_WIDTH = 60  # characters; no mailer breaks a line into parts that would fit one of this length


def unflowed(body: str, delsp: bool) -> tuple[str, int]:
    """The body as it was written, and how many lines were joined. `delsp`: the blank at a break
    was put there by the mailer."""
    raw = body.split("\n")
    out: list[str] = []
    joined = 0
    at = 0
    while at < len(raw):
        text = _unstuffed(raw[at])
        while at + 1 < len(raw) and _is_broken(text, raw[at + 1]):
            text = (text[:-1] if delsp else text) + _unstuffed(raw[at + 1])
            joined += 1
            at += 1
        out.append(text)
        at += 1
    return "\n".join(out), joined


def _unstuffed(line: str) -> str:
    return line[1:] if line.startswith(" ") else line


def _is_broken(text: str, after: str) -> bool:
    """Whether the mailer broke a line here."""
    if not text.endswith(" ") or not text.strip() or text == "-- ":
        return False
    if not after.strip() or after[0] in " >":
        return False  # a line that begins so is stuffed or quoted: it is one of its own
    first = after.split(maxsplit=1)[0]
    return len(text) + len(first) >= _WIDTH
