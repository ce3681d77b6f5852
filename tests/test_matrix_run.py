# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledger_fixtures import SET, record

from zpmaint.core.crash import as_failure
from zpmaint.core.errors import IndeterminateError, InfraError, UserError, ZpmaintError
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.values import Record
from zpmaint.matrix import run
from zpmaint.matrix.again import Trouble
from zpmaint.matrix.options import RunOptions
from zpmaint.matrix.plan import Due
from zpmaint.matrix.run import Ended, MatrixRun, Recorder, Tell
from zpmaint.matrix.snapshot import Snapshot, UnderWay
from zpmaint.matrix.stop import Haste, Stop


def due(version: str) -> Due:
    return Due(KernelVersion.parse(version), "x86_64", SET, ("debian",))


def key_of(due: Due) -> str:
    return f"key-{due.version}"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as made:
        yield made


class Verifier:
    """Gives what it was told to give, and remembers what it was asked."""

    def __init__(self, **told: list[Result | BaseException]) -> None:
        self.told = {name.removeprefix("v").replace("_", "."): list(t) for name, t in told.items()}
        self.asked: list[str] = []

    def __call__(self, due: Due) -> Record:
        version = str(due.version)
        self.asked.append(version)
        answer = self.told[version].pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return record(version, answer, started=1000.0 + len(self.asked))


class Inline:
    """An executor without processes: the next one is verified when it is waited for."""

    def __init__(self, verify: Callable[[Due], Record], room: int = 1) -> None:
        self.verify, self.most = verify, room
        self.begun: list[tuple[int, Due]] = []

    @property
    def room(self) -> int:
        return self.most - len(self.begun)

    def begin(self, place: int, due: Due) -> None:
        self.begun.append((place, due))

    def wait(self, haste: Callable[[], Haste], tell: Tell) -> Ended | None:
        if not self.begun:
            return None
        tell(tuple(UnderWay(due, "", True, 0.0, "here") for _, due in self.begun))
        place, due = self.begun.pop(0)
        try:
            return Ended(place, self.verify(due))
        except ZpmaintError as error:
            return Ended(place, error=error)
        except Exception as error:
            return Ended(place, error=as_failure(error))

    def close(self) -> None:
        self.begun.clear()


def run_matrix(
    dues: list[Due],
    verify: Callable[[Due], Record],
    ledger: Recorder,
    key: Callable[[Due], str],
    **more: Any,
) -> MatrixRun:
    return run.run_matrix(dues, Inline(verify), ledger, key, **more)


def test_what_is_known_is_not_run_again(ledger: Ledger) -> None:
    ledger.record(record("6.1", Result.FAIL))
    verify = Verifier(v6_2=[Result.PASS])
    made = run_matrix([due("6.1"), due("6.2")], verify, ledger, key_of)
    assert verify.asked == ["6.2"]
    assert [(d.fresh, d.record and d.record.result) for d in made.done] == [
        (False, Result.FAIL),
        (True, Result.PASS),
    ]
    assert made.exit_status == 1, "a known failure is still a failure"


@pytest.mark.parametrize("first", [Result.INFRA, Result.INDETERMINATE])
def test_what_settles_nothing_is_tried_once_more_after_the_others(
    ledger: Ledger, first: Result
) -> None:
    verify = Verifier(
        v6_1=[first, Result.PASS],
        v6_2=[InfraError("no network"), Result.INFRA],
        v6_3=[Result.PASS],
    )
    told: list[tuple[str, Result]] = []
    made = run_matrix(
        [due("6.1"), due("6.2"), due("6.3")],
        verify,
        ledger,
        key_of,
        on_record=lambda d, r: told.append((str(d.version), r.result)),
    )
    assert verify.asked == ["6.1", "6.2", "6.3", "6.1", "6.2"]
    assert [d.record and d.record.result for d in made.done] == [
        Result.PASS,
        Result.INFRA,
        Result.PASS,
    ]
    assert [d.retried for d in made.done] == [True, True, False]
    assert made.exit_status == 3
    assert [v for v, _ in told] == verify.asked
    assert len(ledger.history()) == 5
    assert any(r.why == "no network" for r in ledger.history("6.2"))


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([Result.PASS, Result.PASS], 0),
        ([Result.PASS, Result.INFRA], 3),
        ([Result.INFRA, Result.CONFLICT], 1),
        ([Result.BUILD, Result.PASS], 1),
        ([Result.INFRA, UserError("bad patch")], 2),
        ([UserError("bad patch"), Result.FAIL], 1),
        ([], 0),
    ],
)
def test_the_worst_result_is_the_exit_status(
    ledger: Ledger, results: list[Result | BaseException], status: int
) -> None:
    told = {f"v6_{n}": [r, r] for n, r in enumerate(results)}
    dues = [due(f"6.{n}") for n in range(len(results))]
    assert run_matrix(dues, Verifier(**told), ledger, key_of).exit_status == status


