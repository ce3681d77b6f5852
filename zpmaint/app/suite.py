"""The suite on one kernel: a guest that dies is started again for the cases that it left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from threading import Event

from zpmaint.app.session import Session
from zpmaint.guest.cases import all_cases
from zpmaint.guest.compile import init_program
from zpmaint.guest.values import FULL, MINIMAL, Case
from zpmaint.judge.kernel_report import died_in
from zpmaint.judge.ktap import read_report
from zpmaint.kbuild.values import Kernel
from zpmaint.vm.boot import boot
from zpmaint.vm.initramfs import file, pack
from zpmaint.vm.parallel import in_parallel
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Outcome, Run

RESTARTS = 40
"""Guests started after the first, at most: a kernel that every case kills has been judged."""
HANGS = 3
"""Guests that may hang: each costs all of the machine's deadline, a panic a second or two."""
_LIST = "zp.cases"
_FULL_BUILDS = ("full", "debug")


def suite_profile(kernel: Kernel) -> str:
    """The profile of the suite that such a kernel has to answer for."""
    return FULL if kernel.profile in _FULL_BUILDS else MINIMAL


def boot_suites(
    session: Session,
    kernels: Sequence[Kernel],
    *,
    accelerator: Accelerator = Accelerator.ICOUNT,
    cases: Sequence[Case] | None = None,
    benchmark: bool = True,
) -> dict[str, Run]:
    """`boot_suite` of each of `kernels`, by flavour, side by side where that changes nothing."""

    def start(kernel: Kernel, stop: Event) -> Run:
        return boot_suite(
            session, kernel, accelerator=accelerator, cases=cases, benchmark=benchmark, stop=stop
        )

    starts = {str(kernel.flavour): partial(start, kernel) for kernel in kernels}
    return in_parallel(starts, accelerator=accelerator)


def boot_suite(
    session: Session,
    kernel: Kernel,
    *,
    accelerator: Accelerator = Accelerator.ICOUNT,
    cases: Sequence[Case] | None = None,
    benchmark: bool = True,
    restarts: int = RESTARTS,
    stop: Event | None = None,
) -> Run:
    """Boot `kernel` with the suite as its init, `cases` of it (None: all), then the benchmark.

    A death of the guest is the result of the case that was running. The guest is then started
    again for the cases after that one, up to `restarts` times and until the last of HANGS; not
    where it died before the first case (the next would, too) nor after the last. The consoles are
    kept in the state folder. `stop`: as `boot`."""
    left = [case.name for case in (all_cases() if cases is None else cases)]

    def start(names: Sequence[str] | None, number: int) -> Run:
        return _boot(
            session, kernel, names, number, accelerator=accelerator, benchmark=benchmark, stop=stop
        )

    # A guest without a list runs all: nothing is in its initramfs that need not be.
    runs = [start(None if cases is None else left, 1)]
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
    kernel: Kernel,
    names: Sequence[str] | None,
    number: int,
    *,
    accelerator: Accelerator,
    benchmark: bool,
    stop: Event | None,
) -> Run:
    program = init_program(kernel.arch, cache=session.places.cache, reporter=session.reporter)
    entries = [file("init", program.read_bytes())]
    if names is not None:
        entries.append(file(_LIST, "".join(f"{name}\n" for name in names).encode(), 0o644))
    append = [] if benchmark else ["zp.bench=0"]
    if suite_profile(kernel) == FULL:
        append.append("zp.profile=full")
    again = f"-{number}" if number > 1 else ""
    name = f"{kernel.version}-{kernel.arch}-{kernel.flavour}-{kernel.inputs[:12]}{again}.log"
    return boot(
        kernel,
        pack(entries),
        console=session.places.state / "consoles" / name,
        reporter=session.reporter,
        accelerator=accelerator,
        append=append,
        cache=session.places.cache,
        machines=session.machines,
        stop=stop,
    )
