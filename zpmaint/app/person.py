# SPDX-License-Identifier: GPL-2.0-only
"""Who works in a project: as git knows them there."""

from __future__ import annotations

from zpmaint.app.session import Session
from zpmaint.core.errors import UserError
from zpmaint.core.tools import run


def person(session: Session, why: str) -> str:
    """Name and address as git's configuration has them in the project, "NAME <ADDRESS>". Raises
    UserError where it has none; `why` says what they are wanted for."""
    words = []
    for key in ("user.name", "user.email"):
        done = run(["git", "config", "--get", key], cwd=session.places.project)
        words.append(done.stdout.decode("utf-8", "replace").strip())
    if not all(words):
        raise UserError(
            f"git does not know who you are, and {why}",
            'git config --global user.name "Your Name"; git config --global user.email you@host',
        )
    return f"{words[0]} <{words[1]}>"
