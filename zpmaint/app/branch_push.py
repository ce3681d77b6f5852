# SPDX-License-Identifier: GPL-2.0-only
"""A written branch sent to a remote, where that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zpmaint.app.branch_out import Written
from zpmaint.app.person import person
from zpmaint.app.session import Session
from zpmaint.sources.git_branches import Branches
from zpmaint.sources.git_push import Sent
from zpmaint.sources.git_push import push as send


@dataclass(frozen=True)
class Pushed:
    """A branch at a remote."""

    remote: str
    sent: Sent

    def __str__(self) -> str:
        return f"{self.sent} to {self.remote}"

    def as_json(self) -> dict[str, Any]:
        return {"remote": self.remote, "sent": str(self.sent)}


def push(session: Session, place: Path, written: Written, remote: str) -> Pushed:
    """Send the branch as it stands. Raises as `git_push.push` does."""
    who = person(session, "the reflog names who pushed")
    with (
        session.reporter.step(f"push {written.branch} to {remote}"),
        Branches(place, session.places.cache, session.reporter) as git,
    ):
        return Pushed(remote, send(git, remote, written.branch, written.tip, who))
