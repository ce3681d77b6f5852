# SPDX-License-Identifier: GPL-2.0-only
"""Steps as events: the rooms say what they do, whoever listens shows it.

A room takes a `Reporter` and never prints. The command line listens with rich or with plain
lines; tests listen with nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Step(Protocol):
    """One piece of work under way."""

    def advance(self, done: float, total: float | None = None) -> None:
        """Say how far it is: `done` of `total`, in the unit the step was opened with."""

    def note(self, text: str) -> None:
        """Say a thing worth keeping on the screen, such as a source that failed."""


class Reporter(Protocol):
    """Who listens to steps."""

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Step]:
        """Open a step; it ends with the block. `unit` is "B" for bytes, "" for plain counts."""
        yield _Silence()


class _Silence:
    def advance(self, done: float, total: float | None = None) -> None:
        pass

    def note(self, text: str) -> None:
        pass


class Silent:
    """A reporter that nobody listens to."""

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Step]:
        yield _Silence()


SILENT = Silent()
