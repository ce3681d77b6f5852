# SPDX-License-Identifier: GPL-2.0-only
"""Suites on kernels: a guest that dies is started again for the cases that it left over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Event

from zpmaint.app.kept_boots import KeptBoots
from zpmaint.app.session import Session
from zpmaint.build.values import Flavour, Kernel
from zpmaint.core.errors import InfraError
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.kernel_report import died_in
from zpmaint.judge.ktap import read_report
from zpmaint.sources.chain import Chain
from zpmaint.suites.boot.suite import Boot
from zpmaint.suites.protocol import Ask, Ready, Suite, Wanted
from zpmaint.suites.registry import SUITES, booted
from zpmaint.suites.values import Case
from zpmaint.vm.boot import boot
from zpmaint.vm.executed import Watch
from zpmaint.vm.initramfs import file, pack
from zpmaint.vm.parallel import in_parallel
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Outcome, Run

RESTARTS = 40
"""Guests started after the first, at most: a kernel that every case kills has been judged."""
HANGS = 3
"""Guests that may hang: each costs all of the machine's deadline, a panic a second or two."""
_FIRST = next(iter(SUITES))
"""The suite whose consoles need no name of it."""


@dataclass(frozen=True)
class Bootable:
    """A suite made ready, and what of it is to run."""

    suite: Suite
    ready: Ready
    chosen: tuple[Case, ...] | None = None
    """None for all of its cases: a guest then needs no list."""

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.ready.cases if self.chosen is None else self.chosen


@dataclass(frozen=True)
class Prepared:
    """All that boots are made for."""

    bootables: tuple[Bootable, ...]
    left_out: tuple[str, ...]
    """What was asked for and cannot be run, and why."""


@dataclass(frozen=True)
class SuiteRuns:
    """What one suite's guests came to."""

    bootable: Bootable
    runs: Mapping[str, Run]
    """By flavour."""
    again: Run | None = None
    """The stock kernel a second time, where cases are held to what it reports."""


def make_ready(
    session: Session,
    suites: Sequence[Suite],
    version: KernelVersion,
    arch: str,
    *,
    chain: Chain,
    keep: Sequence[str] = (),
) -> Prepared:
    """Those of `suites` that boots are made for, their programs built. What was asked for and
    cannot be run is told in a note. `keep` are the paths that the kernels' build wants in the tree.
    Raises as Suite.ready, and InfraError where nothing that was wanted can run here."""
    ask = Ask(
        version,
        arch,
        session.places.cache,
        session.reporter,
        lambda paths: chain.tree(version, [*keep, *paths]),
    )
    made: list[Bootable] = []
    left_out: list[str] = []
    for suite in booted(suites):
        ready = suite.ready(ask)
        left_out += ready.left_out
        if ready.left_out:
            with session.reporter.step(f"suite {suite.name}") as step:
                for line in ready.left_out:
                    step.note(f"left out: {line}")
        if ready.cases:
            made.append(Bootable(suite, ready))
    if not made:
        if "boot" not in (names := [suite.name for suite in suites]):
            # That the kernel comes up is not what was asked for, and no answer to it.
            raise InfraError(
                f"nothing of {', '.join(names)} can run on {version}: {'; '.join(left_out)}",
                "docs/suites.md says what each suite needs",
            )
        up = Boot()
        made.append(Bootable(up, up.ready(ask)))
    return Prepared(tuple(made), tuple(left_out))


