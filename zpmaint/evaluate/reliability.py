# SPDX-License-Identifier: GPL-2.0-only
"""How well confidence tells what is right: by its ranges, the share that is equal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from zpmaint.evaluate.chart import BOTTOM, LEFT, RIGHT, TOP, Plot, label, picture
from zpmaint.evaluate.values import Verdict

EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0)
"""Where the ranges of confidence begin; the last holds 1.0 alone."""
SURE = 0.9
"""From here on a port is relied on."""


class Answer(Protocol):
    """One tool's answer."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def confidence(self) -> float: ...


@dataclass(frozen=True)
class Bucket:
    """The clean answers of one range of confidence."""

    low: float
    high: float
    count: int
    equal: int
    mean: float
    """Of their confidences."""

    @property
    def share(self) -> float:
        """Which of them are equal, 0..1."""
        return self.equal / self.count

    def as_json(self) -> dict[str, float]:
        return {
            "from": self.low,
            "below": self.high,
            "count": self.count,
            "equal": self.equal,
            "share": round(self.share, 4),
            "mean_confidence": round(self.mean, 4),
        }


def buckets(answers: Iterable[Answer]) -> list[Bucket]:
    """The ranges that hold an answer without conflict, rising."""
    clean = [row for row in answers if row.verdict is not Verdict.CONFLICT]
    found = []
    for low, high in zip(EDGES, (*EDGES[1:], 2.0), strict=True):
        own = [row for row in clean if low <= row.confidence < high]
        if own:
            equal = sum(row.verdict is Verdict.EQUAL for row in own)
            mean = sum(row.confidence for row in own) / len(own)
            found.append(Bucket(low, min(high, 1.0), len(own), equal, mean))
    return found


@dataclass(frozen=True)
class Sureness:
    """What came of the answers that are relied on."""

    answers: int
    """All of them, conflicts, too."""
    sure: int
    wrong: int
    """Sure, and different."""

    @property
    def share(self) -> float:
        """The sure and different ones in percent of all answers."""
        return 100 * self.wrong / self.answers if self.answers else 0.0

    def as_json(self) -> dict[str, float]:
        return {
            "answers": self.answers,
            "sure": self.sure,
            "sure_and_different": self.wrong,
            "percent_of_answers": round(self.share, 3),
        }


def sureness(answers: Sequence[Answer]) -> Sureness:
    """Count the answers at SURE and more."""
    sure = [
        row
        for row in answers
        if row.verdict is not Verdict.CONFLICT and round(row.confidence, 6) >= SURE
    ]
    wrong = sum(row.verdict is Verdict.DIFFERENT for row in sure)
    return Sureness(len(answers), len(sure), wrong)


def svg(title: str, series: Mapping[str, Sequence[Bucket]]) -> str:
    """A reliability diagram of up to two named groups of answers, side by side: a point for each
    range of confidence, its area the number of answers; on the line confidence is what it says."""
    body = [label(LEFT[0], 18, title, more='class="title"')]
    for place, (name, own) in zip((LEFT, RIGHT), series.items(), strict=False):
        plot = Plot(place, (0.0, 1.0), (0.0, 100.0))
        total = sum(bucket.count for bucket in own)
        body.append(label(place[0] + 8, TOP - 8, f"{name}: {total} answers"))
        body.append(plot.frame("confidence", "% equal", 0.2, ".1f"))
        body.append(plot.line("different", [(0.0, 0.0), (1.0, 100.0)]))
        for bucket in own:
            x, y = plot.at(bucket.mean, 100 * bucket.share)
            radius = round(3 + 9 * (bucket.count / total) ** 0.5, 1)
            told = f"{bucket.low:.2f} to {bucket.high:.2f}: {bucket.equal} of {bucket.count} equal"
            body.append(
                f'<circle class="tool" fill-opacity="0.7" cx="{x}" cy="{y}" r="{radius}">'
                f"<title>{told}</title></circle>"
            )
            under = min(y + radius + 12, BOTTOM - 4)
            body.append(label(x, round(under, 1), str(bucket.count), "middle"))
    return picture(title, body)
