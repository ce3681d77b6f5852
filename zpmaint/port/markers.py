# SPDX-License-Identifier: GPL-2.0-only
"""What a patch says of where it came from, in its name and its message. Pure.

People mark backports: `-v6.13-` in the name, `UPSTREAM:` before the subject, a line with the
commit. That is something to look for, and never proof: a marked patch may be another one by now.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import Member

_IN_NAME = re.compile(r"(?:^|[-_/.])v((?:[3-9]|\d\d)\.\d+)(?=[-_.])")
_MAIL = re.compile(r"^From ([0-9a-f]{40}) Mon Sep 17 00:00:00 2001$", re.M)
_CITED = (
    re.compile(r"\(cherry picked from commit ([0-9a-f]{12,40})\)"),
    re.compile(r"^\s*\[?\s*[Uu]pstream commit ([0-9a-f]{12,40})\b", re.M),
    re.compile(r"^\s*commit ([0-9a-f]{12,40}) upstream\b", re.M),
    re.compile(r"^Origin: (?:upstream|backport)\b.*?\b([0-9a-f]{40})\b", re.M),
)
_TAG = re.compile(r"^Subject:\s*(?:\[[^\]]*\]\s*)*(UPSTREAM|BACKPORT|FROMGIT|FROMLIST):", re.M)
_SUBJECT = re.compile(r"^Subject:[ \t]*(.*(?:\n[ \t].*)*)", re.M)
_BEFORE = re.compile(r"^(?:\[[^\]]*\]\s*|(?:UPSTREAM|BACKPORT|FROMGIT|FROMLIST):\s*)+")


@dataclass(frozen=True)
class Marks:
    """What a patch says of itself."""

    version: KernelVersion | None = None
    """The mainline kernel that is to have it: v6.13 in its name."""
    commits: tuple[str, ...] = ()
    """Commits that it cites as its own, shortened or not."""
    tag: str = ""
    """UPSTREAM, BACKPORT, FROMGIT or FROMLIST before its subject."""
    subject: str = ""
    """Its subject, without what stands before it; '' where it has none."""

    @property
    def is_backport(self) -> bool:
        """Whether it says that upstream has it, somewhere."""
        return self.version is not None or self.tag in ("UPSTREAM", "BACKPORT")

    def is_in(self, version: KernelVersion) -> bool:
        """Whether by its own words that kernel has it."""
        if self.version is None:
            return self.tag in ("UPSTREAM", "BACKPORT")
        return self.version <= version


def marks(member: Member) -> Marks:
    """Read a patch's name and message; an unreadable one says nothing."""
    if member.unreadable:
        return Marks()
    head = next(iter(member.patch.pieces), "")
    text = head if isinstance(head, str) else ""
    found = _IN_NAME.search(member.name.rpartition("/")[2])
    version = KernelVersion.parse(found[1]) if found else None
    mail = _MAIL.match(text)
    commits = [mail[1]] if mail and set(mail[1]) != {"0"} else []
    commits += [sha for pattern in _CITED for sha in pattern.findall(text)]
    tag = _TAG.search(text)
    subject = _SUBJECT.search(text)
    words = " ".join(subject[1].split()) if subject else ""
    return Marks(
        version,
        tuple(dict.fromkeys(commits)),
        tag[1] if tag else "",
        _BEFORE.sub("", words),
    )
