# SPDX-License-Identifier: GPL-2.0-only
"""Several processes on one home: each kernel is verified once, whoever is killed meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from test_app_verify import Shop, pytestmark  # noqa: F401 (its condition is ours)

from zpmaint.ledger.store import Ledger

SETS = ("toy", "toy-b", "toy-c")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Three verifications are due: one kernel with three patch sets."""
    made = Shop(tmp_path, monkeypatch)
    for name in SETS[1:]:
        shutil.copytree(made.project / "patches/toy", made.project / "patches" / name)
    config = made.project / "kernels.toml"
    config.write_text(config.read_text() + f"patches = {json.dumps(SETS)}\n")
    for flavour, flip in (("stock", "zero-page"), ("patched", "private")):
        made.guest(flavour, flip, "sleep 0.5")
    started: list[subprocess.Popen[str]] = []
    start = made.start
    monkeypatch.setattr(made, "start", lambda *words: started.append(start(*words)) or started[-1])
    yield made
    for process in started:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], word: str) -> str:
    """The line of its progress that has the word."""
    assert process.stderr
    for line in process.stderr:
        if word in line:
            return line
    raise AssertionError(f"it ended without {word!r}")


def is_running(command: str) -> bool:
    """Whether any process has this command line."""
    wanted = "".join(f"{word}\0" for word in command.split()).encode()
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if process.read_bytes() == wanted:
                return True
    return False


def kept(shop: Shop) -> Counter[str]:
    """How often each set was verified."""
    with Ledger(shop.home / "state/ledger.sqlite") as ledger:
        assert {r.result for r in ledger.history()} == {"pass"}
        return Counter(r.patchset for r in ledger.history())


def test_four_processes_verify_each_once(shop: Shop) -> None:
    processes = [shop.start("verify", "6.12.107", "--patch", "toy-b", "--json")]
    processes += [shop.start("matrix", "run") for _ in range(3)]
    ended = [(p.communicate(timeout=500), p.returncode) for p in processes]
    assert [status for _, status in ended] == [0] * 4, ended
    assert kept(shop) == dict.fromkeys(SETS, 1)
    for flavour in ("stock", "patched"):
        # The sets are one patch under three names: what a matrix booted for one serves another.
        boots = sum(e.count(f"boot 6.12.107 x86_64 {flavour} ...") for (_, e), _ in ended)
        assert 1 <= boots <= 3
    (verified, told), *matrices = [both for both, _ in ended]
    (record,) = json.loads(verified)
    assert (record["patchset"], record["result"]) == ("toy-b", "pass")
    fresh = [int(out.split(" verified now")[0].split()[-1]) for out, _ in matrices]
    by_verify = "another process verified it meanwhile" not in told
    assert sum(fresh) + by_verify == 3
    assert list((shop.home / "state/leases").iterdir()) == []
    # Asked for again, it is verified again.
    assert shop.run("verify", "6.12.107", "--patch", "toy-b")[0] == 0
    assert kept(shop)["toy-b"] == 2


def test_who_waits_for_one_that_is_killed_goes_on_at_once(shop: Shop) -> None:
    shop.guest("stock", "zero-page", "sleep 299.75")
    first = shop.start("verify", "6.12.107", "--json")
    while not is_running("sleep 299.75"):
        assert first.poll() is None
        time.sleep(0.05)
    shop.guest("stock", "zero-page")
    second = shop.start("matrix", "run")
    line = wait_for(second, "is at it")
    assert f"6.12.107 x86_64 toy: process {first.pid} (" in line
    # It did not stand in line: what was free is done.
    assert kept(shop) == {"toy-b": 1, "toy-c": 1}
    first.send_signal(signal.SIGKILL)
    first.communicate()
    out, err = second.communicate(timeout=500)
    assert second.returncode == 0, err
    assert "3 verified now" in out
    assert kept(shop) == dict.fromkeys(SETS, 1)


def test_a_verdict_that_cannot_be_kept_is_shown_and_taken_in_later(shop: Shop) -> None:
    ledger = shop.home / "state/ledger.sqlite"
    shop.run("results")
    shutil.copy(ledger, shop.folder / "whole")
    shop.guest("stock", "zero-page", "sleep 5")
    process = shop.start("verify", "6.12.107")
    wait_for(process, "boot 6.12.107 x86_64 patched")
    damaged = shop.folder / "damaged"
    damaged.write_bytes(os.urandom(40_000))
    damaged.replace(ledger)
    out, err = process.communicate(timeout=500)
    assert process.returncode == 3, err
    assert "not recorded" in err
    assert "unrecorded" in err
    assert "read.faults" in out, "it is shown in full"
    (left,) = (shop.home / "state/unrecorded").iterdir()
    # The ledger is noticed to be damaged before anything is done.
    status, _, err = shop.run("verify", "6.12.107")
    assert status in (2, 3)
    assert "boot" not in err
    for file in ledger.parent.glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(shop.folder / "whole", ledger)
    status, _, err = shop.run("results")
    assert (status, left.exists()) == (0, False)
    assert "recorded now" in err
    assert kept(shop) == {"toy": 1}
    assert "recorded now" not in shop.run("results")[2]
