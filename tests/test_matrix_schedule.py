# SPDX-License-Identifier: GPL-2.0-only
"""What begins when: tables, and whole runs on a simulated clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.plan import Due
from zpmaint.matrix.schedule import Limits, Task, seconds_left, startable
from zpmaint.matrix.steps import ORDER, Step, declared, size

TABLE = declared()
TWO = Limits(2, 8 << 30)


def due(version: str = "6.1", arch: str = "x86_64", patchset: str = "p") -> Due:
    return Due(KernelVersion.parse(version), arch, patchset, ())


def task(rank: int, step: Step, version: str = "") -> Task:
    return Task(rank, due(version or f"6.{rank}"), step)


def begun(waiting: list[Task], running: list[Task], limits: Limits = TWO) -> list[tuple[int, str]]:
    return [(one.rank, str(one.step)) for one in startable(waiting, running, TABLE, limits)]


def test_two_builds_fill_two_cores_and_a_third_waits() -> None:
    builds = [task(n, Step.BUILD) for n in range(4)]
    assert begun(builds, []) == [(0, "build"), (1, "build")]
    assert begun(builds[2:], builds[:2]) == []
    assert begun(builds[2:], builds[:1]) == [(2, "build")]


def test_what_has_come_furthest_is_first_then_the_plans_order() -> None:
    waiting = [task(3, Step.BUILD), task(5, Step.BOOT), task(1, Step.BUILD)]
    assert begun(waiting, []) == [(5, "boot"), (1, "build")]


def test_what_needs_no_cores_goes_on_beside_builds() -> None:
    builds = [task(n, Step.BUILD) for n in range(2)]
    waiting = [task(2, Step.FETCH), task(3, Step.UNPACK), task(4, Step.PORT), task(5, Step.JUDGE)]
    found = begun(waiting, builds)
    assert sorted(found) == [(2, "fetch"), (3, "unpack"), (4, "port"), (5, "judge")]


def test_so_many_of_a_kind() -> None:
    assert len(begun([task(n, Step.FETCH) for n in range(5)], [])) == 2
    assert len(begun([task(n, Step.UNPACK) for n in range(5)], [])) == 1


def test_what_shares_a_place_is_not_at_it_at_once() -> None:
    one = Task(0, due("6.1"), Step.BUILD)
    same = Task(1, due("6.1", patchset="other"), Step.BUILD)
    other = Task(2, due("6.1", arch="i386"), Step.BUILD)
    assert begun([same, other], [one]) == [(2, "build")]
    # To boot two pairs of one kernel is no such thing.
    boots = [Task(n, due("6.1"), Step.BOOT) for n in range(2)]
    assert len(begun(boots, [])) == 2


def test_memory_is_kept_and_what_never_fits_runs_alone() -> None:
    small = Limits(2, 1 << 30)
    builds = [task(n, Step.BUILD) for n in range(2)]
    assert begun(builds, [], small) == [(0, "build")]
    assert begun([task(0, Step.BOOT)], [], Limits(2, 1)) == [(0, "boot")]
    assert begun([task(0, Step.BOOT)], [task(1, Step.FETCH)], Limits(2, 1)) == []


@pytest.mark.parametrize(
    ("cores", "jobs", "begins"), [(1, 1, 2), (2, 2, 2), (8, 8, 2), (64, 20, 4)]
)
def test_a_build_is_given_as_many_jobs_as_it_has_use_for(
    cores: int, jobs: int, begins: int
) -> None:
    assert TABLE.needs[Step.BUILD].jobs(cores) == jobs
    builds = [task(n, Step.BUILD) for n in range(9)]
    assert len(begun(builds, [], Limits(cores, 1 << 40))) == begins
    assert TABLE.begun(cores) >= begins


def test_every_step_has_its_needs() -> None:
    assert list(TABLE.needs) == list(ORDER)
    assert all(needs.deadline > 0 for needs in TABLE.needs.values())


@pytest.mark.parametrize(("text", "bytes_"), [("6G", 6 << 30), ("1.5k", 1536), ("12", 12)])
def test_sizes(text: str, bytes_: int) -> None:
    assert size(text) == bytes_


@pytest.mark.parametrize("text", ["", "G", "6X", "-1G", "nan", "inf", "1e99", "6 GB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UserError, match="is no size"):
        size(text)


@dataclass
class Simulated:
    """A whole run; each due goes through its steps, which take so many seconds where the cores are
    theirs, and longer where they are shared."""

    seconds: list[dict[Step, float]]
    limits: Limits
    dues: list[Due]
    used: float = 0.0
    """Core-seconds."""

    def run(self) -> float:
        """When the last one has ended."""
        steps = {rank: list(ORDER) for rank in range(len(self.dues))}
        queue = sorted(steps)
        waiting: dict[int, Task] = {}
        running: dict[int, Task] = {}
        work: dict[int, float] = {}
        now = 0.0
        while queue or waiting or running:
            while queue and len(waiting) + len(running) < TABLE.begun(self.limits.cores):
                rank = queue.pop(0)
                waiting[rank] = Task(rank, self.dues[rank], ORDER[0])
            for one in startable(waiting.values(), running.values(), TABLE, self.limits):
                running[one.rank] = waiting.pop(one.rank)
                work[one.rank] = self.seconds[one.rank][one.step]
            assert running, "something can always begin"
            self.check(running)
            load = sum(TABLE.needs[t.step].load(self.limits.cores) for t in running.values())
            rate = min(1.0, self.limits.cores / load) if load else 1.0
            rank = min(work, key=lambda rank: work[rank])
            passed = work[rank]
            now += passed / rate
            self.used += load * passed
            for other in work:
                work[other] -= passed
            del running[rank], work[rank]
            steps[rank].pop(0)
            if steps[rank]:
                waiting[rank] = Task(rank, self.dues[rank], steps[rank][0])
        return now

    def check(self, running: dict[int, Task]) -> None:
        kinds = Counter(one.step for one in running.values())
        for step, count in kinds.items():
            assert not TABLE.needs[step].at_once or count <= TABLE.needs[step].at_once
        places = [p for one in running.values() if (p := TABLE.needs[one.step].place(one.due))]
        assert len(places) == len(set(places))
        memory = sum(
            TABLE.needs[t.step].bytes_of_memory(self.limits.cores) for t in running.values()
        )
        assert len(running) == 1 or memory <= self.limits.memory


MODERN = {
    Step.FETCH: 8.0, Step.UNPACK: 15.0, Step.PORT: 3.0, Step.BUILD: 300.0, Step.BOOT: 60.0,
    Step.JUDGE: 1.0,
}  # fmt: skip


def test_fourteen_kernels_keep_two_cores_busy() -> None:
    run = Simulated([MODERN] * 14, TWO, [due(f"6.{n}") for n in range(14)])
    took = run.run()
    assert run.used / (took * TWO.cores) >= 0.92


times = st.fixed_dictionaries({step: st.floats(0.01, 500) for step in ORDER})


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(times, st.integers(0, 3)), min_size=1, max_size=12),
    st.integers(1, 64),
    st.integers(1, 64 << 30),
)
def test_every_run_ends_within_its_limits(
    made: list[tuple[dict[Step, float], int]], cores: int, memory: int
) -> None:
    dues = [due(f"6.{version}") for _, version in made]
    seconds = [one for one, _ in made]
    limits = Limits(cores, memory)
    took = Simulated(seconds, limits, dues).run()
    longest = max(sum(one.values()) for one in seconds)
    assert took >= longest - 1e-6
    chains = [tuple(one.items()) for one in seconds]
    assert longest - 1e-6 <= seconds_left(chains, TABLE, limits)


def test_the_time_left_is_near_what_a_simulated_run_takes() -> None:
    took = Simulated([MODERN] * 14, TWO, [due(f"6.{n}") for n in range(14)]).run()
    assert seconds_left([tuple(MODERN.items())] * 14, TABLE, TWO) == pytest.approx(took, rel=0.1)
    assert seconds_left([], TABLE, TWO) == 0
