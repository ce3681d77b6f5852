# SPDX-License-Identifier: GPL-2.0-only
"""A line's history as a strip: a mark for each kernel, oldest at the left, its height and colour
by what is known of it. Pure.

The height tells without the colour: broken marks are the tallest, those whose effect is untested
half as tall as those that work; of a flaky kernel the middle is missing, and one without a result
is a dot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from zpmaint.timeline.values import EpisodeKind, Line, Standing

HEIGHT = 18
_STEP = 5
_MARK = 4
_SHAPES: dict[str, tuple[tuple[int, int], ...]] = {
    "holds": ((6, 12),),
    "untested": ((12, 6),),
    "broken": ((0, 18),),
    "flaky": ((3, 5), (13, 5)),
    "unknown": ((16, 2),),
}
"""By class of the style the marks' tops and heights."""
_NAMES = {
    EpisodeKind.WORKS: "holds",
    EpisodeKind.UNTESTED_EFFECT: "untested",
    EpisodeKind.BROKEN: "broken",
    EpisodeKind.FLAKY: "flaky",
}
_WORDS = {
    "holds": "works",
    "untested": "effect untested",
    "broken": "broken",
    "flaky": "flaky",
    "unknown": "no result",
}
_RUNS_TOLD = 6


@dataclass(frozen=True)
class Strip:
    """What is drawn: by kind one path."""

    width: int
    paths: tuple[tuple[str, str], ...]
    """Class and path of each kind that there is."""
    words: str
    """The same for who does not see it."""
    height: int = HEIGHT


def strip_of(line: Line, most: int) -> Strip:
    """The newest `most` kernels of a line."""
    shown = list(reversed(line.standings[:most]))
    marks = [(_name(line, one), one) for one in shown]
    paths: dict[str, list[str]] = {name: [] for name in _SHAPES}
    for place, (name, _) in enumerate(marks):
        for top, height in _SHAPES[name]:
            paths[name].append(f"M{place * _STEP} {top}h{_MARK}v{height}h-{_MARK}z")
    return Strip(
        width=max(_STEP * len(marks) - 1, 1),
        paths=tuple((name, "".join(path)) for name, path in paths.items() if path),
        words=_told(marks, len(line.standings)),
    )


def _name(line: Line, standing: Standing) -> str:
    episode = line.episode_of(standing.version) if standing.settled else None
    return _NAMES[episode.kind] if episode else "unknown"


def _told(marks: Sequence[tuple[str, Standing]], of_all: int) -> str:
    """ "the newest 3 of 9 kernels: works 6.12.1 to 6.12.2, broken 6.12.3"."""
    runs = [(name, [one.version for _, one in run]) for name, run in groupby(marks, lambda m: m[0])]
    told = [
        f"{_WORDS[name]} {run[0]}" + (f" to {run[-1]}" if len(run) > 1 else "")
        for name, run in runs[-_RUNS_TOLD:]
    ]
    if len(runs) > _RUNS_TOLD:
        told.insert(0, "...")
    count = f"{of_all} kernel{'s' if of_all != 1 else ''}"
    if len(marks) < of_all:
        count = f"the newest {len(marks)} of {count}"
    return f"{count}: {', '.join(told)}" if told else "no kernel of it was tried"
