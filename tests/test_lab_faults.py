# SPDX-License-Identifier: GPL-2.0-only
"""A disk that refuses the n-th call, and a kill at it: the landing says so or is gone, what was
there before is there still, and the next one goes through. strace answers in the kernel's place.

At every call: ZPMAINT_FAULTS=1 pytest tests/test_lab_faults.py; else at some of them.
"""

from __future__ import annotations

import errno
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_landings import LANDINGS
from lab_trace import strace

HERE = Path(__file__).parent
ALL = bool(os.environ.get("ZPMAINT_FAULTS"))
SOME = 1  # calls of each kind at which a landing is tried, where not all are
WRITING = (
    "write", "fsync", "rename", "mkdir", "openat", "fchmod", "syncfs", "renameat2", "rmdir",
    "link", "linkat", "unlink", "unlinkat",
)  # fmt: skip
REFUSALS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
# A refused fchmod or rmdir is no full disk's.
REFUSED = ("write", "fsync", "rename", "mkdir", "openat", "syncfs")


def start(name: str, top: Path, log: Path, *options: str) -> subprocess.CompletedProcess[str]:
    calls = ",".join(WRITING)
    return subprocess.run(
        [
            *(strace(), "-qq", "-o", str(log), "-y", "-e", f"trace={calls}", *options),
            *(sys.executable, str(HERE / "lab_landings.py"), name, str(top)),
        ],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def calls_of(name: str, place: Path) -> list[tuple[str, int]]:
    """The calls that the landing makes in its folder: which, and the how many-th of its kind."""
    top = made(name, place / "count")
    done = start(name, top, place / "log")
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = {}
    found = []
    for line in (place / "log").read_text().splitlines():
        if (match := re.match(r"(\w+)\(", line)) is None:
            continue
        counts[match[1]] = counts.get(match[1], 0) + 1
        if str(top) in line and (match[1] != "openat" or "O_CREAT" in line or ".tmp" in line):
            found.append((match[1], counts[match[1]]))
    assert found
    return found


def chosen(name: str, place: Path, kinds: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    every = [one for one in calls_of(name, place) if one[0] in kinds]
    for kind in kinds:
        these = [one for one in every if one[0] == kind]
        yield from these if ALL else random.Random(name).sample(these, min(SOME, len(these)))


def made(name: str, top: Path) -> Path:
    top.mkdir(parents=True)
    (top / ".ends").mkdir()
    LANDINGS[name].before(top)
    return top


def litter(top: Path) -> list[str]:
    return [
        str(path.relative_to(top))
        for path in top.rglob(".*")
        if path.name.endswith((".tmp", ".part")) or ".landing." in path.name
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["file", "value", "folder", "tree", "image", "archive", "site"])
def test_a_disk_that_refuses_any_call(name: str, tmp_path: Path) -> None:
    landing, tried = LANDINGS[name], 0
    for call, number in chosen(name, tmp_path, REFUSED):
        code = errno.errorcode[random.Random(f"{name} {call} {number}").choice(REFUSALS)]
        top = made(name, tmp_path / f"{call}-{number}")
        done = start(name, top, tmp_path / "log", "-e", f"inject={call}:error={code}:when={number}")
        where = f"{call} number {number}: {code}: {done.stdout}{done.stderr}"
        tried += 1
        assert "INJECTED" in (tmp_path / "log").read_text(), where
        assert done.returncode in (0, 3), where  # 0: what is for people alone was not written
        if done.returncode:
            assert done.stdout.startswith("infrastructure: "), where
            assert str(top) in done.stdout, where
            assert done.stdout.rstrip()[-1] != ":", f"no next step: {where}"
            assert [n for n in litter(top) if n != ".a.part"] == [], where
        assert landing.read(top) in landing.good, where
        assert start(name, top, tmp_path / "log").returncode == 0, where
        assert landing.read(top) == landing.good[-1], where
    assert tried >= SOME


@pytest.mark.slow
@pytest.mark.parametrize("name", ["file", "value", "folder", "tree", "image", "archive", "site"])
def test_a_kill_at_any_call(name: str, tmp_path: Path) -> None:
    landing = LANDINGS[name]
    for call, number in chosen(name, tmp_path, WRITING):
        top = made(name, tmp_path / f"{call}-{number}")
        done = start(name, top, tmp_path / "log", "-e", f"inject={call}:signal=KILL:when={number}")
        where = f"{call} number {number}"
        assert done.returncode != 0, where
        assert landing.read(top) in landing.good, where
        again = start(name, top, tmp_path / "log")
        assert again.returncode == 0, f"{where}: {again.stderr}"
        assert litter(top) == [], where
        assert landing.read(top) == landing.good[-1], where
        assert [p.name for p in (top / ".ends").glob("run-*")] == [], where
