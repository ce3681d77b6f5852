# SPDX-License-Identifier: GPL-2.0-only
"""What a patch is for, and whether a port still does it.

After upstream adopted most of a patch, what is left of it may merge cleanly onto any later kernel
and mean nothing. So the port's own change to the target is weighed against the anchor's change to
its base: a port that removes or brings clearly less has lost the intent, however cleanly it went.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from zpmaint.merge.tokens import tokens
from zpmaint.port.hunks import Change, counted

ENOUGH = 0.7
"""The share of the anchor's change, by tokens, that a port must make. Full ports of changed code
measure 0.9 and more, leftovers of an adopted change below 0.3."""


_NOTHING: Counter[str] = Counter()


def share(
    change: Change,
    before: Sequence[str],
    after: Sequence[str],
    gone: Counter[str] = _NOTHING,
    there: Counter[str] = _NOTHING,
) -> float:
    """How much of a hunk's intent replacing `before` by `after` fulfils, 0..1.

    The smaller of two shares: of what the hunk removes for good, and of what it brings; by lines,
    or by the words that it changes in them, whichever is more: where the target wraps a statement
    otherwise, its lines are shorter. `gone` and `there` are what counts as done by upstream.
    """
    old, new = counted(list(before)), counted(list(after))
    removed, added = change.removed - gone, change.added - there
    by_lines = _share((_weight(old - new), _weight(removed)), (_weight(new - old), _weight(added)))
    if by_lines >= ENOUGH:
        return by_lines
    one, other, minus, plus = map(_words, (old, new, removed, added))
    return max(
        by_lines,
        _share(
            ((one - other).total(), (minus - plus).total()),
            ((other - one).total(), (plus - minus).total()),
        ),
    )


def _share(*asked: tuple[int, int]) -> float:
    shares = [min(1.0, done / wanted) for done, wanted in asked if wanted]
    return min(shares, default=1.0)


def _words(lines: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for line, count in lines.items():
        for word in tokens(line):
            found[word] += count
    return found


def _weight(lines: Counter[str]) -> int:
    return sum(len(tokens(line)) * count for line, count in lines.items())
