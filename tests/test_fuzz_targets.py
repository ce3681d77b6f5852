# SPDX-License-Identifier: GPL-2.0-only
"""The targets of ci/fuzz without a fuzzer: their seeds, what was found before, and damage of it."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.seeds import FOUND, seeds
from fuzz.targets import TARGETS

from zpmaint.core.errors import UserError

FUZZ = Path(__file__).parent / "fuzz"
DAMAGED = 30
"""Damaged versions of each target's seeds; the same ones each time."""


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read_or_refused(name: str) -> None:
    assert seeds(name), "a target begins with something"
    for data in seeds(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_seeds_are_read_or_refused(name: str) -> None:
    chance = random.Random(name)
    for _ in range(DAMAGED):
        TARGETS[name](damaged(chance.choice(seeds(name)), chance))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """`data` with pieces cut, doubled, swapped or overwritten."""
    for _ in range(chance.randint(1, 4)):
        at, end = sorted(chance.randint(0, len(data)) for _ in range(2))
        piece = data[at : min(end, at + 200)]
        other = chance.choice(
            (b"", piece * 2, piece[::-1], chance.randbytes(3), b"\0", b"\xff\xfe", b"9" * 5000)
        )
        data = data[:at] + other + data[at + len(piece) :]
    return data


def test_what_was_found_belongs_to_a_target() -> None:
    assert {path.name for path in FOUND.glob("*") if path.is_dir()} <= TARGETS.keys()


def test_an_error_that_is_not_ours_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(data: bytes) -> None:
        raise UserError("ours") if data else KeyError("not ours")

    one = TARGETS["words"].__class__(read)
    one(b"x")
    with pytest.raises(KeyError):
        one(b"")


@pytest.mark.slow
def test_the_fuzzer_keeps_going_and_keeps_findings(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("NOT RUN: atheris is not installed (pip install -e '.[fuzz]')")
    words = ["words", "--seconds", "5", "--home", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, FUZZ / "run.py", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    name, _, runs, _, edges, findings = done.stdout.splitlines()[-1].split()
    assert (name, findings) == ("words", "0")
    assert int(runs) > 100
    assert int(edges) > 10
