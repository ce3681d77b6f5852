# SPDX-License-Identifier: GPL-2.0-only
"""What pages and mailers do to a patch, and a strict way to apply one: shared by the tests."""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Callable

Damage = Callable[[str], str]


def _body(text: str, change: Callable[[str], str]) -> str:
    """`change` on every line below a hunk header, up to the next file."""
    out, inside = [], False
    for line in text.split("\n"):
        if line.startswith("--- a/"):
            inside = False
        out.append(change(line) if inside and not line.startswith("@@") else line)
        inside = inside or line.startswith("@@")
    return "\n".join(out)


def leading_eaten(text: str) -> str:
    """A page: runs of blanks collapse, blanks at the start of a line go. +\\tx becomes + x."""
    return "\n".join(re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n"))


def tabs_spread(text: str) -> str:
    """A terminal: tabs as blanks to the next eighth column, the mark counted."""
    return _body(text, lambda line: line.expandtabs(8))


def tabs_to_four(text: str) -> str:
    """An editor: every tab becomes four blanks."""
    return _body(text, lambda line: line.replace("\t", "    "))


def trailing_lost(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n"))


def wrapped(text: str, width: int = 60) -> str:
    """A mailer: lines longer than `width` break at the last blank before it."""

    def change(line: str) -> str:
        out = []
        while len(line) > width:
            cut = line.rfind(" ", 30, width)
            if not line[1 : max(cut, 1)].strip():
                break
            out.append(line[:cut])
            line = line[cut + 1 :]
        return "\n".join([*out, line])

    return _body(text, change)


def escaped(text: str) -> str:
    return html.escape(text)


def nbsp(text: str) -> str:
    """A page that keeps its blanks by making them no-break blanks."""
    return html.escape(tabs_spread(text)).replace("  ", "&nbsp; ")


def quoted(text: str) -> str:
    """A reply."""
    return "On that day, someone wrote:\n" + "\n".join(f"> {line}" for line in text.split("\n"))


def quoted_bare(text: str) -> str:
    """A reply whose marks on empty lines lost their blank."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def printable(text: str) -> str:
    data = quopri.encodestring(text.encode("utf-8", "surrogateescape"))
    return "Content-Transfer-Encoding: quoted-printable\n\n" + data.decode("ascii")


def surrounded(text: str) -> str:
    return (
        "From: someone\nSubject: [PATCH] a change\n\nThis -- or that -- is why.\n- a list\n"
        f"---\n mm/toy.c | 2 +-\n\n{text.rstrip(chr(10))}\n-- \nsomeone\n\nNo comments:\n"
    )


def blank_context_lost(text: str) -> str:
    """A page that drops empty lines."""
    return "\n".join(line for line in text.split("\n") if line.strip()) + "\n"


def double_spaced(text: str) -> str:
    return text.replace("\n", "\n\n")


BLANKS: dict[str, Damage] = {
    "leading_eaten": leading_eaten,
    "tabs_spread": tabs_spread,
    "tabs_to_four": tabs_to_four,
    "trailing_lost": trailing_lost,
}
WHOLE: dict[str, Damage] = {
    "escaped": escaped,
    "quoted": quoted,
    "quoted_bare": quoted_bare,
    "crlf": crlf,
    "printable": printable,
    "surrounded": surrounded,
}


def applied(blob: str, patch: str) -> str:
    """`blob` with the one-file `patch` applied: every line where the header says, or
    AssertionError. Its own few lines, so that no engine under test vouches for itself."""
    old = blob.split("\n")
    out: list[str] = []
    at = 0
    lines = patch.split("\n")
    index = 0
    while index < len(lines):
        found = re.match(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", lines[index])
        index += 1
        if not found:
            continue
        start, old_left, new_left = int(found[1]), int(found[2] or 1), int(found[4] or 1)
        start -= 1 if old_left else 0
        out += old[at:start]
        at = start
        assert len(out) + 1 == int(found[3]) + (0 if new_left else 1), "wrong line in the new file"
        while old_left or new_left:
            mark, text = lines[index][:1], lines[index][1:]
            index += 1
            if mark in " -":
                assert old[at] == text, f"line {at + 1}: {old[at]!r} is not {text!r}"
                at += 1
                old_left -= 1
            if mark in " +":
                out.append(text)
                new_left -= 1
    return "\n".join(out + old[at:])
