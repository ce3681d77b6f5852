# SPDX-License-Identifier: GPL-2.0-only
"""What is out there, remembered between runs: a file of the project beside the ledger, so that
pages are made without a network, and a service that no longer looks is noticed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from zpmaint.app.session import Session
from zpmaint.core.errors import InfraError
from zpmaint.core.files import locked
from zpmaint.core.releases import UNSEEN, Outlook
from zpmaint.core.remembered import recall, remember
from zpmaint.ledger import codec


def outlook_of(session: Session) -> Outlook:
    """What was seen last; UNSEEN where nobody looked yet."""
    found = recall(_path(session), session.reporter)
    if found is None:
        return UNSEEN
    try:
        return codec.from_json(Outlook, found, "outlook")
    except ValueError as error:
        with session.reporter.step("read what was seen of new kernels") as step:
            step.note(f"{_path(session)}: passed over: {error}")
        return UNSEEN


def look(session: Session, change: Callable[[Outlook], Outlook]) -> None:
    """Remember what was seen now. That it cannot be written stops nobody who only looks: a note
    says so."""
    path = _path(session)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path, session.reporter):
            remember(path, codec.to_json(change(outlook_of(session))))
    except (InfraError, OSError) as error:
        with session.reporter.step("remember what is out") as step:
            step.note(f"not remembered for the status page: {error}")


def _path(session: Session) -> Path:
    return session.places.state / "outlook" / f"{session.project}.json"
