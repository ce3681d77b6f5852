# SPDX-License-Identifier: GPL-2.0-only
"""What needs a look first: each broken line by itself, what ails many lines alike once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zpmaint.publish.glance import LineGlance
from zpmaint.publish.line_looks import LineLook, Urgency
from zpmaint.publish.line_view import first_to_look_at
from zpmaint.timeline.values import FreshnessState

_ALIKE = {
    FreshnessState.SILENT: "nobody has looked lately which kernels are out, so it is not known "
    "whether a newer one is",
    FreshnessState.STALE: "verified over a month ago, and nobody has made sure since that what "
    "would be built and run today is the same",
    FreshnessState.NEVER: "no kernel of it was tried yet",
}


@dataclass(frozen=True)
class Attention:
    """One thing to look at."""

    look: LineLook
    views: tuple[LineGlance, ...]
    """Whom it is about; several only where it is the same for all."""
    detail: str
    why: str = ""
    """What was found on the newest kernel, in a line."""


def attention_of(views: Iterable[LineGlance]) -> list[Attention]:
    """All of it, the most urgent first."""
    made: list[Attention] = []
    alike: dict[tuple[Urgency, str, FreshnessState], list[LineGlance]] = {}
    for view in first_to_look_at(views):
        look = view.look
        if look.urgency in (Urgency.OLD, Urgency.NEVER):
            alike.setdefault((look.urgency, look.words, view.line.freshness.state), []).append(view)
            continue
        newest = view.newest
        is_bad = look.urgency is Urgency.BROKEN
        made.append(Attention(look, (view,), look.detail, newest.why if newest and is_bad else ""))
    for (_, _, state), mine in alike.items():
        detail = mine[0].look.detail if len(mine) == 1 else _ALIKE[state]
        made.append(Attention(mine[0].look, tuple(mine), detail))
    return made
