# SPDX-License-Identifier: GPL-2.0-only
"""A worker whose run is gone: interrupted in its work, and left alone where it waits for some."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import Pipe
from queue import SimpleQueue

import pytest

from zpmaint.app import worker
from zpmaint.app.worker import Line, RunGoneError

PATIENCE = 60.0


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> SimpleQueue[int]:
    """Those that it would send itself."""
    sent: SimpleQueue[int] = SimpleQueue()
    monkeypatch.setattr(os, "kill", lambda process, number: sent.put(number))
    return sent


def pauses(monkeypatch: pytest.MonkeyPatch, until: threading.Event) -> None:
    """Let the line's pauses last until something has been."""
    monkeypatch.setattr(worker.time, "sleep", lambda seconds: until.wait(PATIENCE))  # type: ignore[attr-defined]


def test_who_waits_is_not_interrupted(
    signals: SimpleQueue[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on its way out, and its gits are ended one by one."""
    here, there = Pipe()
    has_heard = threading.Event()
    pauses(monkeypatch, has_heard)
    line = Line(here)
    there.close()
    with pytest.raises(RunGoneError):
        line.hear()
    has_heard.set()
    assert signals.get(timeout=PATIENCE) == signal.SIGKILL, "at the end of its grace"


def test_who_works_is_interrupted(
    signals: SimpleQueue[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = Pipe()
    is_gone = threading.Event()
    pauses(monkeypatch, is_gone)
    line = Line(here)
    there.send("a word")
    assert line.hear() == "a word"
    there.close()
    is_gone.set()
    assert signals.get(timeout=PATIENCE) == signal.SIGINT
    assert signals.get(timeout=PATIENCE) == signal.SIGKILL
