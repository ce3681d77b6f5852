# SPDX-License-Identifier: GPL-2.0-only
"""Where two cost curves cross."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpmaint.judge.breakeven import break_even, even, line, total

SHARES = range(0, 101, 10)


def straight(at_none: float, each: float) -> dict[int, float]:
    return {share: at_none + each * share / 100 for share in SHARES}


@pytest.mark.parametrize(
    ("stock", "patched", "pays", "by"),
    [
        # The figures of 6.12.107 and 2.6.21, from the README's table.
        ((917.5, 2480.9), (2344.6, 5.0), 57.640, "lines"),
        ((337, 1372), (1278, 5), 68.836, "lines"),
        ((100, 50), (300, 0), None, "lines"),
        ((300, 50), (100, 50), 0.0, "lines"),
        ((300, 50), (100, 300), None, "lines"),  # pays at first, and no longer at 100%
        ((1000, 10), (1001, 9), 0.0, "same"),
    ],
)
def test_lines_cross_where_the_formula_says(
    stock: tuple[float, float], patched: tuple[float, float], pays: float | None, by: str
) -> None:
    found = break_even(straight(*stock), straight(*patched))
    assert found.by == by
    assert found.pays_from == (pays if pays is None else pytest.approx(pays, abs=1e-3))
    assert found.bend == pytest.approx(0, abs=1e-9)


@given(st.floats(1, 5000), st.floats(1, 5000), st.floats(1, 5000), st.floats(0, 100))
def test_the_crossing_is_where_both_cost_the_same(
    read: float, more: float, each: float, store: float
) -> None:
    stock, patched = straight(read, each + store), straight(read + more, store)
    found = break_even(stock, patched)
    if found.by == "same":
        return
    if each < 0.999 * more:
        assert found.pays_from is None
    elif each > 1.001 * more:
        assert found.pays_from == pytest.approx(100 * more / each, rel=1e-6)


def test_a_bent_cost_is_solved_on_its_points() -> None:
    # The first tenth pays for all, as a huge page does.
    stock = {share: 10.0 if share == 0 else 2000.0 for share in SHARES}
    found = break_even(stock, straight(800, 0))
    assert found.by == "points"
    assert found.pays_from == pytest.approx(10 * 790 / 1990)
    # Where in the step it is nobody has measured.
    assert found.between == (0, 10)
    assert break_even(straight(100, 50), straight(120, 0)).between is None
    assert found.bend > 0.01


def test_past_a_step_the_lines_tell() -> None:
    # The figures of 5.10.262: the first write to a huge page splits it.
    after = {10: 255.9, 20: 467.9, 30: 679.7, 40: 891.5, 50: 1103.1, 60: 1315.4, 70: 1527.2}
    stock = {0: 17.2, **after, 80: 1738.9, 90: 1950.9, 100: 2162.6}
    found = break_even(stock, straight(794, 5))
    assert found.by == "step"
    assert found.pays_from == pytest.approx(35.5, abs=0.05)
    assert found.between is None
    assert found.stock.at_none == pytest.approx(44, abs=1)
    # Never crossed, and crossed inside of the step, where nobody has measured.
    assert break_even(stock, straight(3000, 5)).pays_from is None
    inside = break_even(stock, straight(200, 5))
    assert (inside.by, inside.between) == ("points", (0, 10))
    # Bent past the step, too: the points.
    bent = break_even({**stock, 50: 1500.0}, straight(794, 5))
    assert (bent.by, bent.between) == ("points", (30, 40))


def test_of_several_crossings_the_last_counts() -> None:
    saved = [-1, 1, 1, -1, -1, -1, 1, 1, 1, 1, 1]
    stock = {share: 100.0 + 50 * one for share, one in zip(SHARES, saved, strict=True)}
    assert break_even(stock, straight(100, 0)).pays_from == pytest.approx(55)
    stock[100] = 40.0
    assert break_even(stock, straight(100, 0)).pays_from is None


def test_a_crossing_behind_the_last_but_one_share_is_found() -> None:
    last, high = SHARES[-2], SHARES[-1]
    stock = {share: 10.0 if share <= last else 2000.0 for share in SHARES}
    found = break_even(stock, straight(800, 0))
    assert (found.by, found.between) == ("points", (last, high))
    assert found.pays_from == pytest.approx(last + (high - last) * 790 / 1990)


def test_curves_of_other_shares_are_refused() -> None:
    with pytest.raises(ValueError, match="same shares"):
        break_even({0: 1.0, 50: 1.0}, {0: 1.0, 100: 1.0})
    with pytest.raises(ValueError, match="at least two"):
        break_even({0: 1.0}, {0: 1.0})


def test_memory_is_even_from_the_share_that_stays_even() -> None:
    flat = straight(4, 0)
    assert even(straight(0, 4), flat, 0.04) == 100
    assert even(straight(0, 3.9), flat, 0.04) is None
    assert even({p: 0.0 if p == 0 else 4.0 for p in SHARES}, flat, 0.04) == 10
    assert even(flat, flat, 0.04) == 0
    # Even at 20%, apart again at 50%.
    odd = {p: 1.0 if p in (0, 10, 50) else 4.0 for p in SHARES}
    assert even(odd, flat, 0.04) == 60


def test_a_line_tells_its_bend_and_costs_add_up() -> None:
    curve = straight(7, 20)
    assert (line(curve).at_none, line(curve).each) == (pytest.approx(7), pytest.approx(20))
    curve[50] += 11
    assert 9 < line(curve).bend <= 11
    assert total([{0: 1.0, 100: 2.0}, {0: 10.0, 100: 20.0}]) == {0: 11.0, 100: 22.0}
