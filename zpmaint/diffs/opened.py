# SPDX-License-Identifier: GPL-2.0-only
"""From a file's bytes to the patches in it: every layer that may lie around them taken off."""

from __future__ import annotations

from dataclasses import replace

from zpmaint.core.errors import UserError
from zpmaint.diffs import mail, textlayers
from zpmaint.diffs.mail import Letter
from zpmaint.diffs.member import Member
from zpmaint.diffs.packed import unpacked
from zpmaint.diffs.strip import as_p1, strip_level


def mails_in(data: bytes, name: str) -> list[list[Letter]]:
    """The mails of a file, each with the patches in it; one mail where the file is none. What
    cannot be unpacked or decoded is a letter with a fault."""
    try:
        data, kind = unpacked(data, name)
    except UserError as error:
        return [[Letter(b"", fault=error.what.removeprefix(f"{name}: "))]]
    said = [f"unpacked ({kind})"] if kind else []
    data, more = textlayers.decoded(data)
    said += more
    data, more = textlayers.cleared(data)
    said += more
    if not mail.is_mail(data):
        return [[Letter(data, tuple(said))]]
    boxes = mail.split(data) or [data]
    found = []
    for number, message in enumerate(boxes, 1):
        where = name if len(boxes) == 1 else f"{name}: mail {number}"
        letters = []
        for letter in mail.letters(message, where):
            text, also = textlayers.cleared(letter.data)
            letters.append(replace(letter, data=text, said=(*said, *letter.said, *also)))
        found.append(letters)
        said = []
    return found


def whole(data: bytes, name: str, strip: int | None = None) -> Member:
    """One file as one patch, whatever number of mails is in it; `strip` is what -p says, None
    where nobody said it."""
    letters = [letter for letters in mails_in(data, name) for letter in letters]
    faults = [letter.fault for letter in letters if letter.fault]
    said = tuple(dict.fromkeys(what for letter in letters for what in letter.said))
    text = b"".join(letter.data for letter in letters)
    return member(name, text, strip, said, faults[0] if faults else "")


def member(
    name: str, data: bytes, strip: int | None, said: tuple[str, ...] = (), fault: str = ""
) -> Member:
    """A patch, its names made those of -p1 where nothing else was asked for."""
    if strip is not None or fault:
        return Member(name, data, 1 if strip is None else strip, said, fault)
    level = strip_level(data)
    if level != 1:
        try:
            fresh = as_p1(data, name, level)
        except UserError:
            return Member(name, data, level, said)
        # The lines stay as they are: what the reader says of them it says again.
        return Member(name, fresh, 1, (*said, f"made for -p{level}: its names are a/ and b/ now"))
    return Member(name, data, 1, said)
