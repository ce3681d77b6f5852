# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

from ledger_fixtures import SET, record

from zpmaint.core.config import Config
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.track import Listing, News, Novelty, whats_new

V = KernelVersion.parse


def tracked(*versions: str, arch: tuple[str, ...] = ("x86_64",)) -> Config:
    return Config.model_validate(
        {
            "patch": SET,
            "sources": {"debian": {"kind": "debian"}},
            "kernel": [{"version": v, "sources": ["debian"], "arch": arch} for v in versions],
        }
    )


def listed(source: str, *versions: str, moniker: str = "", eol: bool = False) -> list[Listing]:
    return [Listing(source, V(v), moniker, eol) for v in versions]


def brief(rows: list[News]) -> list[tuple[str, str, str, str | None]]:
    return [
        (str(r.version), r.series, str(r.novelty), str(r.before) if r.before else None)
        for r in rows
    ]


def test_new_points_known_kernels_and_untracked_series_are_told_apart() -> None:
    rows = whats_new(
        [
            *listed("debian", "6.12.94", "6.12.107", "6.1.176", "6.18.14"),
            *listed("org", "6.12.107", "6.18.15", moniker="longterm"),
            *listed("org", "7.3-rc7", moniker="mainline"),
            *listed("org", "next-20261120", moniker="linux-next"),
        ],
        tracked("6.12.*", "6.1.*", "7.*", "9.*"),
        [record("6.12.94"), record("6.1.176", Result.FAIL), record("6.18.3")],
    )
    assert brief(rows) == [
        ("next-20261120", "next", "untracked", None),
        ("7.3-rc7", "7.3", "untracked", None),
        ("6.18.15", "6.18", "untracked", "6.18.3"),
        ("6.12.107", "6.12.*", "new", "6.12.94"),
        ("6.1.176", "6.1.*", "verified", None),
    ]
    assert rows[3].sources == ("debian", "org")
    assert rows[3].moniker == "longterm"


def test_infrastructure_and_half_a_set_of_architectures_leave_it_new() -> None:
    listings = listed("debian", "6.1.176")
    assert (
        whats_new(listings, tracked("6.1.*"), [record("6.1.176", Result.INFRA)])[0].novelty
        is Novelty.NEW
    )
    both = tracked("6.1.*", arch=("x86_64", "i386"))
    one, two = record("6.1.176"), record("6.1.176", arch="i386")
    assert whats_new(listings, both, [one])[0].novelty is Novelty.NEW
    assert whats_new(listings, both, [one, two])[0].novelty is Novelty.VERIFIED


def test_a_candidate_that_is_tracked_by_name_is_tracked() -> None:
    rows = whats_new(listed("git", "7.3-rc7", "7.2.6"), tracked("7.3-rc7", "7.*"), [])
    assert brief(rows) == [
        ("7.3-rc7", "7.3-rc7", "new", None),
        ("7.2.6", "7.*", "new", None),
    ]


def test_the_end_of_a_series_is_handed_on() -> None:
    (row,) = whats_new(listed("org", "6.17.9", moniker="stable", eol=True), tracked(), [])
    assert row.as_json() == {
        "version": "6.17.9",
        "series": "6.17",
        "novelty": "untracked",
        "sources": ["org"],
        "moniker": "stable",
        "eol": True,
        "before": None,
    }


def test_a_record_of_no_kernel_is_passed_over() -> None:
    assert whats_new([], tracked("6.1.*"), [record("<script>")]) == []
