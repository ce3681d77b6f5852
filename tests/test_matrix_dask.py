# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on three workers of a dask scheduler, each with a home of its own: the same outcomes
as on one machine, whoever is killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_app_verify import ROOT, Shop, pytestmark  # noqa: F401 (its condition is ours)

from zpmaint.app.far_worker import serve
from zpmaint.core.errors import InfraError
from zpmaint.ledger.logs import LogStore

pytest.importorskip("distributed", reason="NOT RUN: needs zpmaint[dask]")

SETS = ("toy", "toy-b", "toy-c", "toy-d")
ADDRESS = re.compile(r"tcp://(127\.0\.0\.1:\d+)")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path, monkeypatch)
    for name in SETS[1:]:
        shutil.copytree(made.project / "patches/toy", made.project / "patches" / name)
    config = made.project / "kernels.toml"
    config.write_text(config.read_text() + f"patches = {json.dumps(SETS)}\n")
    return made


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.slow  # a scheduler, three workers and eight verifications are 30 s of CPU
@pytest.mark.timeout(600)
def test_three_workers_one_of_them_killed(
    shop: Shop, started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    log = tmp_path / "scheduler.log"
    head = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        words = [*head, "--port", "0", "--no-dashboard"]
        started.append(subprocess.Popen(words, stdout=out, stderr=out, env=environment))
    while not (found := ADDRESS.search(log.read_text())):
        assert started[0].poll() is None, log.read_text()
        time.sleep(0.05)
    executor = f"dask://{found[1]}"
    for number in range(3):
        home = {**environment, "ZPMAINT_HOME": str(tmp_path / f"home-{number}")}
        words = [sys.executable, "-m", "zpmaint", "matrix", "worker", executor, "--kernels", "1"]
        started.append(
            subprocess.Popen(words, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
    process = shop.start("matrix", "run", "--executor", executor)
    first = started[1]
    while not list((tmp_path / "home-0/state/consoles").glob("*")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    first.kill()
    out, err = process.communicate(timeout=500)
    assert process.returncode == 0, err
    assert "4 verified now" in out
    far = shop.results()
    assert [one["result"] for one in far] == ["pass"] * 4
    store = LogStore(shop.home / "state/logs")
    for one in far:
        assert store.text(one["runs"]["patched"]["kept"]["digest"]) == b"Linux version 6.12.107\n"
    assert not (shop.home / "cache/work").exists(), "nothing was built here"
    # On this machine, from nothing: the same.
    shutil.rmtree(shop.home)
    assert shop.run("matrix", "run")[0] == 0
    near = shop.results()

    def told(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
        names = ("patchset", "key", "outcome", "result", "why", "project")
        return sorted(tuple(row[name] for name in names) for row in rows)

    assert told(far) == told(near)


def test_a_worker_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def starts(*_: object, **__: object) -> None:
        raise RuntimeError("Worker failed to start.") from AssertionError("Timeout too low")

    monkeypatch.setattr("distributed.Worker", starts)
    with pytest.raises(InfraError, match="did not start: AssertionError: Timeout too low"):
        serve("127.0.0.1:1", 1)
