# SPDX-License-Identifier: GPL-2.0-only
"""What a conflict of an anchor is made of: the one patch that meets it, and the files it goes onto.

Of a series that is one patch on top of those before it; a single patch stands on the kernels
themselves. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.patchset.values import Anchor, Resolution
from zpmaint.port.parsed import Blobs
from zpmaint.port.sections import left_over, perform
from zpmaint.port.series import before


@dataclass(frozen=True)
class Stand:
    """A patch and the files below it."""

    patch: str
    """Its name in the series; '' where the anchor is one patch."""
    text: str
    """Its changed lines as a unified diff: of a series without what the target has already, and
    without files that no merge of lines can hold (created, deleted, binary)."""
    base: Blobs
    """The files that it was cut against, as far as they can be had."""
    target: Blobs


def stand(
    anchor: Anchor, patch: str, base: Blobs, target: Blobs, known: Sequence[Resolution] = ()
) -> Stand:
    """Where the patch named `patch` of `anchor` stands between two kernels' files; `known` solves
    conflicts of those before it."""
    if anchor.is_single:
        return Stand("", anchor.patch, base, target)
    here = before(anchor.series, base, target, patch, known)
    texts: list[str] = []
    bases: dict[str, bytes | None] = {}
    targets: dict[str, bytes | None] = {}
    for part in here.member.patch.diffs:
        rest = left_over(part, here.base, perform(part, here.base), here.target)
        if rest is not None and rest[0].hunks:
            path = str(part.new)
            texts.append(str(rest[0].parsed))
            bases[path], targets[path] = rest[1], rest[2]
    return Stand(patch, "".join(texts), bases, targets)
