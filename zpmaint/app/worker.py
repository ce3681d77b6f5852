# SPDX-License-Identifier: GPL-2.0-only
"""A process that verifies for a run of the matrix: one kernel after another, each step when the
run lets it. It writes no records, and it ends with the run, however that ends.

    python -m zpmaint.app.worker DESCRIPTOR
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from zpmaint.app.inputs import machine_basis
from zpmaint.app.kept_boots import KeptBoots
from zpmaint.app.messages import Came, Go, Job, Opening, Over, Said, Trouble, Wants
from zpmaint.app.session import Session
from zpmaint.app.verify import verify
from zpmaint.build.options import BuildOptions
from zpmaint.core.crash import as_failure
from zpmaint.core.ends import begin
from zpmaint.core.errors import ZpmaintError
from zpmaint.core.progress import Step
from zpmaint.matrix.plan import Due

_GRACE = 10.0
"""Seconds that what runs has to end by itself once the run is gone."""
_EVERY = 1.0
"""Seconds between two words on how far a step is."""


class RunGoneError(BaseException):
    """The run ended: nobody wants anything any more. As ^C it is no failure of what it ends, and
    nobody on the way takes it for one."""


class Line:
    """The socket to the run: many threads may speak, one listens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._speaking = threading.Lock()
        self._heard: SimpleQueue[Any] = SimpleQueue()
        self._is_waiting = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, message: object) -> None:
        """Nobody hears it once the run is gone: then what runs is being ended anyway."""
        with self._speaking, suppress(OSError):
            self._connection.send(message)

    def hear(self) -> Any:
        """The next message. Raises RunGoneError."""
        self._is_waiting.set()
        message = self._heard.get()
        if message is None:
            raise RunGoneError  # still one who waits: not to be interrupted where it cleans up
        self._is_waiting.clear()
        return message

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._heard.put(self._connection.recv())
        self._heard.put(None)
        time.sleep(0.05)  # who waits for a word only has to go
        if not self._is_waiting.is_set():
            os.kill(os.getpid(), signal.SIGINT)
        # What does not end when asked is ended with us: cells die with who started them.
        time.sleep(_GRACE)
        os.kill(os.getpid(), signal.SIGKILL)


class Relay:
    """A reporter whose listener is in the run's process."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._numbers = iter(range(sys.maxsize))

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Step]:
        number = next(self._numbers)
        self._line.say(Said(number, "open", f"{unit}\n{title}"))
        ended = "stopped"
        try:
            yield _RelayStep(self._line, number)
            ended = "done"
        finally:
            self._line.say(Said(number, "close", ended))


class _RelayStep:
    def __init__(self, line: Line, number: int) -> None:
        self._line, self._number, self._said = line, number, 0.0

    def advance(self, done: float, total: float | None = None) -> None:
        now = time.monotonic()
        if now - self._said >= _EVERY:
            self._said = now
            self._line.say(Said(self._number, "advance", done=done, total=total))

    def note(self, text: str) -> None:
        self._line.say(Said(self._number, "note", text))


class Asking:
    """The pace that the run sets."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @contextmanager
    def step(self, name: str) -> Iterator[int | None]:
        self._line.say(Wants(name))
        go: Go = self._line.hear()
        began = time.monotonic()
        try:
            yield go.jobs
        finally:
            self._line.say(Over(name, time.monotonic() - began))


def came(session: Session, job: Job, pace: Asking) -> Came:
    """Verify, and say what came of it; only the end of the run is raised."""
    due = job.due
    try:
        return Came(
            verify(
                session,
                session.patchset(due.patchset),
                due.version,
                session.chain(names=due.sources),
                build=replace(options_of(due), jobs=job.jobs),
                pace=pace,
                kept=KeptBoots(
                    session.places.cache / "boots",
                    machine_basis(session, due.version, due.arch),
                    session.reporter,
                    is_read=not job.anew,
                ),
            )
        )
    except RunGoneError:
        raise
    except ZpmaintError as error:
        return Came(None, Trouble.of(error))
    except Exception as error:
        return Came(None, Trouble.of(as_failure(error, session.places.state / "crashes")))


def options_of(due: Due) -> BuildOptions:
    """How a due verification is built."""
    return BuildOptions(due.arch, due.profile or None)


def main() -> int:
    """Serve the run at the other end of the socket until it closes it."""
    # A run in the background of a shell ignores SIGINT, and hands that down; ours is how we end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    line = Line(Connection(int(sys.argv[1])))
    try:
        opening: Opening = line.hear()
        sys.argv = list(opening.command)
        session = Session(opening.places, opening.config, Relay(line))
        begin(session.places.cache, session.places.state, reporter=session.reporter)
        while True:
            line.say(came(session, line.hear(), Asking(line)))
    except (RunGoneError, KeyboardInterrupt):
        return 0


if __name__ == "__main__":
    sys.exit(main())
