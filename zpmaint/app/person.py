# SPDX-License-Identifier: GPL-2.0-only
"""Who works in a project: as git knows them there."""

from __future__ import annotations

import os

from zpmaint.app.session import Session
from zpmaint.core.errors import UserError
from zpmaint.core.tools import run

_KNOWN = (
    ("GIT_COMMITTER_NAME", "committer.name", "user.name"),
    ("GIT_COMMITTER_EMAIL", "committer.email", "user.email"),
)
"""What names a committer, in git's order."""
_NO_PART = str.maketrans("", "", "<>\n\r\0")


def person(session: Session, why: str) -> str:
    """Name and address as git has them of a committer in the project, "NAME <ADDRESS>": of the
    environment, else of its configuration. Raises UserError where it has none; `why` says what they
    are wanted for."""
    words = []
    for variable, *keys in _KNOWN:
        found = os.environ.get(variable, "").strip()
        for key in keys:
            if not found:
                done = run(["git", "config", "--get", key], cwd=session.places.project)
                found = done.stdout.decode("utf-8", "replace").strip()
        # As git does: what would end a name or a line in a commit is no part of one.
        words.append(found.translate(_NO_PART).strip())
    if not all(words):
        raise UserError(
            f"git does not know who you are, and {why}",
            'git config --global user.name "Your Name"; git config --global user.email you@host',
        )
    return f"{words[0]} <{words[1]}>"
