# SPDX-License-Identifier: GPL-2.0-only
"""Confidence learned from measured ports, and how well it then tells what is right."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from itertools import pairwise

import pytest

from zpmaint.evaluate.calibration import FEW_AT_MOST, Row, Sample, as_toml, fitted, learned, pooled
from zpmaint.evaluate.reliability import buckets, sureness, svg
from zpmaint.evaluate.values import Verdict
from zpmaint.port import calibration
from zpmaint.port.placed import Placed
from zpmaint.port.values import FilePort, HunkPort


def _rows(*measured: tuple[float, int, int]) -> list[Row]:
    return [Row("scope", raw, 0.0, n, equal) for raw, n, equal in measured]


def test_scores_that_rise_keep_their_own_share() -> None:
    found = pooled(_rows((0.5, 98, 49), (0.9, 998, 899)))
    assert [(row.raw, row.confidence, row.n) for row in found] == [(0.5, 0.5, 98), (0.9, 0.9, 998)]


def test_a_score_that_did_no_better_is_pooled_with_the_one_below() -> None:
    # 0.9 was less often right than 0.7: both are as sure as both together.
    found = pooled(_rows((0.5, 100, 10), (0.7, 100, 90), (0.9, 98, 48)))
    assert found[0].confidence == pytest.approx(11 / 102, abs=1e-3)
    assert found[1].confidence == found[2].confidence == pytest.approx(139 / 200, abs=1e-3)
    assert [(row.n, row.equal) for row in found] == [(100, 10), (100, 90), (98, 48)]


def test_of_few_nothing_is_sure() -> None:
    (one,) = pooled(_rows((0.99, 2, 2)))
    assert one.confidence == 0.75
    (some,) = pooled(_rows((0.99, 29, 29)))
    assert some.confidence == FEW_AT_MOST
    (many,) = pooled(_rows((0.99, 2000, 2000)))
    assert many.confidence > 0.999


def test_a_doubt_that_few_had_stays_one() -> None:
    # All seven were right, but seven say little: the reason for the lower score is kept.
    found = pooled(_rows((0.75, 7, 7), (0.99, 817, 808), (1.0, 2, 2)))
    assert [row.confidence for row in found] == [FEW_AT_MOST, 0.988, 0.988]


def test_it_never_falls() -> None:
    samples = [
        Sample("offset", (n * 7 % 20) / 20, (n * 31 + n * n) % 5 < n % 4) for n in range(400)
    ]
    found = fitted(samples)
    assert len(found) == 20 and sum(row.n for row in found) == 400
    assert all(a.confidence <= b.confidence for a, b in pairwise(found))


def test_strategies_are_learned_apart_and_a_port_counts_for_its_weakest_hunk() -> None:
    sure, unsure = ("offset", 0.99), ("scope", 0.9)
    ports = [([sure, sure], True)] * 99 + [([sure, unsure], False)] * 50 + [([unsure], True)] * 50
    found = {row.placed: row for row in learned(ports)}
    assert (found["offset"].n, found["offset"].equal) == (99, 99)
    assert (found["scope"].n, found["scope"].equal) == (100, 50)
    assert found["offset"].confidence > 0.98 and found["scope"].confidence == 0.5


def test_which_hunk_is_the_weakest_is_learned_too() -> None:
    # By its own score `scope` is the surer of the two; by what was measured it is not.
    mixed = [("three-way", 0.8), ("scope", 0.9)]
    ports = [([("three-way", 0.8)], True)] * 60 + [([("scope", 0.9)], False)] * 60
    ports += [(mixed, False)] * 20
    found = {row.placed: row for row in learned(ports)}
    assert (found["three-way"].n, found["three-way"].equal) == (60, 60)
    assert found["scope"].n == 80


def test_the_table_is_what_the_engine_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    table = fitted([Sample("offset", 0.9, True)] * 200 + [Sample("offset", 0.5, False)] * 200)
    text = as_toml(table, "toys")
    assert "Measured on toys." in text
    rows = tomllib.loads(text)["row"]
    assert rows[0] == {"placed": "offset", "raw": 0.5, "confidence": 0.005, "n": 200, "equal": 0}
    known = {"offset": [(row["raw"], row["confidence"]) for row in rows]}
    assert calibration.confidence("offset", 0.9, known) == 0.995
    assert calibration.confidence("offset", 0.95, known) == 0.995  # no surer was measured
    assert calibration.confidence("offset", 0.7, known) == pytest.approx(0.5)
    assert calibration.confidence("offset", 0.25, known) == pytest.approx(0.0025)
    assert calibration.confidence("scope", 0.9, known) == 0.9  # of it nothing was measured
    monkeypatch.setattr(calibration, "table", lambda: known)
    hunks = tuple(
        HunkPort("@@", "", placed, raw, "")
        for placed, raw in (
            (Placed.OFFSET, 0.7), (Placed.SCOPE, 0.8), (Placed.CONFLICT, 0.0),
        )
    )  # fmt: skip
    (file,) = calibration.calibrated([FilePort("a.c", hunks)])
    assert [round(hunk.confidence, 3) for hunk in file.hunks] == [0.5, 0.8, 0.0]
    assert [hunk.as_json()["raw"] for hunk in file.hunks] == [0.7, 0.8, 0.0]
    # Done again it stays what it is: the raw score is kept.
    assert calibration.calibrated([file]) == (file,)


def test_the_shipped_table_can_be_read() -> None:
    table = calibration.read(calibration.PLACE)
    assert set(table) <= set(Placed)
    for points in table.values():
        assert all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(points))
        assert all(0.0 < sure <= 1.0 for _, sure in points)


# Reliability.


@dataclass
class Answer:
    confidence: float
    verdict: Verdict


ANSWERS = [
    *[Answer(1.0, Verdict.EQUAL)] * 8,
    Answer(0.9, Verdict.DIFFERENT),
    Answer(0.9, Verdict.EQUAL),
    Answer(0.55, Verdict.DIFFERENT),
    *[Answer(0.0, Verdict.CONFLICT)] * 5,
]


def test_conflicts_are_answers_but_in_no_range() -> None:
    found = buckets(ANSWERS)
    assert [(b.low, b.high, b.count, b.equal) for b in found] == [
        (0.5, 0.6, 1, 0), (0.9, 0.95, 2, 1), (1.0, 1.0, 8, 8),
    ]  # fmt: skip
    sure = sureness(ANSWERS)
    assert (sure.answers, sure.sure, sure.wrong) == (16, 10, 1)
    assert sure.share == pytest.approx(100 / 16)


def test_the_diagram_shows_every_range_of_both() -> None:
    picture = svg("A <title>", {"tuning": buckets(ANSWERS), "held out": buckets(ANSWERS[:9])})
    assert picture.count("<circle") == 3 + 2
    assert "tuning: 11 answers" in picture and "held out: 9 answers" in picture
    assert "0.90 to 0.95: 1 of 2 equal" in picture and "A &lt;title&gt;" in picture
