# SPDX-License-Identifier: GPL-2.0-only
"""The ladder: ways to place a hunk, the surest first. Each is one module with one `place`.

A strategy takes a Job and gives a Placement, or a Miss that says why not. It never guesses: where
two places are as good as one another it misses. A new strategy is a module here and its rung (with
its word) in port/placed.py.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from zpmaint.port.placed import RUNGS
from zpmaint.port.placement import Attempt, Job
from zpmaint.port.strategies import pieces

Strategy = Callable[[Job], Attempt]


def _rung(name: str) -> Strategy:
    return cast("Strategy", import_module(f"zpmaint.port.strategies.{name}").place)


_WHOLE = tuple(map(_rung, RUNGS))


def _in_pieces(job: Job) -> Attempt:
    return pieces.place(job, _WHOLE)


LADDER: tuple[Strategy, ...] = (*_WHOLE, _in_pieces)
