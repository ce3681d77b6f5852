# SPDX-License-Identifier: GPL-2.0-only
"""What is out there, remembered between runs: a file of the project beside the ledger, so that
pages are made without a network, and a service that no longer looks is noticed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from zpmaint.core.errors import InfraError
from zpmaint.core.files import locked
from zpmaint.core.places import Places
from zpmaint.core.progress import Reporter
from zpmaint.core.releases import UNSEEN, Outlook
from zpmaint.core.remembered import recall, remember
from zpmaint.ledger import codec


class Whose(Protocol):
    """Whose outlook it is: a session's."""

    @property
    def places(self) -> Places: ...

    @property
    def project(self) -> str: ...

    @property
    def reporter(self) -> Reporter: ...


def outlook_of(session: Whose) -> Outlook:
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


def look(session: Whose, change: Callable[[Outlook], Outlook]) -> None:
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


def _path(session: Whose) -> Path:
    return session.places.state / "outlook" / f"{session.project}.json"
