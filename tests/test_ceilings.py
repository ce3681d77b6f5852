# SPDX-License-Identifier: GPL-2.0-only
"""A megabyte of any shape costs a reader no more than 10 s and 1 GB, and twice as much of it costs
about twice as much.

    ZPMAINT_CEILINGS=1 pytest tests/test_ceilings.py    a whole megabyte; without it a quarter
"""

from __future__ import annotations

import os

import pytest
from fuzz.ceiling import SECONDS, Taken, take
from fuzz.shapes import SHAPES
from fuzz.targets import TARGETS, Target

MEGABYTE = 1 << 20
WHOLE = bool(os.environ.get("ZPMAINT_CEILINGS"))
"""A whole megabyte, which takes minutes for all shapes; else a quarter of it."""
SLOW = 3
"""How many times as long a machine may take that does other things: two programs on one core take
more CPU time each."""
LARGE = {"taken-over": MEGABYTE // 4, "tables": MEGABYTE // 2}
"""Targets that read the same input several times over, each with the size they get."""


PART = 1.0 if WHOLE else 0.25


def taken(name: str, share: float = PART) -> Taken:
    target, made = SHAPES[name]
    data = made(int(LARGE.get(target, MEGABYTE) * share))
    return take(TARGETS[target], data, SLOW * SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_a_megabyte_of_a_shape(name: str) -> None:
    took = taken(name)
    assert not took.ended, took
    assert took.seconds <= SLOW * SECONDS, took
    # Of little time nothing is said by growth: it is that of the machine.
    if took.seconds > PART * SECONDS / 2:
        half = taken(name, PART / 2)
        assert took.seconds < 3 * half.seconds + 1, (half, took)


def test_what_takes_too_much_is_seen() -> None:
    def grows(data: bytes) -> None:
        _ = [bytes(1 << 20) for _ in range(4096)]

    def turns(data: bytes) -> None:
        while True:
            pass

    def raises(data: bytes) -> None:
        raise KeyError("x")

    assert "MemoryError" in take(Target(grows), b"", 20).ended
    assert "SIGXCPU" in take(Target(turns), b"", 1).ended
    assert "KeyError" in take(Target(raises), b"", 5).ended
    assert take(Target(len), b"", 5).ended == ""
