# SPDX-License-Identifier: GPL-2.0-only
"""Which logs, consoles and configurations a record names, and what their pages are called. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import PurePath
from typing import Any

from zpmaint.ledger.stages import BuildRecord, KernelRecord, RunsRecord
from zpmaint.ledger.told import FailedBuildRecord, LogRecord
from zpmaint.ledger.values import Record

PER_PAGE = 5000
"""Lines of a log on one page: more, and a browser is slow to show it."""


@dataclass(frozen=True)
class LogPlace:
    """One log of a kernel."""

    name: str
    """Of its page: console-patched, build."""
    title: str
    digest: str = ""
    """Of what is kept; '' where the record is from before logs were kept whole."""
    size: int = 0
    lines: int = 0
    """0 where that is not known."""
    left_out: int = 0
    whole: str = ""
    path: str = ""
    """Where the machine that wrote it had it, where nothing is kept of it."""
    proof: str = ""
    """What shows that the file at `path` is still the one: the digest of its last lines as the
    record has them, or a word that its name has to hold."""

    def told(self) -> tuple[Any, ...]:
        """Its fields, as facts are kept."""
        return astuple(self)

    @property
    def parts(self) -> list[int]:
        """The first line of each of its pages."""
        return list(range(1, max(self.lines, 1) + 1, PER_PAGE))

    def file(self, first: int = 1) -> str:
        """The page that begins with a line."""
        return f"{self.name}.html" if first == 1 else f"{self.name}-from-{first}.html"

    @property
    def packed(self) -> str:
        """The whole text, to take away."""
        return f"{self.name}.txt.gz"

    def at(self, number: int) -> str:
        """The page and place of a line, from 1."""
        first = (max(number, 1) - 1) // PER_PAGE * PER_PAGE + 1
        return f"{self.file(first if first in self.parts else 1)}#L{number}"


def log_places(record: Record) -> list[LogPlace]:
    """Those of a record; of each name one."""
    found: dict[str, LogPlace] = {}
    for place in _all(record):
        found.setdefault(place.name, place)
    return list(found.values())


def tail_proof(tail: str) -> str:
    """What the last lines of a console are known by; '' where there are none."""
    return hashlib.sha256(tail.encode("utf-8", "replace")).hexdigest() if tail.strip() else ""


def _all(record: Record) -> Iterator[LogPlace]:
    if record.build:
        yield from _builds(record.build)
    if record.runs:
        yield from _consoles(record.runs, "", "")
        for number, (suite, runs) in enumerate(record.runs.suites.items(), 2):
            yield from _consoles(runs, f"-suite-{number}", f", suite {suite}")


def _consoles(runs: RunsRecord, mark: str, words: str) -> Iterator[LogPlace]:
    for flavour, run in runs.ran.items():
        for number, boot in enumerate(run.boots, 1):
            again = f", boot {number}" if number > 1 else ""
            yield _place(
                f"console-{flavour}{mark}{f'-boot-{number}' if number > 1 else ''}",
                f"Console of the {flavour} kernel{words}{again}",
                boot.kept,
                boot.console,
                tail_proof(boot.tail),
            )


def _builds(build: BuildRecord) -> Iterator[LogPlace]:
    if build.failed:
        yield from _failed(build.failed)
    for flavour, kernel in build.kernels.items():
        is_first = flavour == "stock" and build.failed is None
        name = "build" if is_first else f"build-{flavour}"
        title = f"Build of the {flavour} kernel"
        yield _place(name, title, kernel.kept, kernel.log, kernel.inputs[:16])
    yield from _configs(build)


def _failed(failed: FailedBuildRecord) -> Iterator[LogPlace]:
    title = f"Build of the {failed.flavour} kernel, which failed"
    yield _place("build", title, failed.kept, failed.log, failed.inputs[:16])
    if failed.first:
        yield _place("build-first", f"{title}: the first of two runs", failed.first, "", "")


def _configs(build: BuildRecord) -> Iterator[LogPlace]:
    seen = ""
    for flavour, kernel in build.kernels.items():
        if kernel.config and kernel.config.digest != seen:
            seen = kernel.config.digest
            yield _config(flavour, kernel)


def _config(flavour: str, kernel: KernelRecord) -> LogPlace:
    name = "config" if flavour == "stock" else f"config-{flavour}"
    return _place(
        name, f"Configuration of the {flavour} kernel: what is set", kernel.config, "", ""
    )


def _place(name: str, title: str, kept: LogRecord | None, path: str, proof: str) -> LogPlace:
    if kept:
        return LogPlace(name, title, kept.digest, kept.size, kept.lines, kept.left_out, kept.whole)
    is_usable = path and proof and PurePath(path).is_absolute()
    return LogPlace(name, title, path=path if is_usable else "", proof=proof if is_usable else "")
