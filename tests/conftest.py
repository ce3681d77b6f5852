# SPDX-License-Identifier: GPL-2.0-only
"""What all tests share: an own cache and state, no leftovers of the caller's environment."""

from __future__ import annotations

import functools
import gc
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from zpmaint.core import in_use
from zpmaint.port import calibration

# What a shell starts in the background ignores ^C, and so would all that the tests start and
# interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is.
settings.register_profile("zpmaint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("zpmaint")

_OURS = ("ZPMAINT_PROJECT", "ZPMAINT_HOME")


_CACHE = type(functools.cache(len))


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reads or writes the user's cache, ledger or git configuration."""
    for name in [*_OURS, *(key for key in os.environ if key.startswith("GIT_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path / "home"))
    yield
    # gpg leaves an agent behind for every home it made keys in.
    for ring in tmp_path.glob("*/pubring.kbx"):
        subprocess.run(["gpgconf", "--homedir", ring.parent, "--kill", "all"], check=True)


@pytest.fixture(autouse=True)
def _nothing_stays_in_use() -> Iterator[None]:
    """A process holds what it uses of a cache as long as it lives: that of all tests would hold
    thousands of locks."""
    with in_use.scope():
        yield


@pytest.fixture(autouse=True)
def _raw_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports say how sure the strategies are by themselves: what was measured of their scores
    changes whenever it is measured again."""
    monkeypatch.setattr(calibration, "table", dict)


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No process that has this run's temporary folder in its command line outlives it."""
    yield
    # A repository is open until nobody can read it any more, be it for what is remembered of it.
    for one in gc.get_objects():
        if isinstance(one, _CACHE):
            one.cache_clear()
    gc.collect()
    folder = os.fsencode(tmp_path_factory.getbasetemp())
    until = time.monotonic() + 20
    while (left := list(_naming(folder))) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left, "processes that the tests left running"


def _ancestry() -> set[int]:
    found, pid = set(), os.getpid()
    while pid > 0:
        found.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def _naming(folder: bytes) -> Iterator[str]:
    ours = _ancestry()  # where the folder may have been asked for with --basetemp
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if folder in words and int(place.parent.name) not in ours:
            yield words.replace(b"\0", b" ").decode(errors="replace")


@pytest.fixture(scope="session")
def kernel_git() -> Path:
    """A git mirror of the kernel with its old tags; the test is skipped without one."""
    named = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not named:
        pytest.skip("NOT RUN: set ZPMAINT_KERNEL_GIT to a git repository with the kernel's tags")
    path = Path(named)
    if not path.exists():
        pytest.fail(f"ZPMAINT_KERNEL_GIT names {named}, which is not there")
    return path
