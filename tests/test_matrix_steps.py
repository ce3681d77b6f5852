# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on the toy kernel, its steps in worker processes: what is done again and what is not,
and what is left when somebody is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from test_app_once import is_running
from test_app_verify import Shop, pytestmark  # noqa: F401 (its condition is ours)

from zpmaint.ledger.store import Ledger


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


def run(shop: Shop, *more: str) -> tuple[int, list[str]]:
    """Its exit status, and the guests and builds that it started."""
    status, _, err = shop.run("matrix", "run", *more)
    lines = [line.removesuffix(" ...") for line in err.splitlines() if line.endswith(" ...")]
    return status, sorted(line for line in lines if line.startswith(("boot ", "build ")))


BOOTS = [f"boot 6.12.107 x86_64 {flavour}" for flavour in ("patched", "stock")]
BUILDS = [f"build 6.12.107 {flavour} (x86_64)" for flavour in ("patched", "stock")]


def expects(shop: Shop, counters: str) -> None:
    """Change what is expected, and nothing else."""
    file = shop.project / "patches/toy/patch.toml"
    head, _, tail = file.read_text().partition("counters = ")
    file.write_text(f"{head}counters = {counters}\n{tail.partition(chr(10))[2]}")


def test_only_what_changed_is_done_again(shop: Shop) -> None:
    assert run(shop) == (0, BOOTS + BUILDS)
    assert run(shop) == (0, []), "all is known"
    expects(shop, '["VmRSS"]')
    assert run(shop) == (0, []), "an expectation is judged on what was booted before"
    assert len(shop.results()) == 1
    with Ledger(shop.home / "state/ledger.sqlite") as ledger:
        first, second = ledger.history()
    assert (first.key != second.key, first.outcome == second.outcome) == (True, True)
    assert first.runs and second.runs and first.runs.patched and second.runs.patched
    assert first.runs.patched.kept == second.runs.patched.kept, "with its console"
    # What is damaged is made anew, and it alone.
    damaged = next(p for p in sorted((shop.home / "cache/boots").glob("*/*.json")) if p.is_file())
    damaged.write_bytes(damaged.read_bytes()[:100])
    expects(shop, '["MinorFaults"]')
    status, done = run(shop)
    assert (status, len(done)) == (0, 1) and done[0] in BOOTS
    assert run(shop, "--again") == (0, BOOTS)


@pytest.mark.slow  # three processes and five boots of the toy are 10 s of CPU
def test_a_worker_that_is_killed_costs_its_kernel_one_try(shop: Shop) -> None:
    """And what ran in it is gone with it."""
    shop.guest("patched", "private", "sleep 298.25")
    process = shop.start("matrix", "run")
    try:
        while not is_running("sleep 298.25"):
            assert process.poll() is None
            time.sleep(0.05)
        shop.guest("patched", "private")
        (worker,) = workers_of(process.pid)
        os.kill(worker, signal.SIGKILL)
        _, err = process.communicate(timeout=250)
    finally:
        process.kill()
    assert not is_running("sleep 298.25")
    assert process.returncode == 0, err
    assert "the worker of 6.12.107 x86_64 toy ended in boot: signal 9" in err
    assert [one["result"] for one in shop.results()] == ["pass"]
    with Ledger(shop.home / "state/ledger.sqlite") as ledger:
        assert [one.result for one in ledger.history()] == ["pass", "infrastructure"]


@pytest.mark.slow  # three processes and two boots of the toy
def test_a_run_in_the_background_that_is_ended_is_no_failure_of_ours(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell has what runs in its background ignore SIGINT, by which workers are to end. One of
    them waits for its turn meanwhile."""
    shop.guest("patched", "private", "sleep 297.75")
    two_sets(shop)
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = shop.start("matrix", "run", "--jobs", "1")
    finally:
        signal.signal(signal.SIGINT, kept)
    try:
        while not is_running("sleep 297.75"):
            assert process.poll() is None
            time.sleep(0.05)
        while len(workers := workers_of(process.pid)) < 2:
            time.sleep(0.05)
        process.kill()
        process.wait(timeout=100)
        for worker in workers:
            until_gone(worker)
    finally:
        process.kill()
        process.communicate()
    assert workers and not is_running("sleep 297.75")
    assert not (shop.home / "state/crashes").exists()
    shop.guest("patched", "private")
    assert run(shop)[0] == 0
    assert [one["result"] for one in shop.results()] == ["pass", "pass"]


@pytest.mark.slow  # four processes and four boots of the toy
def test_sigterm_lets_the_step_that_runs_end_and_begins_no_other(shop: Shop) -> None:
    """What it came to is recorded with its verdict; the next run has only the rest to do."""
    goes_on = shop.folder / "goes-on"
    shop.guest("patched", "private", f"while [ ! -e {goes_on} ]; do sleep 0.05; done")
    two_sets(shop)
    process = shop.start("matrix", "run", "--jobs", "1")
    try:
        until_booted(shop, process)
        asked_to_end(process)
        goes_on.touch()
        _, err = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert err.count("not reached") == 1 and "the same command goes on from there" in err
    assert [one["result"] for one in shop.results()] == ["pass"]
    with Ledger(shop.home / "state/ledger.sqlite") as ledger:
        assert [one.result for one in ledger.history()] == ["pass"], "and nothing else"
    status, done = run(shop)
    assert status == 0 and BUILDS[1] not in done and len(shop.results()) == 2


@pytest.mark.slow  # two processes and a boot of the toy
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_what_runs(shop: Shop, second: signal.Signals) -> None:
    shop.guest("patched", "private", "sleep 296.5")
    process = shop.start("matrix", "run")
    try:
        until_booted(shop, process)
        asked_to_end(process)
        process.send_signal(second)
        _, err = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 130 and "interrupted; what was recorded stays" in err
    assert not is_running("sleep 296.5") and shop.results() == []


def two_sets(shop: Shop) -> None:
    """Two patch sets, so that there is something left to do."""
    shutil.copytree(shop.project / "patches/toy", shop.project / "patches/other")
    with (shop.project / "kernels.toml").open("a") as kernels:
        kernels.write('patches = ["toy", "other"]\n')


def asked_to_end(process: subprocess.Popen[str]) -> None:
    """SIGTERM, and that it says to have heard."""
    process.terminate()
    assert process.stderr
    assert any("SIGTERM: steps that run go to their ends" in line for line in process.stderr)


def until_booted(shop: Shop, process: subprocess.Popen[str]) -> None:
    """Wait until a guest of the patched kernel runs."""
    consoles = shop.home / "state/consoles"
    while not list(consoles.glob("*patched*")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def until_gone(process: int) -> None:
    """Wait until it runs no more; a zombie that nobody waits for does not."""
    for _ in range(2000):
        with suppress(OSError):
            if "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text():
                time.sleep(0.05)
                continue
        return
    raise AssertionError(f"process {process} is still there")


def workers_of(parent: int) -> list[int]:
    """The processes that a run has started."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(place.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(place.parent.name))
    return found
