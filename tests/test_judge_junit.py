# SPDX-License-Identifier: GPL-2.0-only
"""A verdict as JUnit XML: whoever counts it comes to the verdict's own result."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from judge_fixtures import PATCHED, WORDS, judged, report, run

from zpmaint.core.result import Result
from zpmaint.judge.junit import RUN, junit
from zpmaint.judge.values import Verdict
from zpmaint.vm.values import Outcome, Part, Run

STOCK, GOOD = report(WORDS), report(PATCHED)
BOTH = {"stock": 1.25, "patched": 2.5}


def read(verdict: Verdict, seconds: dict[str, float] = BOTH) -> ET.Element:
    return ET.fromstring(junit(verdict, "6.12.107 x86_64 full", seconds))


def bad(root: ET.Element) -> list[tuple[str, str, str]]:
    """The tests that did not go well: flavour, name, how."""
    return [
        (test.get("classname", "").rpartition(".")[2], test.get("name", ""), child.tag)
        for test in root.iter("testcase")
        for child in test
        if child.tag in ("failure", "error")
    ]


def test_a_test_for_each_case_and_flavour() -> None:
    root = read(judged(STOCK, GOOD))
    assert [suite.get("name") for suite in root] == [
        "6.12.107 x86_64 full stock",
        "6.12.107 x86_64 full patched",
    ]
    stock = root[0]
    assert [test.get("name") for test in stock] == [RUN, *WORDS]
    assert {test.get("classname") for test in stock} == {"zpmaint.6_12_107.x86_64.full.stock"}
    assert stock.get("time") == "1.250"
    counted = [stock.get(key) for key in ("tests", "failures", "errors", "skipped")]
    assert counted == ["5", "0", "0", "1"]
    [skipped] = stock.iter("skipped")
    assert skipped.get("message") == "only on Linux before 2.6.24"
    assert bad(root) == []


def test_what_is_of_neither_kernel_takes_no_time() -> None:
    verdict = replace(judged(STOCK, GOOD), failures=("the two differ",))
    of_both = read(verdict)[2]
    assert (of_both.get("name"), of_both.get("time")) == ("6.12.107 x86_64 full", "0.000")


def test_one_flavour_alone() -> None:
    assert [s.get("name") for s in read(judged(STOCK, GOOD), {"stock": 1.0})] == [
        "6.12.107 x86_64 full stock"
    ]


def test_a_failure_has_its_words_and_the_console_s() -> None:
    line = "BUG: Bad rss-counter state \x1b[1m"
    said = tuple(
        Part(name, (line,) if name == "read.frames" else (), (line,) * (name == "read.frames"))
        for name in PATCHED
    )
    patched = run(report(PATCHED | {"read.faults": "!mixed"}), parts=said, complaints=(line,))
    root = read(judged(STOCK, patched, benchmark=False))
    assert bad(root) == [
        ("patched", "read.faults", "failure"),
        ("patched", "read.frames", "failure"),
    ]
    tests = {test.get("name"): test for test in root[1]}
    word = tests["read.faults"].find("failure")
    assert word is not None and word.get("message") == "mixed, expected private"
    assert word.text == "mixed, expected private\npage 3 is 0xaa"
    # XML has no place for an escape sign.
    assert tests["read.frames"].findtext("system-err") == "BUG: Bad rss-counter state \ufffd[1m"


def test_a_guest_that_died_fails_the_run_and_its_case_and_the_rest_has_errors() -> None:
    dead = run(GOOD[: GOOD.index("ok 2")], outcome=Outcome.HANG, why="no end")
    assert bad(read(judged(STOCK, dead, benchmark=False))) == [
        ("patched", RUN, "failure"),
        ("patched", "read.faults", "failure"),
        ("patched", "read.frames", "error"),
        ("patched", "devzero.eager", "error"),
    ]


@pytest.mark.parametrize(
    "patched",
    [
        run(GOOD, complaints=("BUG: early",)),
        run(GOOD.replace("# done\n", "")),
        run(report(PATCHED, release="6.12.108")),
        run("", outcome=Outcome.PANIC, why="no init"),
        run(report(PATCHED | {"read.zero": "SKIP no reason"})),
    ],
)
def test_what_does_not_pass_has_a_test_that_fails(patched: Run) -> None:
    verdict = judged(STOCK, patched)
    assert not verdict.passed
    assert bad(read(verdict))
    # And what is wrong with no kernel in particular, too.
    nowhere = replace(verdict, failures=("no [[telling]] covers it",))
    assert ("full", RUN, "failure") in bad(read(nowhere))


def test_what_was_not_compiled_has_a_test_that_fails_and_suites_are_told_apart() -> None:
    verdict = judged(STOCK, GOOD)
    assert read(verdict).get("result") == "pass"
    missing = replace(verdict, result=Result.NOT_COMPILED, why="x.c is in no object")
    root = read(missing)
    assert root.get("result") == "not compiled"
    assert bad(root) == [("full", RUN, "failure")]
    assert "x.c is in no object" in ET.tostring(root, encoding="unicode")
    nobodys = replace(verdict, result=Result.INDETERMINATE, why="not the same in two boots")
    assert bad(read(nobodys)) == [("full", RUN, "failure")]
    assert "not the same in two boots" in ET.tostring(read(nobodys), encoding="unicode")
    own = replace(verdict, cases=tuple(replace(case, suite="own") for case in verdict.cases))
    assert [test.get("name") for test in read(own)[0]][1] == "own: read.zero"