def boot_suites(
    session: Session,
    kernels: Sequence[Kernel],
    bootables: Sequence[Bootable],
    *,
    accelerator: Accelerator = Accelerator.ICOUNT,
    benchmark: bool = True,
    attempt: str = "",
    at_once: int | None = None,
    kept: KeptBoots | None = None,
) -> list[SuiteRuns]:
    """Boot each of `kernels` with each suite, side by side where that changes nothing, `at_once` at
    most (None: as many as there are cores). `attempt` is a word in the names of the consoles, which
    keeps those of what was booted before. What is `kept` is not booted again."""

    def start(bootable: Bootable, kernel: Kernel, shift: int, stop: Event) -> Run:
        return boot_suite(
            session,
            kernel,
            bootable,
            accelerator=accelerator,
            benchmark=benchmark,
            stop=stop,
            shift=shift,
            attempt=attempt,
            kept=kept,
        )

    starts = {
        (number, str(kernel.flavour), shift): partial(start, bootable, kernel, shift)
        for number, bootable in enumerate(bootables)
        for kernel in kernels
        for shift in (0, 1)
        if not shift or (bootable.ready.compared and kernel.flavour is Flavour.STOCK)
    }
    ended = in_parallel(starts, accelerator=accelerator, most=at_once)
    return [
        SuiteRuns(
            bootable,
            {str(kernel.flavour): ended[number, str(kernel.flavour), 0] for kernel in kernels},
            ended.get((number, str(Flavour.STOCK), 1)),
        )
        for number, bootable in enumerate(bootables)
    ]


def boot_suite(
    session: Session,
    kernel: Kernel,
    bootable: Bootable,
    *,
    accelerator: Accelerator = Accelerator.ICOUNT,
    benchmark: bool = True,
    restarts: int = RESTARTS,
    stop: Event | None = None,
    shift: int = 0,
    attempt: str = "",
    kept: KeptBoots | None = None,
    watch: Watch | None = None,
) -> Run:
    """Boot `kernel` with a suite's init, then its benchmark.

    A death of the guest is the result of the case that was running. The guest is then started
    again for the cases after that one, up to `restarts` times and until the last of HANGS; not
    where it died before the first case (the next would, too) nor after the last. The consoles are
    kept in the state folder. `stop` and `watch`: as `boot`; `shift`: as `Wanted`; `attempt` and
    `kept`: as `boot_suites`."""
    benchmark = benchmark and bool(bootable.suite.counters)
    left = [case.name for case in bootable.cases]

    def start(names: Sequence[str] | None, number: int) -> Run:
        wanted = Wanted(kernel, None if names is None else tuple(names), benchmark, shift)
        mark = (f"-{number}" if number > 1 else "") + (f"-{attempt}" if attempt else "")
        return _boot(
            session,
            bootable,
            wanted,
            mark + ("-watched" if watch else ""),
            accelerator=accelerator,
            stop=stop,
            kept=kept,
            watch=watch,
        )

    # A guest without a list runs all: nothing is in its initramfs that need not be.
    runs = [start(None if bootable.chosen is None else left, 1)]
    while (run := runs[-1]).outcome is not Outcome.FINISHED and not run.outcome.is_infrastructure:
        report = read_report(run.results)
        died = died_in(run, report)
        left = [name for name in left if name != died and name not in report.results]
        hung = sum(boot.outcome is Outcome.HANG for boot in runs)
        if not died or len(runs) > restarts or hung == HANGS or not (left or benchmark):
            break
        runs.append(start(left, len(runs) + 1))
    return replace(runs[0], restarts=tuple(runs[1:]))


def _boot(
    session: Session,
    bootable: Bootable,
    wanted: Wanted,
    mark: str,
    *,
    accelerator: Accelerator,
    stop: Event | None,
    kept: KeptBoots | None,
    watch: Watch | None,
) -> Run:
    kernel, suite = wanted.kernel, bootable.suite.name
    guest = bootable.ready.guest(wanted)
    of = "" if suite == _FIRST else f"-{suite}"
    again = mark + ("-again" if wanted.shift else "")
    name = f"{kernel.version}-{kernel.arch}-{kernel.flavour}{of}-{kernel.inputs[:12]}{again}.log"
    console = session.places.state / "consoles" / name
    archive = pack([file("init", guest.init), *guest.entries])
    place = None
    if kept is not None:
        more = (accelerator, guest.deadline, wanted.shift)
        place = kept.place(kernel, archive, guest.append, *more)
        if found := kept.find(place, console):
            return found
    run = boot(
        kernel,
        archive,
        console=console,
        reporter=session.reporter,
        deadline=guest.deadline,
        accelerator=accelerator,
        append=guest.append,
        cache=session.places.cache,
        machines=session.machines,
        stop=stop,
        watch=watch,
    )
    if kept is not None and place is not None:
        kept.made(place, run)
    return run
