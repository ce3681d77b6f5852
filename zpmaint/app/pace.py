# SPDX-License-Identifier: GPL-2.0-only
"""When a step of a verification may begin: at once, or when whoever shares the machine says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Pace(Protocol):
    """Asked before each step: fetch, unpack, port, build, boot, judge, in this order; boot and
    judge a second time after a failure."""

    def step(self, name: str) -> AbstractContextManager[int | None]:
        """Wait until the step may begin; it ends with the block. Gives how many programs it may run
        side by side; None: as many as it wants."""


class AtOnce:
    """Nothing else is to be waited for."""

    @contextmanager
    def step(self, name: str) -> Iterator[int | None]:
        yield None


AT_ONCE = AtOnce()
