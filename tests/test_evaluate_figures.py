# SPDX-License-Identifier: GPL-2.0-only
"""Figures from results: counts, the curve, its picture."""

from __future__ import annotations

import re
from itertools import permutations
from xml.etree import ElementTree

import pytest

from zpmaint.core.errors import UserError
from zpmaint.evaluate import classes
from zpmaint.evaluate.chart import svg
from zpmaint.evaluate.classes import Class
from zpmaint.evaluate.curve import Point, at_equal_coverage, curve
from zpmaint.evaluate.drift import Drift
from zpmaint.evaluate.labels import placed
from zpmaint.evaluate.pairs import declared, parse_pair
from zpmaint.evaluate.values import Kind, Outcome, Result, Verdict
from zpmaint.evaluate.verdicts import drifted, grouped, hard, other, patches, tally

EQUAL, DIFFERENT, CONFLICT = Verdict


def row(verdict: Verdict, confidence: float = 1.0, **changed: object) -> Result:
    plain: dict[str, object] = {
        "pair": "a..b", "case": "p", "path": "f.c", "kind": Kind.MODIFIED, "drifted": True,
        "exact": False, "drift": Drift.BOTH, "tool": "zpmaint", "verdict": verdict,
        "confidence": confidence, "how": "", "placed": (), "seconds": 0.5,
    }  # fmt: skip
    return Result(**{**plain, **changed})  # type: ignore[arg-type]


ROWS = [row(EQUAL, 1.0), row(EQUAL, 0.9), row(DIFFERENT, 0.9), row(DIFFERENT, 0.5), row(CONFLICT)]


@pytest.mark.parametrize(
    ("clean", "result", "truth", "verdict"),
    [
        (True, b"x", b"x", EQUAL),
        (True, b"x", b"y", DIFFERENT),
        (True, None, None, EQUAL),
        (True, b"", None, DIFFERENT),
        (False, b"x", b"x", CONFLICT),
    ],
)
def test_verdict(clean: bool, result: bytes | None, truth: bytes | None, verdict: Verdict) -> None:
    assert Outcome(clean, result).verdict(truth) is verdict


def test_tally() -> None:
    found = tally(ROWS)
    assert (found.cases, found.equal, found.different, found.clean) == (5, 2, 2, 4)
    assert found.share(found.different) == 40.0 and found.seconds == 2.5
    assert tally([]).share(0) == 0.0


def test_what_the_figures_are_about() -> None:
    exact = row(EQUAL, exact=True)
    same = row(EQUAL, drifted=False)
    gone = row(CONFLICT, kind=Kind.GONE)
    rows = [*ROWS, exact, same, gone]
    assert drifted(rows) == [*ROWS, exact]
    assert hard(rows) == ROWS
    assert other(rows) == [same, gone]


def test_groups_end_with_all() -> None:
    rows = [row(EQUAL, pair="b..c"), row(CONFLICT, pair="a..b"), row(EQUAL, tool="patch")]
    found = grouped(rows, lambda r: r.pair)
    assert list(found) == ["b..c", "a..b", "all"]
    assert found["all"]["zpmaint"].cases == 2 and found["all"]["patch"].cases == 1


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ((EQUAL, EQUAL), EQUAL),
        ((EQUAL, DIFFERENT), DIFFERENT),
        ((DIFFERENT, CONFLICT), CONFLICT),
    ],
)
def test_a_patch_is_as_good_as_its_worst_file(
    verdicts: tuple[Verdict, Verdict], whole: Verdict
) -> None:
    one, two = verdicts
    (found,) = patches([row(one, 0.8, path="a"), row(two, 0.6, path="b")])
    assert (found.verdict, found.confidence) == (whole, 0.6)


def test_curve() -> None:
    assert curve(ROWS) == [
        Point(0.5, 40.0, 40.0),
        Point(0.9, 40.0, 20.0),
        Point(1.0, 20.0, 0.0),
    ]
    assert curve([row(CONFLICT)]) == []


@pytest.mark.parametrize(
    ("clean", "threshold", "reaches"),
    [(5, 0.5, False), (4, 0.5, True), (3, 0.9, True), (2, 1.0, True), (0, None, True)],
)
def test_equal_coverage(clean: int, threshold: float | None, reaches: bool) -> None:
    rows = [row(EQUAL if n < clean else CONFLICT, tool="patch") for n in range(5)]
    found = at_equal_coverage(curve(ROWS), "patch", rows)
    assert (found.point.threshold if found.point else None) == threshold
    assert found.reaches is reaches


