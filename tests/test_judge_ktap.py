# SPDX-License-Identifier: GPL-2.0-only
"""Reading what the guest said: every irregularity is a problem, none an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_fixtures import PAGES, PATCHED, WORDS, report

from zpmaint.judge.ktap import read_report

GOOD = report(WORDS)


def test_a_whole_report_is_read_without_problems() -> None:
    read = read_report(report({"read.zero": "!not-zero", "read.faults": "private"}))
    assert read.problems == ()
    assert (read.release, read.begun) == ("6.12.107", "")
    assert (read.results["read.zero"].ok, read.results["read.zero"].word) == (False, "not-zero")
    assert read.details["read.zero"] == ("page 3 is 0xaa",)
    assert read.results["read.faults"].word == "private"
    assert read.figures["start", "pages"] == PAGES


def test_how_many_cases_were_planned_is_known() -> None:
    whole = read_report(report(WORDS))
    assert whole.planned == len(whole.results) > 1
    assert read_report("TAP version 13\n").planned == 0, "no plan is none of one"


def test_a_skip_keeps_its_reason() -> None:
    said = read_report(GOOD).results["devzero.eager"]
    assert (said.skip, said.word) == ("only on Linux before 2.6.24", "")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("KTAP version 1", "TAP version 13", "line 1: not 'KTAP version 1'"),
        ("1..4", "1..5", "5 cases were planned, 4 have a result"),
        ("1..4", "1..3", "3 cases were planned, 4 have a result"),
        ("1..4\n", "", "no plan"),
        ("1..4\n", "1..4\n1..4\n", "a second plan"),
        ("# done\n", "", "'# done' is missing"),
        ("# done\n", "# done", "in the middle of a line"),
        ("# done\n", "# done\nok 5 read.more # observed: ok\n", "after '# done'"),
        ("ok 2 read.faults", "ok 1 read.faults", "has number 1, 2 was due"),
        ("ok 2 read.faults", "ok 7 read.faults", "has number 7, 2 was due"),
        ("ok 2 read.faults # observed: zero-page", "ok 2 read.faults", "not KTAP"),
        ("ok 2 read.faults", "ok 2 read.zero", "read.zero has a second result"),
        ("# case read.faults\n", "", "but no case was under way"),
        ("ok 1 read.zero # observed: ok\n", "", "read.zero began and has no result"),
        ("ok 1 read", "BUG: unable to handle page fault\nok 1 read", "not KTAP"),
        ("ok 1 read", "\x00\x00ok 1 read", "not KTAP"),
        ("ok 4 devzero", "not ok 4 devzero", "'not ok' and skipped"),
        ("counter=pages value=1024", "counter=pages value=-3", "not a benchmark figure"),
        ("phase=write counter=VmRSS", "phase=read counter=VmRSS", "there twice"),
        ("# done", "# problem: /proc cannot be mounted\n# done", "/proc cannot be mounted"),
        ("# kernel 6.12.107 x86_64\n", "", "did not say which kernel"),
    ],
)
def test_each_irregularity_is_named(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    assert problem in "\n".join(read_report(GOOD.replace(old, new, 1)).problems)


def test_nothing_at_all_is_a_problem() -> None:
    assert read_report("").problems == ("the guest reported nothing",)


def test_the_case_under_way_is_known_when_the_guest_dies() -> None:
    read = read_report(GOOD.partition("ok 2 read.faults")[0])
    assert read.begun == "read.faults"
    assert set(read.results) == {"read.zero"}


@given(st.integers(0, len(report(PATCHED)) - 1))
def test_no_cut_report_passes_for_whole(length: int) -> None:
    assert read_report(report(PATCHED)[:length]).problems


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=200))
def test_noise_is_a_problem_and_never_an_exception(noise: str) -> None:
    assert read_report(noise).problems
