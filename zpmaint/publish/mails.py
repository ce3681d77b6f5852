# SPDX-License-Identifier: GPL-2.0-only
"""The patch of a record as files that `git am`, `patch -p1 -F0` and quilt take. Pure.

The same record gives the same bytes for ever: they are known by their digest. So nothing is asked
of the patch set as it is today, and what `zpmaint port` wrote as a mail stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import PurePosixPath

from zpmaint.core.text import safe_name, to_bytes
from zpmaint.diffs import mail_form
from zpmaint.diffs.message import Message, parted, read_message
from zpmaint.ledger.stages import PortRecord

_BRACKETS = re.compile(r"\s*(?:\[[^]]*\]\s*)+")
_SAID = re.compile(r"(?:Patch-set|Anchor|Target|State|Hunk): .*\n?")
"""Lines that older records have in the words of a patch; they come back as trailers."""
_INTENT = re.compile(r"^Intent: ", re.MULTILINE)
"""What an older record has in place of a message."""


@dataclass(frozen=True)
class Mail:
    """One patch."""

    name: str
    """As a file of a quilt series: no folders, ends in .patch, begins with its number if it is one
    of several."""
    data: bytes


def mails_of(port: PortRecord) -> tuple[Mail, ...]:
    """The patches of a port, in order; none where it has nothing to apply."""
    if not port.patch:
        return ()
    if not port.members and port.patch.startswith(mail_form.FIRST_LINE):
        return (Mail(_file_name(port.patchset, 0, 1), to_bytes(port.patch)),)
    parts = _parts(port)
    return tuple(
        Mail(_file_name(name, n, len(parts)), to_bytes(_mail(port, name, text, (n, len(parts)))))
        for n, (name, text) in enumerate(parts, 1)
    )


def bundle(mails: Sequence[Mail]) -> bytes:
    """All of them as one mailbox, which `patch` takes as well; b'' of none."""
    return b"".join(mail.data if mail.data.endswith(b"\n") else mail.data + b"\n" for mail in mails)


def _parts(port: PortRecord) -> list[tuple[str, str]]:
    """Name and text of each patch that goes in. Of a series whose record does not tell its patches
    apart all of them are one."""
    whole = port.patch or ""
    sizes = [member.size for member in port.members]
    known = [size for size in sizes if size is not None]
    if not known or len(known) < len(sizes) or sum(known) != len(whole):
        return [(port.patchset, whole)]
    cuts = pairwise(accumulate([0, *known]))
    parts = [(m.name, whole[a:b]) for m, (a, b) in zip(port.members, cuts, strict=True)]
    return [(name, text) for name, text in parts if text]


def _mail(port: PortRecord, name: str, text: str, place: tuple[int, int]) -> str:
    head, diff = parted(text, name)
    said = read_message(head)
    number, count = place
    title = _BRACKETS.sub("", said.subject, count=1)
    if not title:
        title, said = _titled(said, name)
    of = f" {number:0{len(str(count))}}/{count}" if count > 1 else ""
    message = replace(
        said,
        subject=f"[PATCH {port.version}{of}] {title}",
        text=_INTENT.sub("", _without(said.text), count=1),
    )
    return mail_form.mail(message, diff, owner=port.patchset, trailers=_trailers(port, name))


def _without(text: str) -> str:
    return "".join(line for line in text.splitlines(True) if not _SAID.fullmatch(line))


def _titled(said: Message, name: str) -> tuple[str, Message]:
    """A title for a patch that has none: the first line of its words, else its file's name."""
    first, _, rest = said.text.partition("\n")
    title = first.removeprefix("Description: ").strip()
    if title and len(title) <= 120 and not rest.startswith((" ", "\t")):
        return title, replace(said, text=rest.strip("\n"))
    return PurePosixPath(name).name.removesuffix(".patch"), said


def _trailers(port: PortRecord, name: str) -> list[tuple[str, str]]:
    member = next((one for one in port.members if one.name == name), None)
    state, why = (member.fate, member.why) if member else (port.state, port.why)
    sure = member.confidence if member else port.confidence
    trailers = [
        ("Patch-set", port.patchset),
        *([("Patch", name)] if member else []),
        ("Anchor", port.anchor),
        ("Target", port.version),
        ("State", f"{state} ({why})" if why else state),
        ("Confidence", f"{sure:.2f}, the least"),
    ]
    for file in port.files:
        if file.patch == (name if member else file.patch):
            for hunk in file.hunks:
                offset = f", offset {hunk.offset:+d}" if hunk.offset is not None else ""
                placed = f"{hunk.placed}{offset}, confidence {hunk.confidence:.2f}: {hunk.why}"
                where = f"{file.path} {hunk.header} in {hunk.scope or 'the file'}"
                trailers.append(("Hunk", f"{where}: {placed}"))
    return trailers


def _file_name(name: str, number: int, count: int) -> str:
    """Safe whatever a series calls its patches, and in order where there are several."""
    stem = safe_name(PurePosixPath(name).name[:80], "patch")
    stem = stem.removesuffix(".patch")
    return f"{number:04}-{stem}.patch" if count > 1 else f"{stem}.patch"
