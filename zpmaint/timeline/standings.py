# SPDX-License-Identifier: GPL-2.0-only
"""What is known of one kernel: the newest knowledge, not the newest try."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zpmaint.core.result import is_both_ways
from zpmaint.timeline.values import Attempt, Standing


def standing_of(attempts: Iterable[Attempt]) -> Standing:
    """What the attempts at one kernel, architecture, profile and patch set say together; at least
    one."""
    ordered = sorted(
        attempts, key=lambda one: (one.turn, one.finished, one.key, one.result, one.why)
    )
    ordered.reverse()
    settled = next((one for one in ordered if one.result.settles), None)
    newest = ordered[0]
    flaky = settled is not None and len(ordered) > 1 and differ(ordered, settled)
    return Standing(newest.version, newest.arch, newest.profile, tuple(ordered), settled, flaky)


def differ(attempts: Sequence[Attempt], settled: Attempt) -> bool:
    """Whether the very inputs of an attempt came out otherwise in another one: well at one time and
    not at another, with the patch's effect shown and not shown, or both ways within one attempt.
    Without a key nobody knows what the inputs were, and what failed for the infrastructure's sake
    says nothing."""
    return bool(settled.key) and any(
        one.key == settled.key
        and (
            is_both_ways(one.result, one.why)
            or (one.result.settles and one.result.tone is not settled.result.tone)
        )
        for one in attempts
    )
