# SPDX-License-Identifier: GPL-2.0-only
"""What the subject of a posting says: [PATCH v3 2/7], and whether it is a reply. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REPLY = re.compile(r"\s*(?:(?:re|aw|sv|antw|vs|odp)\s*(?:\[\d+\])?\s*:\s*)", re.I)
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr)\s*:\s*", re.I)
_TAG = re.compile(r"\s*\[([^\]]*)\]")
_VERSION = re.compile(r"(?:\b|patch)v(\d{1,3})(?:\.(\d{1,3}))?\b", re.I)
_NUMBER = re.compile(r"\b(\d{1,4})\s*/\s*(\d{1,4})\b")
_PATCH = re.compile(r"patch|rfc|rft|resend", re.I)


@dataclass(frozen=True)
class Subject:
    """A subject taken apart."""

    title: str
    """What is left without the words before it."""
    is_reply: bool
    is_patch: bool
    version: tuple[int, int]
    """(2, 0) of v2; (1, 0) where none is named."""
    number: int | None
    """2 of 2/7; 0 is the cover letter's. None where patches are not numbered."""
    total: int
    """7 of 2/7; 0 where patches are not numbered."""


def read_subject(text: str) -> Subject:
    """What a subject says."""
    at = 0
    is_reply = False
    while found := _REPLY.match(text, at) or _FORWARD.match(text, at):
        is_reply = is_reply or found.re is _REPLY
        at = found.end()
    tags = []
    while found := _TAG.match(text, at):
        tags.append(found[1])
        at = found.end()
    rest = text[at:]
    words = " ".join(tags)
    version = _VERSION.search(words)
    number = _NUMBER.search(words)
    return Subject(
        title=" ".join(rest.split()),
        is_reply=is_reply,
        is_patch=bool(_PATCH.search(words)),
        version=(int(version[1]), int(version[2] or 0)) if version else (1, 0),
        number=int(number[1]) if number else None,
        total=int(number[2]) if number else 0,
    )
