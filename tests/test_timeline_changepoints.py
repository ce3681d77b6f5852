# SPDX-License-Identifier: GPL-2.0-only
"""Change points: series with known changes, and noise, in which every change is a false alarm."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import exp, sqrt

import pytest

from zpmaint.timeline.changepoints import FEWEST, levels, moves


def _at(steps: list[tuple[int, float]], count: int) -> list[float]:
    """A series that starts at 1000 and is multiplied at each step."""
    figures, level = [], 1000.0
    jumps = dict(steps)
    for place in range(count):
        level *= jumps.get(place, 1.0)
        figures.append(level)
    return figures


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        ([], []),
        ([5.0], []),
        ([100.0] * 50, []),
        # The bound itself is within, one more than it is not.
        ([100.0, 105.0], []),
        ([100.0, 105.1], [(1, 100.0, 105.1)]),
        ([100.0, 94.9], [(1, 100.0, 94.9)]),
        # +40 % between two kernels, on an old level and back again: two changes.
        ([2356.0, 2356.0, 3298.4, 3298.4, 2356.0], [(2, 2356.0, 3298.4), (4, 3298.4, 2356.0)]),
        # From nothing, and to nothing: no share can be told, it counts all the same.
        ([0.0, 0.0, 65536.0], [(2, 0.0, 65536.0)]),
        ([65536.0, 0.0], [(1, 65536.0, 0.0)]),
        ([-56196.0, -40000.0], [(1, -56196.0, -40000.0)]),
    ],
)
def test_exact_figures_have_a_change_wherever_they_move_beyond_the_bound(
    figures: list[float], found: list[tuple[int, float, float]]
) -> None:
    assert [(s.at, s.before, s.after) for s in moves(figures, 0.05)] == found


def test_a_move_that_is_large_beside_nothing_may_be_small_in_its_unit() -> None:
    assert moves([0.0, 4.0, 0.0], 0.05)  # 4 kB of 64 MB
    assert not moves([0.0, 4.0, 0.0], 0.05, floor=1024)
    assert moves([0.0, 65536.0], 0.05, floor=1024)


def test_small_moves_in_one_direction_add_up() -> None:
    creep = [1000.0 * 1.03**n for n in range(5)]
    (first, second) = moves(creep, 0.05)
    assert (first.at, first.since, first.creeping) == (2, 0, True)
    assert (second.at, second.since, second.creeping) == (4, 2, True)
    # Up and down within the bound is no change, however long.
    assert moves([1000.0, 1040.0] * 500, 0.05) == []
    assert not moves([1000.0, 1500.0], 0.05)[0].creeping


NOISES: dict[str, Callable[[random.Random], float]] = {
    "normal": lambda r: exp(r.gauss(0, 0.02)),
    # Student's t of three degrees: an odd run among a hundred is far off.
    "heavy tails": lambda r: exp(
        0.02 * r.gauss(0, 1) / sqrt(sum(r.gauss(0, 1) ** 2 for _ in range(3)) / 3)
    ),
    # Times on a machine that others use, too: never faster, sometimes much slower.
    "right tail": lambda r: 1 + 0.02 * r.expovariate(1),
}

# Of 100 series of pure noise, so many may be given a change: at no bound at all (the method alone),
# and at the bound of 5 % that a panel declares.
FALSE_ALARMS = {
    ("normal", 12): (1.0, 0.5), ("normal", 50): (2.0, 0.5), ("normal", 200): (2.0, 0.5),
    ("heavy tails", 12): (1.0, 0.5), ("heavy tails", 50): (4.0, 1.0),
    ("heavy tails", 200): (6.0, 1.0), ("right tail", 12): (2.0, 0.5),
    ("right tail", 50): (9.0, 1.0), ("right tail", 200): (18.0, 2.0),
}  # fmt: skip


@pytest.mark.parametrize(("noise", "count"), FALSE_ALARMS)
def test_noise_alone_is_rarely_called_a_change(noise: str, count: int) -> None:
    made = random.Random(f"{noise} {count}")
    runs = 400 if count <= 50 else 150
    series = [[1000 * NOISES[noise](made) for _ in range(count)] for _ in range(runs)]
    for share, most in zip((0.0, 0.05), FALSE_ALARMS[noise, count], strict=True):
        alarms = 100 * sum(bool(levels(one, share)) for one in series) / runs
        assert alarms <= most, f"{noise}, {count} figures, bound {share}: {alarms} of 100"


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(
    "steps",
    [
        [(20, 1.1)],
        [(30, 0.85)],
        [(20, 1.2), (40, 1 / 1.2)],  # a bump, which a single cut in two would not see
        [(12, 1.15), (24, 1.15), (48, 0.8)],
    ],
)
def test_changes_that_stand_out_of_the_noise_are_found_where_they_are(
    noise: str, steps: list[tuple[int, float]]
) -> None:
    made = random.Random(noise)
    exact = 0
    for _ in range(40):
        figures = [level * NOISES[noise](made) for level in _at(steps, 60)]
        found = [step.at for step in levels(figures, 0.04)]
        exact += len(found) == len(steps) and all(
            abs(one - at) <= 1 for one, (at, _) in zip(found, steps, strict=True)
        )
    assert exact >= 34, f"in {exact} of 40 series all changes and no others, each within one place"


def test_one_odd_figure_is_no_change_and_a_short_series_tells_nothing() -> None:
    made = random.Random(4)
    figures = [1000 * exp(made.gauss(0, 0.01)) for _ in range(40)]
    figures[20] *= 3
    assert levels(figures, 0.05) == []
    assert levels([1000.0] * (FEWEST - 5) + [2000.0] * 4, 0.05) == []


def test_measured_figures_that_are_all_the_same_and_ones_that_reach_zero() -> None:
    assert levels([0.0] * 30, 0.05) == []
    assert levels([7.0] * 30, 0.05) == []
    (step,) = levels([0.0] * 15 + [50.0] * 15, 0.05)
    assert (step.at, step.before, step.after) == (15, 0.0, 50.0)
    (step,) = levels([100.0] * 15 + [150.0] * 15, 0.05)
    assert (step.at, step.before, step.after, step.since) == (15, 100.0, 150.0, 0)


def test_many_figures_are_read_quickly_and_always_alike() -> None:
    made = random.Random(9)
    figures = [level * exp(made.gauss(0, 0.01)) for level in _at([(3000, 1.4)], 5000)]
    found = levels(figures, 0.05)
    assert [step.at for step in found] == [3000]
    assert found == levels(list(figures), 0.05)
