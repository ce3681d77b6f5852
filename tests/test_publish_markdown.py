# SPDX-License-Identifier: GPL-2.0-only
"""The document of all kernels: one row each, sorted, the same bytes for the same records."""

from __future__ import annotations

import random
import re

import pytest
from ledger_fixtures import SET, record, samples
from publish_fixtures import config, patchset

from zpmaint.core.result import Result
from zpmaint.ledger.values import Record
from zpmaint.publish.markdown import document
from zpmaint.publish.words import NONE


def rows(*records: Record) -> dict[str, list[str]]:
    """The table's cells by kernel, in the table's order."""
    text = document(config(), records, patchset())
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [re.split(r" (?<!\\)\| ", line[2:-2]) for line in lines]
    assert {len(line) for line in cells} == {8}
    return {line[0]: line for line in cells[2:]}


def test_one_row_for_each_kernel_newest_first() -> None:
    assert list(rows(*samples())) == [
        "7.3-rc7", "7.2.6", "6.12.107", "6.12.94", "6.1.176", "5.10.262",
        "2.6.24", "2.6.23", "2.6.21",
    ]  # fmt: skip
    text = document(config(), [record("6.12.1"), record("6.12.1", arch="i386")], patchset())
    assert text.count("\n| 6.12.1 | x86_64 |") == text.count("\n| 6.12.1 | i386 |") == 1


def test_the_same_records_give_the_same_bytes() -> None:
    want = document(config(), samples(), patchset())
    shuffled = samples()
    random.Random(3).shuffle(shuffled)
    assert document(config(), shuffled, patchset()) == want
    # Neither the day nor how long it took is in it.
    again = [
        Record(**(vars(r) | {"started": r.started + 9e6, "finished": r.finished + 9e6,
                             "seconds": {"build": 1.0}}))
        for r in samples()
    ]  # fmt: skip
    assert document(config(), again, patchset()) == want


def test_a_passing_kernel_shows_its_figures() -> None:
    row = rows(*samples())["6.12.107"]
    assert row[1:3] == ["x86_64", "ported (v6.12)"]
    assert re.fullmatch(r"\d+, 3 skipped", row[3])
    assert row[4] == "0 → 65,536"
    assert row[6] == "853 → 2,110"
    assert row[7] == "pass"


def test_upstream_has_one_figure_and_no_anchor() -> None:
    row = rows(*samples())["2.6.24"]
    assert (row[2], row[4], row[5], row[7]) == ("upstream", "65,592", "65,540", "pass")


def test_what_failed_says_why_in_one_line() -> None:
    made = rows(*samples())
    assert made["5.10.262"][2:] == [
        "conflict", NONE, NONE, NONE, NONE,
        "conflict: mm/memory.c: do_anonymous_page: the removed branch is not there",
    ]  # fmt: skip
    assert made["2.6.23"][7].startswith("build-failed: patched: mm/memory.c:2104: error:")
    assert made["7.3-rc7"][3].endswith("not as expected")
    assert "6.18.15" not in made, "the mirror failed: that is no result"


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        ("a | b", r"a \| b"),
        ("two\nlines", "two lines"),
        ("<b> *x* `y` [z]", r"\<b\> \*x\* \`y\` \[z\]"),
        ("do_wp_page __attribute__", r"do_wp_page \_\_attribute\_\_"),
        ("back\\slash|", r"back\\slash\|"),
    ],
)
def test_a_reason_cannot_break_the_table(why: str, shown: str) -> None:
    text = document(config(), [record("6.12.1", Result.BUILD, why=why)], patchset())
    assert text.splitlines()[-1].endswith(f"| build-failed: {shown} |")


def test_what_failed_and_nobody_knows_why_is_named_below() -> None:
    assert "indeterminate" not in document(config(), samples(), patchset())
    open_ = record("6.99.1", Result.INDETERMINATE, why="make: Error 2; log: /home/x/log")
    text = document(config(), [*samples(), open_], patchset())
    assert text.endswith(
        "ended `indeterminate`: it failed, nobody knows why yet.\n\n- 6.99.1 (x86_64)\n"
    )
    assert "/home" not in text
    healed = record("6.99.1", started=open_.started + 9e6)
    assert "indeterminate" not in document(config(), [*samples(), open_, healed], patchset())


def test_an_empty_ledger_and_other_sets() -> None:
    assert "No kernel was verified yet." in document(config(), [], patchset())
    other = record("6.12.1", patchset=f"{SET}-other")
    assert "6.12.1" not in document(config(), [other], patchset())


def test_a_broken_kernel_says_since_when_and_a_flaky_one_is_counted() -> None:
    records = [
        record("6.12.11"),
        record("6.12.12", Result.FAIL, why="hangs"),
        record("6.12.13", Result.FAIL, why="hangs"),
        record("6.1.7", Result.FAIL, started=1.0),
        record("6.1.7", started=2.0),
    ]
    text = document(config("6.12.*", "6.1.*"), records, patchset())
    assert "| fail: hangs (since 6.12.12, last good 6.12.11) |" in text
    assert "| fail: hangs (last good 6.12.11) |" in text
    assert "4 kernels: 1 pass, 2 fail, 1 flaky." in text