def test_the_picture_shows_each_point_where_it_belongs() -> None:
    points = [Point(0.5, 80.0, 10.0), Point(1.0, 40.0, 0.0)]
    text = svg("A & B", points, [("a <tool>", tally(ROWS))])
    top = ElementTree.fromstring(text)
    names = [e.text for e in top.iter() if e.tag.endswith("}text")]
    assert "A & B" in names and "a <tool>" in names
    (equal, trade) = re.findall(r'class="equal" d="([^"]+)"', text)
    # 0..1 lies between x 60 and 400, 0..100 % between y 290 and 46.
    assert equal == "M60.0 94.8H230.0V192.4H400.0"
    (circle,) = [e for e in top.iter() if e.tag.endswith("}circle")]
    # The tool: 40 % different of an axis to 45, 40 % equal.
    assert float(circle.get("cx", "0")) == pytest.approx(500 + 340 * 40 / 45, abs=0.1)
    assert float(circle.get("cy", "0")) == pytest.approx(192.4)
    assert trade.startswith("M575.6 94.8L500.0 192.4")


TOOLS = [("patch -F0", 1.1, 79.8), ("patch", 2.8, 85.7), ("git merge-file", 2.1, 84.4),
         ("wiggle", 4.4, 88.2)]  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_names_in_the_picture_keep_clear_of_each_other(order: tuple[int, ...]) -> None:
    """The tools as they were measured: two stand closer than their names are long."""
    points = [(name, (500 + 68 * x, 290 - 2.44 * y)) for name, x, y in (TOOLS[n] for n in order)]
    line = [(506.7, 227.6), (543.6, 95.7), (637.4, 65.0)]
    labels = placed(points, line, (500, 46, 860, 290))
    boxes = [label.box for label in labels]
    dots = [(x - 4, y - 4, x + 4, y + 4) for _, (x, y) in points]
    for n, box in enumerate(boxes):
        assert box[0] >= 500 and box[2] <= 860
        for taken in [*boxes[:n], *boxes[n + 1 :], *dots]:
            apart = box[2] <= taken[0] or taken[2] <= box[0]
            assert apart or box[3] <= taken[1] or taken[3] <= box[1]
    beside = {label.text: (label.x, label.y) for label in labels}
    for name, (x, y) in points:
        assert abs(beside[name][1] - y) < 40 and abs(beside[name][0] - x) < 10


def test_names_where_all_is_taken_stand_beside_their_points() -> None:
    crowd = [("many letters", (5.0, 5.0))] * 3
    assert [label.anchor for label in placed(crowd, [], (0, 0, 10, 10))] == ["start"] * 3


def test_a_picture_of_nothing_is_one() -> None:
    ElementTree.fromstring(svg("none", [], []))


def test_declared_pairs_are_pairs() -> None:
    pairs = declared()
    assert len(set(pairs)) == len(pairs) >= 10
    assert all(parse_pair("..".join(pair)) == pair for pair in pairs)


@pytest.mark.parametrize("text", ["", "6.1.1-1", "6.1.1..6.2.1", "6.1.1-1..", "6.1.1-1..6.1.1-1"])
def test_what_is_no_pair_is_said_so(text: str) -> None:
    with pytest.raises(UserError, match="not a pair"):
        parse_pair(text)


def test_what_was_read_is_counted_and_another_result_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = {("a..b", "p", "f.c", "0" * 12): (Class.SLIP, "theirs does not build")}
    monkeypatch.setattr(classes, "declared", lambda: read)
    rows = [row(DIFFERENT, result="0" * 12), row(DIFFERENT, result="1" * 12)]
    counts = classes.counted(rows)["a..b"]
    assert {word: n for word, n in counts.items() if n} == {Class.SLIP: 1, Class.UNREAD: 1}


def test_readings_are_of_declared_pairs_and_no_placeholders() -> None:
    pairs = {"..".join(pair) for pair in declared()}
    for (pair, *_), (found, why) in classes.declared().items():
        assert pair in pairs and found is not Class.UNREAD and len(why) > 10