def test_an_error_that_tells_nobodys_fault_is_recorded_as_such(ledger: Ledger) -> None:
    verify = Verifier(v6_1=[IndeterminateError("make: Error 2")] * 2)
    made = run_matrix([due("6.1")], verify, ledger, key_of)
    assert [r.result for r in ledger.history()] == [Result.INDETERMINATE] * 2
    assert made.exit_status == 3


def test_the_users_mistake_about_one_does_not_stop_the_others(ledger: Ledger) -> None:
    verify = Verifier(v6_1=[UserError("no such kernel")], v6_2=[Result.PASS])
    made = run_matrix([due("6.1"), due("6.2")], verify, ledger, key_of)
    assert [str(d.error) if d.error else None for d in made.done] == ["no such kernel", None]
    assert [r.version for r in ledger.history()] == ["6.2"]


def test_an_interruption_leaves_all_that_ended_recorded(ledger: Ledger) -> None:
    verify = Verifier(v6_1=[Result.PASS], v6_2=[KeyboardInterrupt()], v6_3=[Result.PASS])
    dues = [due("6.1"), due("6.2"), due("6.3")]
    with pytest.raises(KeyboardInterrupt):
        run_matrix(dues, verify, ledger, key_of)
    assert [r.version for r in ledger.history()] == ["6.1"]
    verify = Verifier(v6_2=[Result.PASS], v6_3=[Result.PASS])
    run_matrix(dues, verify, ledger, key_of)
    assert verify.asked == ["6.2", "6.3"], "the next run goes on"


