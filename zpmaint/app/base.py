# SPDX-License-Identifier: GPL-2.0-only
"""The kernel that a patch was cut against: from the sources asked for, else from the project's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from zpmaint.app.session import Session
from zpmaint.core.errors import InfraError, UserError
from zpmaint.patchset.values import Anchor
from zpmaint.port.parsed import touched_by
from zpmaint.sources.chain import Chain

Got = TypeVar("Got")


def of_base(session: Session, chain: Chain, ask: Callable[[Chain], Got]) -> Got:
    """What `ask` gives of a base. Raises UserError or InfraError where no source has it."""
    with suppress(UserError, InfraError):
        return ask(chain)
    # Opened only where those that were asked for do not have it.
    return ask(session.chain())


def base_blobs(session: Session, anchor: Anchor, chain: Chain) -> Mapping[str, bytes | None]:
    """The anchor's pre-image as the sources have it; empty where none serves its base."""
    wanted = touched_by(anchor)
    with suppress(UserError, InfraError):
        return of_base(session, chain, lambda source: source.blobs(anchor.base, wanted))
    return {}
