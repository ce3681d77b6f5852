# SPDX-License-Identifier: GPL-2.0-only
"""Where in a row of kernels a good one is followed by a bad one, asked of as few as possible. Pure.

Unlike a bisection that trusts its row to turn but once, it says what contradicts that, and unlike
one that needs each answer, it goes round what cannot be judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What is known of one kernel of the row."""

    GOOD = "good"
    BAD = "bad"
    SKIP = "skip"
    """It cannot be judged: as `git bisect skip`."""


@dataclass(frozen=True)
class Found:
    """Between which two kernels it turned."""

    last_good: int
    """Its place in the row."""
    first_bad: int
    skipped: tuple[int, ...] = ()
    """Those between them: each of them may be the first bad one, too."""
    against: tuple[int, ...] = ()
    """Bad ones before the last good one: the row turned more than once, and this is its last turn.
    """

    @property
    def is_exact(self) -> bool:
        """Whether it is known which one is the first bad one."""
        return not self.skipped


def next_place(answers: Mapping[int, Answer], count: int) -> int | None:
    """Which kernel of a row of `count` to ask next; None where nothing is left to ask.

    The first is good and the last bad, whether `answers` has them or not. The last turn is looked
    for: between the last good one and the first bad one after it. With nothing skipped that takes
    no more than log2(count), rounded up."""
    low, high = _bounds(answers, count)
    free = [at for at in range(low + 1, high) if at not in answers]
    if not free:
        return None
    skipped = [at for at in range(low + 1, high) if answers.get(at) is Answer.SKIP]
    # What cannot be judged is mostly so for a reason that its neighbours share: each of them that
    # was met sends the next question twice as far from it.
    away = 1 << min(len(skipped), 30) >> 1
    far = [at for at in free if all(abs(at - one) > away for one in skipped)]
    middle = (low + high) / 2
    return min(far or free, key=lambda at: (abs(at - middle), at))


def found(answers: Mapping[int, Answer], count: int) -> Found:
    """What the answers show so far."""
    low, high = _bounds(answers, count)
    return Found(
        low,
        high,
        tuple(range(low + 1, high)),
        tuple(at for at in sorted(answers) if at < low and answers[at] is Answer.BAD),
    )


def left(answers: Mapping[int, Answer], count: int) -> int:
    """How many more have to be asked at most, with nothing skipped from now on."""
    low, high = _bounds(answers, count)
    free = sum(at not in answers for at in range(low + 1, high))
    return free.bit_length()


def _bounds(answers: Mapping[int, Answer], count: int) -> tuple[int, int]:
    last = count - 1
    low = max((at for at, one in answers.items() if one is Answer.GOOD and at < last), default=0)
    bad = [at for at, one in answers.items() if one is Answer.BAD and at > low]
    return low, min(bad, default=last)


def row(states: Sequence[str], answers: Mapping[str, Answer]) -> dict[int, Answer]:
    """Answers by place of those by name."""
    return {at: answers[name] for at, name in enumerate(states) if name in answers}
