# SPDX-License-Identifier: GPL-2.0-only
"""Listening to steps: live bars on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TextIO

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from zpmaint.cli.console import SafeConsole
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.shown import visible

_PLAIN_EVERY = 15.0  # seconds between two lines of one step in a log


def reporter_for(stream: TextIO, *, quiet: bool) -> Reporter:
    """The reporter that suits `stream`. NO_COLOR is honoured by rich itself."""
    if quiet:
        return SILENT
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        return Live(SafeConsole(file=stream, highlight=False))
    return Plain(stream)


def _amount(done: float, total: float | None, unit: str) -> str:
    if unit == "B":
        text = f"{done / 1e6:.1f}"
        return f"{text} of {total / 1e6:.1f} MB" if total else f"{text} MB"
    text = f"{done:g}"
    if total:
        text += f" of {total:g}"
    return f"{text} {unit}".rstrip()


class _PlainStep:
    def __init__(self, reporter: Plain, title: str, unit: str) -> None:
        self._reporter, self._title, self._unit = reporter, title, unit
        self._said = time.monotonic()

    def advance(self, done: float, total: float | None = None) -> None:
        now = time.monotonic()
        if now - self._said >= _PLAIN_EVERY:
            self._said = now
            self._reporter.line(f"  {self._title}: {_amount(done, total, self._unit)}")

    def note(self, text: str) -> None:
        self._reporter.line(f"  {text}")


class Plain:
    """One line when a step begins, one when it ends if it took over a second."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def line(self, text: str) -> None:
        self._stream.write(visible(text) + "\n")
        self._stream.flush()

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Step]:
        began = time.monotonic()
        self.line(f"{title} ...")
        ended = "stopped"
        try:
            yield _PlainStep(self, title, unit)
            ended = "done"
        finally:
            took = time.monotonic() - began
            if took >= 1:
                self.line(f"{title}: {ended} in {took:.1f} s")


class _LiveStep:
    def __init__(self, live: Live, task: TaskID, unit: str) -> None:
        self._live, self._task, self._unit = live, task, unit

    def advance(self, done: float, total: float | None = None) -> None:
        self._live.progress.update(
            self._task, completed=done, total=total, amount=_amount(done, total, self._unit)
        )

    def note(self, text: str) -> None:
        self._live.progress.console.print(f"  {text}", markup=False)


class _Bars(Progress):
    """Bars, with something above them."""

    above: RenderableType | None = None

    def get_renderables(self) -> Iterable[RenderableType]:
        if self.above is not None:
            yield self.above
        yield from super().get_renderables()


class Live:
    """Bars that vanish when their step is done, leaving one line if it took over a second."""

    def __init__(self, console: Console) -> None:
        self.progress = _Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[amount]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._open = 0
        self._turn = Lock()  # steps of several threads

    def above(self, shown: RenderableType | None) -> None:
        """Show this above the bars from now on, while there are any."""
        self.progress.above = shown

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Step]:
        with self._turn:
            if self._open == 0:
                self.progress.start()
            self._open += 1
        task = self.progress.add_task(title, total=None, amount="")
        began = time.monotonic()
        mark = "✗"
        try:
            yield _LiveStep(self, task, unit)
            mark = "✓"
        finally:
            self.progress.remove_task(task)
            took = time.monotonic() - began
            if took >= 1 or mark == "✗":
                self.progress.console.print(f"{mark} {title}  {took:.1f} s", markup=False)
            with self._turn:
                self._open -= 1
                if self._open == 0:
                    self.progress.stop()
