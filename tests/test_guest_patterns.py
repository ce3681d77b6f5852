# SPDX-License-Identifier: GPL-2.0-only
"""bench.toml, the C table that is made of it, and the patterns run as an ordinary process."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_fixtures import needs_linux, ran

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.measured import Place, read_measured
from zpmaint.suites.guest.compile import bench_program
from zpmaint.suites.guest.patterns import TABLE, full_bench, patterns_source, read_bench

TEXT = TABLE.read_text()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "read-random"', 'name = "read random"', "name"),
        ("shares = [0, 1,", "shares = [-1, 1,", "share is 0 to 100"),
        (
            "most_mb = 64\nshares = [0, 1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]",
            "",
            "no `shares`",
        ),
        ('[[pattern.pass]]\nname = "unmap"', '[[pattern.pass]]\nname = "read"', "two passes"),
        ("slack = 96", "slak = 96", "slak"),
        ("huge_since =", "huge_since", "not TOML"),
    ],
)
def test_a_slip_in_the_table_is_named(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(UserError, match=says):
        read_bench(TEXT.replace(old, new, 1), "bench.toml")


def test_a_share_stands_for_the_patterns_own() -> None:
    mixed = next(p for p in full_bench().pattern if p.name == "mixed")
    write = next(p for p in mixed.passes if p.name == "write")
    assert write.faults is not None and write.anon is not None
    assert write.faults.of(private=False, share=30) == 0.3
    assert write.faults.of(private=True, share=30) == 0
    assert write.anon.of(private=True, share=30) == 1


def test_the_whole_guest_is_asked_for_where_it_differs() -> None:
    bench = full_bench()
    level = {one.name: one for one in bench.level}
    fork = next(p for p in bench.pattern if p.name == "fork-written")
    child = next(p for p in fork.passes if p.name == "child-write")
    assert child.anonymous(level["StatmAnon"], huge=False) == child.anon
    assert child.anonymous(level["AnonPages"], huge=False) == child.system != child.anon
    assert child.anonymous(level["StatmAnon"], huge=True) is None


def test_huge_pages_are_asserted_from_the_huge_zero_page_on() -> None:
    bench = full_bench()
    assert not bench.holds_huge(KernelVersion.parse("3.7.10"))
    assert bench.holds_huge(KernelVersion.parse("3.8"))


def test_a_pattern_is_one_row_for_each_share() -> None:
    bench = full_bench()
    source = patterns_source(bench.pattern)
    rows = [line for line in source.splitlines() if line.startswith("\t{")]
    assert len(rows) == sum(len(p.shares or (0,)) for p in bench.pattern)
    assert '\t{"mixed", pattern_mixed, 30, 100, 16384},' in rows
    assert '\t{"fork-read", pattern_fork_read, 100, 200, 0},' in rows
    with pytest.raises(UserError, match=r"patterns are: read, read-random"):
        bench.select("nothing")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bench_program("x86_64", cache=tmp_path_factory.mktemp("cache"))


@needs_linux
def test_every_pattern_is_measured_on_this_machine(program: Path) -> None:
    said = ran(program, "--run", "zp.bench=0", "zp.patterns=*", "zp.pages=256,500", "zp.runs=2")
    found = read_measured(said, full_bench().pattern, runs=2)
    assert found.problems == []
    assert {(p.pattern, p.share) for p in found.figures} == {
        (pattern.name, share)
        for pattern in full_bench().pattern
        for share in pattern.shares or [100]
    }
    assert {p.pages for p in found.figures} == {256, 500}
    assert found.unmeasured == {}
    for pages in (256, 500):
        # Each page once: an order that left one out, or took one twice, would fault less.
        for name, one in (("read", "read"), ("read-random", "read"), ("write", "write")):
            place = Place(name, 100, pages, False)
            for faults in found.flow(place, one, "MinorFaults"):
                assert pages <= faults < pages + 24
        # 30 of 100, also of a size that is no multiple of it.
        for name in ("mixed", "mixed-apart"):
            place = Place(name, 30, pages, False)
            assert all(f in range(pages * 30 // 100, pages * 30 // 100 + 24)
                       for f in found.flow(place, "write", "MinorFaults"))  # fmt: skip
    place = Place("sparse", 100, 256, False)
    assert all(fault in range(4, 28) for fault in found.flow(place, "fill", "MinorFaults"))


@needs_linux
def test_what_does_not_fit_is_left_out_with_its_reason(program: Path) -> None:
    # 64 TB, and a size above what the pattern wants.
    said = ran(program, "--run", "zp.bench=0", "zp.patterns=[rm]*d", "zp.pages=17179869184")
    found = read_measured(said, full_bench().pattern)
    assert found.problems == [] and found.figures == {}
    reasons = {place.pattern: why for place, why in found.unmeasured.items()}
    assert reasons["mixed"] == "not wanted above 16384 pages"
    said = ran(program, "--run", "zp.bench=0", "zp.patterns=write", "zp.pages=17179869184")
    assert "kB are free" in next(
        iter(read_measured(said, full_bench().pattern).unmeasured.values())
    )


@needs_linux
def test_nothing_is_measured_unasked_and_there_are_no_cases(program: Path) -> None:
    said = ran(program, "--run", "zp.bench=0")
    assert said.startswith("KTAP version 1") and said.endswith("1..0\n# done\n")
    assert ran(program, "--list") == ""