@pytest.mark.parametrize("bug", [RuntimeError("odd"), RecursionError(), MemoryError(), KeyError(1)])
def test_a_bug_of_ours_at_one_kernel_does_not_stop_the_others(
    ledger: Ledger, bug: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    verify = Verifier(v6_1=[Result.PASS], v6_2=[bug, bug], v6_3=[Result.PASS])
    made = run_matrix([due("6.1"), due("6.2"), due("6.3")], verify, ledger, key_of)
    results = [one.record.result if one.record else None for one in made.done]
    assert results == [Result.PASS, Result.INDETERMINATE, Result.PASS]
    why = made.done[1].record.why if made.done[1].record else ""
    assert why.startswith(f"zpmaint itself failed: {type(bug).__name__}")
    [first, second] = sorted(tmp_path.glob("zpmaint-crash-*.txt"))
    assert str(first) in why or str(second) in why
    assert type(bug).__name__ in first.read_text()
    assert made.exit_status == 3


def test_a_disk_that_fails_one_kernel_is_no_bug(ledger: Ledger) -> None:
    failing = OSError(5, "Input/output error", "/x/mm/memory.c")
    verify = Verifier(v6_1=[failing, failing], v6_2=[Result.PASS])
    made = run_matrix([due("6.1"), due("6.2")], verify, ledger, key_of)
    first = made.done[0].record
    assert first is not None
    assert (first.result, first.why) == (
        Result.INFRA, "'/x/mm/memory.c': Input/output error",
    )  # fmt: skip


def test_a_bug_in_naming_the_inputs_of_one_does_not_stop_the_others(ledger: Ledger) -> None:
    def key(one: Due) -> str:
        if str(one.version) == "6.1":
            raise TypeError("odd")
        return key_of(one)

    made = run_matrix([due("6.1"), due("6.2")], Verifier(v6_2=[Result.PASS]), ledger, key)
    assert "zpmaint itself failed: TypeError: odd" in str(made.done[0].error)
    assert made.done[1].record is not None
    assert made.exit_status == 3


def test_a_ledger_that_fails_ends_the_run(ledger: Ledger) -> None:
    class Full:
        def known(self, key: str) -> Record | None:
            return None

        def record(self, record: Record) -> None:
            raise InfraError("disk full")

    with pytest.raises(InfraError, match="disk full"):
        run_matrix([due("6.1")], Verifier(v6_1=[Result.PASS]), Full(), key_of)


def test_notes_say_what_went_wrong(ledger: Ledger) -> None:
    notes: list[str] = []

    class Step:
        def advance(self, done: float, total: float | None = None) -> None: ...

        def note(self, text: str) -> None:
            notes.append(text)

    class Listening:
        @contextmanager
        def step(self, title: str, unit: str = "") -> Iterator[Step]:
            notes.append(title)
            yield Step()

    infra = InfraError("no network")
    run_matrix(
        [replace(due("6.1"))], Verifier(v6_1=[infra, infra]), ledger, key_of, reporter=Listening()
    )
    assert notes == [
        f"6.1 x86_64 {SET}",
        "6.1: no result: no network; tried again at the end",
        f"6.1 x86_64 {SET}",
        "6.1: no result: no network",
    ]


def test_a_run_that_is_to_stop_begins_nothing_more_and_names_what_is_left(ledger: Ledger) -> None:
    stop = Stop()
    made = run_matrix(
        [due("6.1"), due("6.2")],
        Verifier(v6_1=[Result.INFRA]),
        ledger,
        key_of,
        on_record=lambda due, record: stop.ask(),
        stop=stop,
    )
    assert [(str(one.due.version), one.retried) for one in made.done] == [("6.1", False)]
    assert made.left == (due("6.2"),)
    assert stop.haste is Haste.SOON
    stop.ask()
    assert stop.haste is Haste.AT_ONCE


@pytest.mark.parametrize(
    ("first", "asked"), [(Result.FAIL, ["6.1"]), (Result.INFRA, ["6.1", "6.2", "6.1"])]
)
def test_fail_fast_ends_with_a_kernels_failure_and_with_no_other(
    ledger: Ledger, first: Result, asked: list[str]
) -> None:
    verify = Verifier(v6_1=[first, first], v6_2=[Result.PASS])
    made = run_matrix([due("6.1"), due("6.2")], verify, ledger, key_of, fail_fast=True)
    assert verify.asked == asked
    assert len(made.left) == 2 - len(set(asked))


@pytest.mark.parametrize(
    "wrong", [{"jobs": 0}, {"memory": -1}, {"disk": -1}, {"executor": "dask://"},
              {"executor": "dask://host"}, {"executor": "host:80"}, {"executor": ""}]
)  # fmt: skip
def test_options_that_mean_nothing_are_refused_by_name(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(UserError, match=f"--{name}"):
        RunOptions(**wrong)


def test_the_scheduler_is_read_from_the_executors_name() -> None:
    assert RunOptions().scheduler == ""
    assert RunOptions(executor="dask://head.example:8786").scheduler == "head.example:8786"


def test_who_is_patient_leaves_what_is_to_wait_and_who_asks_does_not(ledger: Ledger) -> None:
    later = replace(due("6.1"), not_before=time.time() + 3600)
    verify = Verifier(v6_2=[Result.PASS])
    made = run_matrix([later, due("6.2")], verify, ledger, key_of, patient=True)
    assert (verify.asked, made.later, made.left) == (["6.2"], (later,), ())
    assert made.exit_status == 3, "nothing is known of it"
    asked = Verifier(v6_1=[Result.PASS])
    made = run_matrix([later, due("6.2")], asked, ledger, key_of)
    assert (asked.asked, made.later) == (["6.1"], ())


def test_a_flaky_one_is_run_again_though_it_settled(ledger: Ledger) -> None:
    ledger.record(record("6.1", Result.PASS))
    known = ledger.known("key-6.1")
    assert known is not None
    flaky = replace(due("6.1"), trouble=Trouble.FLAKY, turn=known.turn)
    verify = Verifier(v6_1=[Result.FAIL])
    run_matrix([flaky], verify, ledger, key_of)
    assert verify.asked == ["6.1"]


def test_who_looks_hears_what_runs_and_what_is_next(ledger: Ledger) -> None:
    seen: list[Snapshot] = []
    dues = [due("6.1"), due("6.2"), due("6.3")]
    run_matrix(
        dues,
        Verifier(v6_1=[Result.PASS], v6_2=[Result.PASS], v6_3=[Result.PASS]),
        ledger,
        key_of,
        on_change=seen.append,
        forecast=lambda left: 10.0 * len(left),
    )
    assert [(one.ended, len(one.under_way), len(one.next)) for one in seen] == [
        (0, 1, 2), (1, 1, 1), (2, 1, 0),
    ]  # fmt: skip
    assert [one.seconds_left for one in seen] == [30.0, 20.0, 10.0]
    assert seen[0].as_json()["next"] == [one.name for one in dues[1:]]
