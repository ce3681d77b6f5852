# SPDX-License-Identifier: GPL-2.0-only
"""What one receiver was told and is still to be told, beside the ledger.

    FOLDER/journal      a line for each end of a notice, appended and on the disk before it counts
    FOLDER/queue/UUID   a notice that waits, sealed
    FOLDER/refused/UUID one that the receiver would not have
    FOLDER/wait         how long it is left alone

A notice is in the queue before anything is sent, and in the journal when it was taken. A kill in
between hands it over again, with the same name: receivers know it by that. What is damaged costs
its own line or notice, of which the reporter hears, and no other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zpmaint.core.disk import make_folder, sync_folder, writing
from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.remembered import recall, remember
from zpmaint.service.notices.news import Baseline, Notice, notice_of
from zpmaint.service.notices.waits import NONE, Wait


class Outbox:
    """Opened by `opened`, for one process at a time."""

    def __init__(self, folder: Path, reporter: Reporter) -> None:
        self._folder, self._reporter = folder, reporter
        self.baseline: Baseline | None = None
        """Where news begin; None: the receiver was never seen before."""
        self.passed: set[str] = set()
        """Ids of what stood on the site when it was first seen."""
        self.done: set[str] = set()
        """Ids of what it took, or would not have."""
        self._read()

    def begin(self, baseline: Baseline, passed: list[Notice]) -> None:
        """Keep where news begin, and what stood there then."""
        lines: list[dict[str, Any]] = [{"passed": one.id} for one in passed]
        # The baseline last: without it all of this is done again.
        self._append([*lines, {"since": baseline.since, "horizon": baseline.horizon}])
        self.baseline, self.passed = baseline, {one.id for one in passed}

    def put(self, notices: list[Notice]) -> None:
        """Keep notices until they are taken."""
        for one in notices:
            place = self._queue / one.uuid
            if recall(place, self._reporter) is None:
                remember(place, {"notice": one.as_json(), "tries": 0})

    def waiting(self) -> list[tuple[Notice, int]]:
        """What is still to be told, oldest first, each with how often it was refused."""
        found: list[tuple[Notice, int]] = []
        for place in sorted(self._queue.iterdir()) if self._queue.is_dir() else ():
            if place.name.startswith("."):
                continue
            row = recall(place, self._reporter)
            with suppress(ValueError, TypeError, KeyError):
                if row is not None:
                    one = notice_of(row["notice"])
                    if one.id in self.done:  # a kill came between the two
                        place.unlink(missing_ok=True)
                    else:
                        found.append((one, int(row["tries"])))
        return sorted(found, key=lambda pair: (pair[0].when, pair[0].id))

    def taken(self, one: Notice, now: float) -> None:
        """It arrived."""
        self._append([{"taken": one.id, "at": now}])
        self.done.add(one.id)
        with writing(self._queue):
            (self._queue / one.uuid).unlink(missing_ok=True)

    def refused(self, one: Notice, tries: int) -> None:
        """Keep that the receiver would not have it, so often by now."""
        remember(self._queue / one.uuid, {"notice": one.as_json(), "tries": tries})

    def set_aside(self, one: Notice, why: str, now: float) -> None:
        """Try it no more; it stays to be looked at."""
        remember(self._folder / "refused" / one.uuid, {"notice": one.as_json(), "why": why})
        self._append([{"refused": one.id, "at": now}])
        self.done.add(one.id)
        with writing(self._queue):
            (self._queue / one.uuid).unlink(missing_ok=True)

    @property
    def wait(self) -> Wait:
        row = recall(self._folder / "wait", self._reporter)
        try:
            made = Wait(**row) if row else NONE
            return Wait(int(made.failures), float(made.not_before), str(made.why))
        except (TypeError, ValueError):
            return NONE

    @wait.setter
    def wait(self, wait: Wait) -> None:
        if wait == NONE:
            with writing(self._folder):
                (self._folder / "wait").unlink(missing_ok=True)
        else:
            remember(self._folder / "wait", asdict(wait))

    @property
    def _queue(self) -> Path:
        return self._folder / "queue"

    @property
    def _journal(self) -> Path:
        return self._folder / "journal"

    def _read(self) -> None:
        try:
            lines = self._journal.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        damaged = 0
        for line in filter(None, lines):
            try:
                self._take(json.loads(line))
            except (ValueError, TypeError, KeyError, RecursionError):
                damaged += 1
        if damaged:
            with self._reporter.step("read who was told what") as step:
                step.note(f"{self._journal}: passed over {damaged} lines that are damaged")

    def _take(self, row: dict[str, Any]) -> None:
        if "passed" in row:
            self.passed.add(str(row["passed"]))
        elif "since" in row:
            self.baseline = Baseline(float(row["since"]), float(row["horizon"]))
        else:
            self.done.add(str(row["taken"] if "taken" in row else row["refused"]))

    def _append(self, rows: list[dict[str, Any]]) -> None:
        with writing(self._journal):
            is_new = not self._journal.exists()
            handle = os.open(
                self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
            )
            try:
                # Begun on a line of its own, whatever a kill or a full disk left there.
                text = "".join(f"\n{json.dumps(row)}" for row in rows) + "\n"
                data = memoryview(text.encode())
                while data:
                    data = data[os.write(handle, data) :]
                os.fsync(handle)
            finally:
                os.close(handle)
            if is_new:
                sync_folder(self._folder)


@contextmanager
def opened(folder: Path, reporter: Reporter = SILENT) -> Iterator[Outbox]:
    """The outbox in `folder`, which no other process has meanwhile. Raises DiskError where it
    cannot be kept: then nothing was sent."""
    with writing(folder):
        make_folder(folder)
    with locked(folder, reporter):
        yield Outbox(folder, reporter)


def looked_at(folder: Path, reporter: Reporter = SILENT) -> Outbox:
    """The same for who only reads: nothing is made, and nobody is waited for."""
    return Outbox(folder, reporter)
