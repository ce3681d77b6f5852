# SPDX-License-Identifier: GPL-2.0-only
"""A wish that a run of the matrix ends, from another thread or from a handler of a signal."""

from __future__ import annotations

from enum import IntEnum
from threading import Event


class Haste(IntEnum):
    """How soon."""

    NONE = 0
    SOON = 1
    """Begin no further step; those that run go to their ends, and what a kernel has reached so far
    is where the next run goes on."""
    AT_ONCE = 2
    """End what runs. What was recorded stays; nothing half is left."""


class Stop:
    """Asked for once or twice. No locks: a handler of a signal may call it at any moment."""

    def __init__(self) -> None:
        self._soon = Event()
        self._at_once = Event()

    def ask(self) -> None:
        """The first time soon, the second time at once."""
        if self._soon.is_set():
            self._at_once.set()
        self._soon.set()

    @property
    def haste(self) -> Haste:
        if self._at_once.is_set():
            return Haste.AT_ONCE
        return Haste.SOON if self._soon.is_set() else Haste.NONE
