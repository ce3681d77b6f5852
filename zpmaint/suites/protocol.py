# SPDX-License-Identifier: GPL-2.0-only
"""What a suite says of itself: the one thing that the rooms above know of it.

A suite knows its cases, each with what a stock kernel must report, and the counters that it
measures; it makes the initramfs of a guest that runs some of them. What it runs reports in the
dialect of judge/ktap.py. Who boots it and who judges it does not know what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zpmaint.build.values import Kernel
from zpmaint.core.progress import Reporter
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Flip
from zpmaint.suites.counters import Counter
from zpmaint.suites.values import Case, Figure
from zpmaint.vm.initramfs import Entry


@dataclass(frozen=True)
class Ask:
    """What a suite is made ready for, and what it may use."""

    version: KernelVersion
    arch: str
    cache: Path
    reporter: Reporter
    tree: Callable[[Iterable[str]], Path]
    """The kernel's tree, with what is named (paths below its root) unpacked in it."""


@dataclass(frozen=True)
class Guest:
    """What a guest is started with."""

    init: bytes
    entries: tuple[Entry, ...] = ()
    append: tuple[str, ...] = ()
    """Words for the kernel's command line."""
    deadline: float | None = None
    """Seconds of QEMU's CPU time; None takes the machine's."""


@dataclass(frozen=True)
class Wanted:
    """What one guest of a suite is to do."""

    kernel: Kernel
    names: tuple[str, ...] | None
    """The cases to run; None for all, so that nothing is in the initramfs that need not be."""
    benchmark: bool = True
    shift: int = 0
    """Not 0: begun a little otherwise, which must not change what the cases report."""


@dataclass(frozen=True)
class Ready:
    """A suite whose programs are built."""

    cases: tuple[Case, ...]
    """Those that can be run; a guest asked for all runs them in this order."""
    guest: Callable[[Wanted], Guest]
    left_out: tuple[str, ...] = ()
    """What was asked for and cannot be run, and why: one line each. Never counted."""
    compared: bool = False
    """Whether cases are held to what stock reported: stock is then booted a second time, and a case
    that does not report the same each time is no witness."""


def nothing_ready(why: str) -> Ready:
    """A suite that can run nothing here; `why` is the line that says so."""

    def guest(_: Wanted) -> Guest:
        raise AssertionError("a suite without cases is not booted")

    return Ready((), guest, (why,))


class Suite(Protocol):
    """One suite, as a patch set wants it."""

    @property
    def name(self) -> str: ...

    @property
    def cases(self) -> tuple[Case, ...]:
        """Those that are known before anything is built."""

    @property
    def open_names(self) -> tuple[str, ...]:
        """Globs of the cases that only the kernel's tree can name."""

    @property
    def counters(self) -> tuple[Counter, ...]:
        """What its benchmark measures; () where it has none."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """What its cases may report beside their word."""

    @property
    def flips(self) -> tuple[Flip, ...]:
        """What the patch changes of its cases, as far as the suite itself says so."""

    def ready(self, ask: Ask) -> Ready:
        """Build what it runs. Raises UserError for a case that does not compile, InfraError for
        a missing program."""


def names(cases: Sequence[Case]) -> tuple[str, ...]:
    """Their names, in order."""
    return tuple(case.name for case in cases)
