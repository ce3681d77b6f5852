# SPDX-License-Identifier: GPL-2.0-only
"""Which of a patch set's anchors a port starts from."""

from __future__ import annotations

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor, PatchSet


def candidates(patchset: PatchSet, version: KernelVersion) -> list[Anchor]:
    """The set's anchors, the right start first: those whose era holds the version, nearest first,
    then the others, nearest first.

    In a range that upstream adopted, older anchors come before younger ones: what upstream adopted
    is what they stand for.
    """
    adopted = any(version in adoption.era for adoption in patchset.adoptions)
    return sorted(
        patchset.anchors,
        key=lambda anchor: (
            version not in anchor.era,
            adopted and anchor.version > version,
            _distance(anchor.version, version),
        ),
    )


def starting(patchset: PatchSet, version: KernelVersion) -> list[Anchor]:
    """The anchors whose era holds `version`; the nearest one where none does."""
    nearest = candidates(patchset, version)
    return [a for a in nearest if version in a.era] or nearest[:1]


def by_name(patchset: PatchSet, name: str) -> Anchor:
    """The anchor of a name. Raises UserError where there is none."""
    chosen = next((a for a in patchset.anchors if a.name == name), None)
    if chosen is None:
        names = ", ".join(a.name for a in patchset.anchors)
        raise UserError(f"{patchset.name} has no anchor {name!r}", f"its anchors: {names}")
    return chosen


def superseding(patchset: PatchSet, chosen: Anchor, version: KernelVersion) -> Anchor | None:
    """The anchor to start from where the era of `chosen` ended before `version`."""
    until = chosen.era.until
    if until is None or version.upstream < until:
        return None
    return next((a for a in candidates(patchset, version) if version in a.era), None)


def _distance(one: KernelVersion, other: KernelVersion) -> tuple[int, ...]:
    """How far two kernels are apart, series before point release; linux-next is beyond all."""
    if one.next_date is not None or other.next_date is not None:
        return (one.next_date != other.next_date, *(-n for n in (*one.numbers, *other.numbers)))
    return tuple(
        abs(a - b) for a, b in zip((*one.numbers, 0)[:4], (*other.numbers, 0)[:4], strict=True)
    )
