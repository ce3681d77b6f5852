# SPDX-License-Identifier: GPL-2.0-only
"""A written patch: a mail whose message says what it is for, where it came from, and how each hunk
was placed.

`git am` makes a commit of it; patch and git apply skip the message: no line of it can be taken for
the start of a diff, whatever the values hold.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from zpmaint.core.versions import KernelVersion
from zpmaint.diffs import mail_form
from zpmaint.diffs.message import Message, parted, read_message, rfc_date
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.values import FilePort, State

_BRACKETS = re.compile(r"(?:\[[^]]*\]\s*)+")
_END = "\n---\n"
"""Between message and diff; no line of the message is that."""


def write(
    patchset: PatchSet,
    anchor: Anchor,
    version: KernelVersion,
    diff: str,
    *,
    state: State,
    files: Sequence[FilePort],
    why: str,
) -> str:
    """The patch: the anchor's own message, or the set's intent where it has none, what the port
    has to say as trailers, and the diff as it is."""
    said = _said(anchor.patch, anchor.name)
    title = _BRACKETS.sub("", said.subject, count=1) or patchset.title
    hunks = [hunk for file in files for hunk in file.hunks]
    trailers = [
        ("Intent", patchset.intent),
        ("Author", patchset.author),
        ("Origin", patchset.origin),
        ("Patch-set", patchset.name),
        ("Anchor", f"{anchor.name} (cut against {anchor.base})"),
        ("Target", str(version)),
        ("State", f"{state} ({why})"),
        ("Confidence", f"{min((hunk.confidence for hunk in hunks), default=1.0):.2f}, the least"),
    ]
    for file in files:
        for hunk in file.hunks:
            offset = f", offset {hunk.offset:+d}" if hunk.offset is not None else ""
            placed = (
                f"{file.path} {hunk.header} in {hunk.scope or 'the file'}: {hunk.placed}"
                f"{offset}, confidence {hunk.confidence:.2f}: {hunk.why}"
            )
            trailers.append(("Hunk", placed))
    message = replace(
        said,
        subject=f"[PATCH {version}] {title}",
        author=patchset.author,
        date=said.date or rfc_date(patchset.date),
        text=said.text or patchset.intent,
        message_id="",
    )
    return mail_form.mail(message, diff, owner=patchset.name, trailers=trailers)


@functools.lru_cache(maxsize=64)
def _said(patch: str, name: str) -> Message:
    """What an anchor says of itself; read once for all the kernels that it is carried onto."""
    return read_message(parted(patch, name)[0])


def with_entry(patch: str, key: str, value: str) -> str:
    """A patch that `write` has written, with one more trailer."""
    head, end, diff = patch.partition(_END)
    return f"{head}\n{_entry(key, value)}{end}{diff}" if end else patch


def of_anchor(
    patchset: PatchSet, version: KernelVersion, entries: Sequence[tuple[str, str]]
) -> str:
    """The head of an anchor that a person made from another one, ending in an empty line."""
    lines = [
        _entry("Subject", f"[PATCH {version.tag}] {patchset.title}"),
        "",
        _entry("Intent", patchset.intent),
        "",
        *(_entry(key, value) for key, value in entries),
        _entry("Base", f"linux {version}"),
    ]
    return "\n".join(lines) + "\n\n"


def _entry(key: str, value: str) -> str:
    """One line, whatever the value holds: a line feed in it could start a diff."""
    return f"{key}: {' '.join(value.split())}"
