# SPDX-License-Identifier: GPL-2.0-only
"""Does it work on mine: what is found for a machine's answer among verified kernels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledger_fixtures import port, record, samples
from publish_fixtures import config

from zpmaint.core.errors import UserError
from zpmaint.core.kernel_names import read_name
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.known import Found, How, Known, found_for, known_in_status, known_of
from zpmaint.publish.rows import rows_of
from zpmaint.publish.site import Material, site_files

SET = "no-anon-zero-page"


def known(*records: Record) -> list[Known]:
    return known_of(rows_of(config("6.12.*", "6.1.*"), kernels_of(records), SET))


def found(answer: str, *records: Record) -> Found:
    return found_for(read_name(answer), known(*records))


def names(found: Found) -> list[str]:
    return [str(one.version) for one in found.kernels]


def test_the_very_kernel_is_found_by_a_distributions_name() -> None:
    for answer in (
        "6.12.107+deb13-amd64",
        "6.12.107-cachyos",
        "Linux host 6.12.107-1-lts #1 SMP PREEMPT_DYNAMIC Fri, 01 Aug 2026 x86_64 GNU/Linux",
    ):
        one = found(answer, record("6.12.107"), record("6.12.94", Result.FAIL))
        assert one.how is How.THIS
        assert one.holds is True
        assert names(one) == ["6.12.107"]


def test_debians_own_package_goes_before_the_release() -> None:
    said = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.187-1 (2026-09-07)"
    one = found(said, record("6.1.187", Result.FAIL), record("6.1.187-1"))
    assert names(one) == ["6.1.187-1"]
    assert one.holds is True
    one = found(said, record("6.1.187", Result.FAIL))
    assert names(one) == ["6.1.187"]
    assert one.holds is False


def test_a_kernel_that_was_not_verified_shows_its_neighbours_and_no_verdict() -> None:
    records = [record(v) for v in ("6.12.80", "6.12.87", "6.12.94", "6.12.107")]
    one = found("6.12.90-arch1-1", *records)
    assert one.how is How.BESIDE
    assert names(one) == ["6.12.94", "6.12.87"]
    assert one.holds is None
    assert "6.12.90 itself was never verified" in one.words


def test_a_series_alone_gives_no_verdict() -> None:
    records = [record("6.1.187"), record("6.1.180", Result.CONFLICT)]
    one = found("6.1.0-49-amd64", *records)
    assert one.how is How.SERIES
    assert names(one) == ["6.1.187", "6.1.180"]
    assert one.holds is None
    assert "holds on 1" in one.words


def test_a_package_of_that_name_is_likely_and_no_verdict() -> None:
    name = replace(read_name("6.1.0-49-amd64"), likely=KernelVersion.parse("6.1.187-1"))
    one = found_for(name, known(record("6.1.187"), record("6.1.180")))
    assert names(one) == ["6.1.187"]
    assert one.words.startswith("if it is 6.1.187-1")
    assert one.holds is None


def test_a_vendors_tree_gets_no_verdict_of_its_base() -> None:
    one = found("5.14.0-427.28.1.el9_4.x86_64", record("5.14"))
    assert names(one) == ["5.14"]
    assert one.how is How.BESIDE
    assert one.holds is None


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("23.5.0", "cannot be told"),
        ("Linux host 6.12.107-1-lts #1 SMP Fri aarch64 GNU/Linux", "arm64"),
        ("6.9.7-arch1-1", "series 6.9"),
    ],
)
def test_nothing_is_said_to_be_nothing(answer: str, word: str) -> None:
    one = found(answer, record("6.12.107"))
    assert one.how is How.NONE
    assert one.kernels == ()
    assert word in one.words
    assert one.holds is None


def test_where_upstream_does_it_nothing_is_to_be_applied() -> None:
    made = port("6.12.107", "upstream")
    [one] = found("6.12.107", record("6.12.107", port=made)).kernels
    assert one.good
    assert one.patch == ""
    assert one.why.startswith("nothing is to be applied")


def test_an_attempt_without_a_result_is_no_verdict() -> None:
    assert found("6.12.107", record("6.12.107", Result.INFRA)).holds is None


def test_another_architecture_is_not_taken() -> None:
    one = found("5.10.0-22-686", record("5.10.178"), record("5.10.178", arch="i386"))
    assert {known.arch for known in one.kernels} == {"i386"}


def test_status_json_says_the_same_as_the_ledger() -> None:
    records = samples()
    files = site_files(records, Material(config("6.12.*"), [], generated=1.0))
    document = __import__("json").loads(files["status.json"])

    def said(found: list[Known]) -> set[tuple[object, ...]]:
        return {
            (k.version, k.arch, k.profile, k.good, k.settled, k.why, k.cost, k.patch, k.sha256)
            for k in found
        }

    told, mine = said(known_in_status(document, SET)), said(known(*records))
    assert told == mine
    assert told


def test_a_foreign_json_is_refused() -> None:
    for document in ({}, [], {"patchsets": [{}]}, {"patchsets": [{"name": SET, "kernels": [1]}]}):
        with pytest.raises(UserError):
            known_in_status(document, SET)
    with pytest.raises(UserError, match="no patch set 'other'"):
        known_in_status({"patchsets": [{"name": SET, "kernels": []}]}, "other")
