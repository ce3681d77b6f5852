# SPDX-License-Identifier: GPL-2.0-only
"""Which patch of a kernel was offered when, since which verdict, and what ended that. Pure.

A patch is offered as long as the newest knowledge of its kernel is good. It is withheld by a later
verdict that is not, and superseded by another patch; its bytes stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from zpmaint.ledger.stages import PortRecord
from zpmaint.publish.addresses import LASTING
from zpmaint.publish.mails import bundle, mails_of
from zpmaint.timeline.values import Attempt

ReadPort = Callable[[Attempt], PortRecord | None]
"""The port of an attempt; None where it came to none."""


@dataclass(frozen=True)
class Span:
    """A time during which a patch was what was offered. Seconds since the epoch."""

    since: float
    until: float | None = None
    """None: it still is."""
    by: str = ""
    """The digest of the patch that took its place; '' where none did."""
    why: str = ""
    """Why it ended, in one line."""


@dataclass(frozen=True)
class Shipped:
    """A patch that a good verdict had, by its content."""

    sha256: str
    """Of the whole file."""
    key: str
    turn: float
    """The newest good attempt that had it, as the ledger finds it."""
    anchor: str
    spans: tuple[Span, ...]
    """Oldest first; never empty."""

    @property
    def address(self) -> str:
        return f"{LASTING}{self.sha256}.patch"

    @property
    def is_offered(self) -> bool:
        """Whether it is what is to be taken today."""
        return self.spans[-1].until is None

    @property
    def state(self) -> str:
        """offered, superseded (another patch took its place) or withheld (a verdict was bad)."""
        if self.is_offered:
            return "offered"
        return "superseded" if self.spans[-1].by else "withheld"

    def as_json(self) -> list[Any]:
        spans = [[s.since, s.until, s.by, s.why] for s in self.spans]
        return [self.sha256, self.key, self.turn, self.anchor, spans]

    @classmethod
    def kept(cls, told: Sequence[Any]) -> Shipped:
        """What `as_json` gave."""
        digest, key, turn, anchor, spans = told
        return cls(digest, key, turn, anchor, tuple(Span(*span) for span in spans))


def shipped_of(attempts: Sequence[Attempt], read: ReadPort) -> tuple[Shipped, ...]:
    """Every patch that a good verdict ever had, of the attempts of one kernel (newest first); that
    whose turn came last is the first."""
    spans: dict[str, list[Span]] = {}
    last: dict[str, tuple[Attempt, PortRecord]] = {}
    current = ""
    known: tuple[PortRecord, str] | None = (
        None  # the last one that was looked at: most are the same
    )

    def ends(at: Attempt, why: str, by: str = "") -> None:
        nonlocal current
        if current:
            since = spans[current].pop().since
            spans[current].append(Span(since, at.finished, by, why))
        current = ""

    for tried in reversed(attempts):
        if not tried.result.settles:
            continue  # says nothing about the kernel, nor about its patch
        if not tried.result.is_good:
            ends(tried, f"a later verdict is {tried.result}: {tried.why}")
            continue
        port = read(tried)
        if port is None or not port.patch:
            ends(tried, f"nothing is to be applied there: {port.why if port else tried.why}")
            continue
        if known is None or port is not known[0]:
            known = (port, sha256(bundle(mails_of(port))).hexdigest())
        digest = known[1]
        if digest != current:
            ends(tried, f"a later port is another, from anchor {port.anchor}", digest)
            # What was withheld is superseded as soon as another one is offered.
            for other, was in spans.items():
                if other != digest and was[-1].until is not None and not was[-1].by:
                    told = f"{was[-1].why}; then a port from anchor {port.anchor} was good"
                    was[-1] = Span(was[-1].since, was[-1].until, digest, told)
            spans.setdefault(digest, []).append(Span(tried.finished))
            current = digest
        last[digest] = (tried, port)
    made = [
        Shipped(digest, tried.key, tried.turn, port.anchor, tuple(spans[digest]))
        for digest, (tried, port) in last.items()
    ]
    return tuple(sorted(made, key=lambda one: (one.is_offered, one.turn), reverse=True))
