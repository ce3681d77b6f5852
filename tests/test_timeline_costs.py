# SPDX-License-Identifier: GPL-2.0-only
"""What records say of costs, and between which kernels a cost changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ledger_fixtures import boot, delta, passing, record

from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.stages import RunsRecord
from zpmaint.ledger.told import CircumstancesRecord
from zpmaint.ledger.values import Record
from zpmaint.timeline.cost_changes import CostChange, Watched, cost_changes
from zpmaint.timeline.costs import BREAK_EVEN, INSTRUCTIONS, Conditions, Costs, costs_of

QEMU = ("qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64", "-smp", "2,sockets=2", "-m",
        "1024", "-append", "quiet -m 7")  # fmt: skip
READ = Watched(INSTRUCTIONS, "read", 0.05)


def measured(version: str, read: float, patched_read: float | None = 2400.0, **more: Any) -> Record:
    rate = {"unit": INSTRUCTIONS}
    deltas = [
        delta("VmRSS", 0, 65536, True),
        delta(INSTRUCTIONS, read, patched_read, False, **rate),
        delta(INSTRUCTIONS, 2500.0, 5.0 if patched_read else None, False, phase="write", **rate),
    ]
    runs = {"stock": boot(command=list(QEMU)), "patched": boot()}
    return passing(version, deltas, runs=runs, **more)


def costs(version: str, read: float, patched: float | None = 2400.0, **more: Any) -> Costs:
    found = costs_of(measured(version, read, patched, **more))
    assert found
    return found


def changes(*kernels: Costs, watched: Watched = READ) -> list[CostChange]:
    return cost_changes(kernels, [watched])


def test_a_record_gives_its_figures_and_what_they_were_taken_on() -> None:
    inputs = {"tools": "aa", "suites/guest/c": "bb", "own/x.c": "cc", "code": "dd"}
    found = costs("6.12.107", 900.0, inputs=inputs)
    assert (found.on.cpu, found.on.memory, found.on.cpus) == ("qemu64", "1024", "2")
    assert (found.on.profile, found.on.toolchain) == ("modern", "gcc 12.2.0")
    assert (found.on.accelerator, found.on.tools) == ("tcg,icount", "aa")
    assert ("memory", "1024 MiB") in found.on.known
    memory = found.figure("VmRSS", "read")
    assert memory and (memory.stock, memory.patched, memory.unit) == (0, 65536, "kB")
    # What measures is part of the conditions; what only keeps records is not, nor are cases.
    other = costs("6.12.107", 900.0, inputs=inputs | {"code": "ee", "own/x.c": "ff"})
    assert other.on == found.on
    other = costs("6.12.107", 900.0, inputs=inputs | {"suites/guest/c": "ee"})
    assert other.on.unlike(found.on) == ("program that measures",)


def test_qemus_version_is_a_condition_and_the_host_where_time_is_measured() -> None:
    made = CircumstancesRecord(tools={QEMU[0]: "QEMU emulator version 9.0.2"}, host="A CPU")
    counted = costs_of(replace(measured("6.1", 900.0), circumstances=made))
    assert counted and counted.on.emulator == "QEMU emulator version 9.0.2"
    assert counted.on.host == ""
    run = boot(accelerator="kvm", deterministic=False, command=list(QEMU))
    runs = codec.from_json(RunsRecord, {"stock": run}, "")
    timed = costs_of(replace(measured("6.1", 900.0), circumstances=made, runs=runs))
    assert timed and ("host", "A CPU") in timed.on.known


def test_the_break_even_is_derived_where_both_passes_were_counted() -> None:
    even = costs("6.12.107", 900.0, 2400.0).figure(BREAK_EVEN, "faults")
    assert even and even.patched == pytest.approx(100 * 1500 / 2495)
    never = costs("6.12.107", 900.0, 9000.0).figure(BREAK_EVEN, "faults")
    assert never and (never.patched, never.word) == (None, "never")
    assert costs("2.6.24", 2400.0, None).figure(BREAK_EVEN, "faults") is None


def test_a_record_without_figures_has_no_costs() -> None:
    assert costs_of(record("6.12.1", Result.CONFLICT)) is None


def test_forty_per_cent_more_instructions_between_two_kernels_is_a_change() -> None:
    found = changes(
        costs("6.12.107", 900.0, 3360.0),
        costs("6.12.105", 900.0, 2400.0),
        costs("6.12.106", 900.0, 2400.0),
    )
    (change,) = found
    assert (change.side, change.last, change.first) == ("patched", "6.12.106", "6.12.107")
    assert (change.before, change.after, change.words) == (2400.0, 3360.0, "+40.0 %")
    assert change.exact and not change.creeping and change.since == "6.12.105"


def test_what_is_within_the_bound_does_not_count_and_what_creeps_beyond_it_does() -> None:
    assert not changes(costs("6.1", 1000.0), costs("6.6", 1049.0))
    (change,) = changes(costs("6.1", 1000.0), costs("6.6", 1040.0), costs("6.12", 1080.0))
    assert (change.side, change.since, change.last, change.first) == ("stock", "6.1", "6.6", "6.12")
    assert change.creeping and change.words == "+8.0 %"


@pytest.mark.parametrize(
    "differs",
    [
        {"arch": "i386"},
        {"inputs": {"tools": "another gcc"}},
        {"inputs": {"suites/guest/c": "another program"}},
    ],
)
def test_figures_are_compared_with_their_like_alone(differs: dict[str, Any]) -> None:
    assert not changes(costs("6.1", 1000.0), costs("6.6", 2000.0, **differs))
    # The like stand apart, and are compared across the one that is not.
    (change,) = changes(
        costs("6.1", 1000.0), costs("6.6", 1000.0, **differs), costs("6.12", 2000.0)
    )
    assert (change.last, change.first) == ("6.1", "6.12")


def test_other_machines_are_not_alike() -> None:
    one = costs("6.1", 1000.0)
    for field in (
        "cpu",
        "memory",
        "cpus",
        "accelerator",
        "profile",
        "toolchain",
        "emulator",
        "host",
    ):
        other = replace(costs("6.6", 2000.0), on=replace(one.on, **{field: "other"}))
        assert not changes(one, other), field
        assert len(other.on.unlike(one.on)) == 1
    assert Conditions().unlike(Conditions()) == ()


def test_kernels_come_as_their_versions_do_and_what_is_none_is_left_out() -> None:
    (change,) = changes(
        costs("6.10", 2000.0),
        costs("not a kernel", 7.0),
        costs("6.9", 1000.0),
        costs("6.2", 1000.0),
    )
    assert (change.last, change.first) == ("6.9", "6.10")


def test_what_a_stable_kernel_takes_up_late_is_no_change_of_the_next_series() -> None:
    found = changes(
        costs("6.1.1", 1000.0),
        costs("6.1.2", 1500.0),
        costs("6.6.1", 1000.0),
        costs("6.6.2", 1000.0),
        costs("6.12.1", 1400.0),
        costs("6.12.2", 1400.0),
    )
    assert [(c.last, c.first) for c in found] == [("6.1.1", "6.1.2"), ("6.6.1", "6.12.1")]


def test_a_kernel_without_a_patched_one_is_compared_by_its_stock_figures() -> None:
    found = changes(
        costs("2.6.23", 700.0, 1340.0),
        costs("2.6.24", 1298.0, None),
        costs("2.6.32", 700.0, 1340.0),
    )
    assert [(c.side, c.last, c.first) for c in found] == [
        ("stock", "2.6.23", "2.6.24"),
        ("stock", "2.6.24", "2.6.32"),
    ]


def test_a_break_even_is_a_figure_of_the_pair_and_moves_by_points() -> None:
    watched = Watched(BREAK_EVEN, "faults", 0.05, floor=2.0)
    (change,) = changes(costs("6.1", 900.0), costs("6.6", 400.0), watched=watched)
    assert change.side == "pair" and change.words == "+20.0 points"
    assert not changes(costs("6.1", 900.0), costs("6.6", 870.0), watched=watched)


def test_measured_figures_are_judged_by_statistics_not_by_a_bound_alone() -> None:
    def timed(version: str, ticks: float) -> Costs:
        row = delta("ticks/page", ticks, None, False, unit="ticks/page") | {"exact": False}
        found = costs_of(passing(version, [row]))
        assert found
        return found

    watched = Watched("ticks/page", "read", 0.05)
    noisy = [timed(f"6.1.{n}", 1000 + 80 * (n % 3)) for n in range(30)]
    assert not cost_changes(noisy, [watched])
    slower = [timed(f"6.1.{n}", 1700 + 80 * (n % 3)) for n in range(30, 60)]
    (change,) = cost_changes([*noisy, *slower], [watched])
    assert (change.last, change.first, change.exact) == ("6.1.29", "6.1.30", False)
