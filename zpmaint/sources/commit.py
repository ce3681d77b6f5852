# SPDX-License-Identifier: GPL-2.0-only
"""A commit of a kernel's git history, as far as telling where a change came from needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Commit:
    """One commit."""

    sha: str
    """Its whole name, 40 hex digits."""
    parents: tuple[str, ...]
    date: str
    """The day its author wrote it, YYYY-MM-DD."""
    subject: str
    author: str

    @property
    def short(self) -> str:
        """The twelve digits by which the kernel's people cite a commit."""
        return self.sha[:12]

    def as_json(self) -> dict[str, Any]:
        return {
            "commit": self.sha,
            "date": self.date,
            "author": self.author,
            "subject": self.subject,
        }
