# SPDX-License-Identifier: GPL-2.0-only
"""Trying a suite with planted bugs: one mutant at a time is placed, built, booted and judged."""

from __future__ import annotations

import filecmp
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from zpmaint.app.job import Job
from zpmaint.app.pair import follow, fragments_of
from zpmaint.app.port import built_of
from zpmaint.app.suite import Bootable, boot_suite, make_ready
from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import build as build_kernels
from zpmaint.build.values import Flavour, Kernel
from zpmaint.build.worktree import fingerprint
from zpmaint.core.errors import InfraError, KernelError
from zpmaint.core.progress import SILENT
from zpmaint.core.wishes import Fragment
from zpmaint.mutation.catch import cases_run, catches, started
from zpmaint.mutation.place import place
from zpmaint.mutation.store import Found, Store, key
from zpmaint.mutation.values import Catch, Mutant, Placed, State, Trial
from zpmaint.patchset.values import Flip
from zpmaint.sources.added import added_later
from zpmaint.suites.guest.start import suite_profile
from zpmaint.suites.protocol import Guest, Suite, Wanted
from zpmaint.suites.registry import all_flips, suites_of
from zpmaint.suites.values import Case
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Outcome

_BATCH = 32
"""Cases of one boot, where each boot but the last is to be spared: a boot by itself costs what ten
cases do."""
IN_A_ROW = 5
"""Mutants one after the other that came to nothing by the machine's fault: then it is the machine
that wants a look, not the next mutant."""


@dataclass(frozen=True)
class Batch:
    """Cases of one suite that share a boot."""

    bootable: Bootable
    cases: tuple[Case, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(case.name for case in self.cases)


@dataclass(frozen=True)
class Bench:
    """A kernel as patched, ready to have mutants planted in it."""

    job: Job
    build: BuildOptions
    accelerator: Accelerator
    brief: bool
    """Whether the suite is run in batches, and no further than to the first that notices."""
    tree: Path
    source_id: str
    patched: Mapping[str, bytes | None]
    fragments: tuple[Fragment, ...]

    @classmethod
    def lay(
        cls,
        job: Job,
        *,
        build: BuildOptions,
        accelerator: Accelerator,
        brief: bool = False,
    ) -> Bench:
        """Port, and fetch the tree. Raises KernelError where the port is a conflict."""
        port = job.port()
        if not port.state.leads_on:
            raise KernelError(
                f"{job.patchset.name} on {job.version}: {port.state}: {port.why}",
                f"see {job.command('port')}",
            )
        tree = job.chain.tree(job.version, keep=built_of(job.patchset.anchors, build.arch))
        source_id = fingerprint(tree, added_later(tree))
        derived = follow(
            job.session,
            job.patchset,
            job.version,
            tree,
            port,
            options=build,
            source_id=source_id,
            work=job.session.places.cache / "mutants",
        )
        fragments = fragments_of(job.patchset, job.version, build, derived)
        return cls(job, build, accelerator, brief, tree, source_id, port.contents(), fragments)

    def read(self, path: str) -> bytes | None:
        """A file of the patched kernel."""
        if path in self.patched:
            return self.patched[path]
        found = self.tree / path
        return found.read_bytes() if found.is_file() else None

    def place(self, mutant: Mutant) -> Placed | str:
        return place(mutant, self.job.version, self.read)

    def kernel(self, over: Mapping[str, bytes] | None = None) -> Kernel:
        """The patched kernel, with the files of `over` in it. Objects and images are kept beside
        those of the pair, not among them."""
        places = self.job.session.places
        files = {**self.patched, **(over or {})}
        flavours = (Flavour.STOCK, Flavour.PATCHED) if files else (Flavour.STOCK,)
        pair = build_kernels(
            self.job.version,
            self.tree,
            self.build,
            files or None,
            work=places.cache / "mutants",
            ccache=places.cache / "ccache",
            # One object and a link: the progress is that of the mutants.
            reporter=SILENT if over else self.job.session.reporter,
            flavours=flavours,
            source_id=self.source_id,
            fragments=self.fragments,
            data=self.job.session.build_data,
            later=added_later(self.tree),
            narrow=True,
        )
        return pair.patched or pair.stock

    @cached_property
    def store(self) -> Store:
        return Store(self.job.session.places.state / "mutants")

    @cached_property
    def bootables(self) -> tuple[Bootable, ...]:
        """The set's suites that know beforehand what a patched kernel must report; what is held to
        what stock did report is left out, with a word."""
        job = self.job
        ready = make_ready(
            job.session,
            self._suites,
            job.version,
            self.build.arch,
            chain=job.chain,
            keep=built_of(job.patchset.anchors, self.build.arch),
        )
        kept = tuple(one for one in ready.bootables if not one.ready.compared)
        with job.session.reporter.step("suites that are to notice") as step:
            for one in ready.bootables:
                if one not in kept:
                    step.note(f"left out: {one.suite.name}: it is held to what stock reports")
        if not kept:
            raise InfraError(
                f"{job.patchset.name}: no suite of it says beforehand what a kernel must report",
                "docs/suites.md says how a set brings cases of its own",
            )
        return kept

    @cached_property
    def _suites(self) -> tuple[Suite, ...]:
        return suites_of(self.job.patchset, version=self.job.version)

    @property
    def batches(self) -> list[Batch]:
        """The suites, in one boot each or in several."""
        return [
            Batch(one, one.cases[at : at + size])
            for one in self.bootables
            for size in [_BATCH if self.brief else max(1, len(one.cases))]
            for at in range(0, max(1, len(one.cases)), size)
        ]

    def identity(self) -> str:
        """A hash of the suites: what runs in the guests, what is expected of them, and where."""
        guests = [self._guest(self.kernel(), Batch(one, one.cases)) for one in self.bootables]
        return key((*guests, self.accelerator, repr(self._flips)))

    @cached_property
    def _flips(self) -> list[tuple[str, Flip]]:
        flips = all_flips(self.job.patchset, self._suites)
        return sorted((flip.case, flip) for flip in flips if self.job.version in flip.era)

    def _guest(self, kernel: Kernel, batch: Batch) -> str:
        guest = batch.bootable.ready.guest(
            Wanted(kernel, tuple(c.name for c in batch.cases), False)
        )
        program = hashlib.sha256(guest.init).hexdigest()
        return repr((program, guest.entries, guest.append, batch.cases))

    def ask(
        self,
        kernel: Kernel,
        batch: Batch,
        ran: frozenset[str],
        title: str = "",
        deadline: float | None = None,
    ) -> tuple[Found, bool]:
        """What a batch's cases see on `kernel`, and whether it was known; `deadline` in seconds of
        QEMU's CPU time, None for the machine's own. Raises InfraError where the boot says nothing
        about the kernel."""
        guest = self._guest(kernel, batch)
        of = key((kernel.inputs, self.accelerator, repr(self._flips), guest, repr(sorted(ran))))
        if known := self.store.get(of):
            return known, True
        session = self.job.session
        # The suite alone, and one death is enough: what the benchmark notices is no merit of a
        # case's, and what comes after a death tells no more of whether the suite notices.
        run = boot_suite(
            replace(session, reporter=session.reporter if title else SILENT),
            kernel,
            _bounded(replace(batch.bootable, chosen=batch.cases), deadline),
            accelerator=self.accelerator,
            benchmark=False,
            restarts=0,
        )
        if run.outcome.is_infrastructure:
            raise InfraError(
                f"{kernel.version}: the machine failed ({run.outcome}): {run.why}",
                f"its console is {run.console}; the same command goes on from here",
            )
        seen = catches(
            batch.cases,
            dict(self._flips),
            self.job.version,
            run,
            profile=suite_profile(kernel),
            arch=kernel.arch,
            ran=ran,
        )
        found = Found(
            seen,
            tuple(sorted(cases_run(run))),
            started(run),
            str(run.outcome),
            round(run.seconds, 3),
        )
        self.store.put(of, found)
        return found, False

    def console(self, kernel: Kernel, batch: Batch) -> str:
        """What the kernel says while the cases run. Raises InfraError where the machine failed,
        KernelError where the guest did not come to its end."""
        run = boot_suite(
            replace(self.job.session, reporter=SILENT),
            kernel,
            replace(batch.bootable, chosen=batch.cases),
            accelerator=self.accelerator,
            benchmark=False,
            restarts=0,
        )
        if run.outcome.is_infrastructure:
            raise InfraError(f"{kernel.version}: the machine failed ({run.outcome}): {run.why}")
        if run.outcome is not Outcome.FINISHED:
            raise KernelError(f"{kernel.version}: {run.outcome}: {run.why}")
        return run.console.read_text(errors="replace")


def _bounded(bootable: Bootable, deadline: float | None) -> Bootable:
    if deadline is None:
        return bootable
    make = bootable.ready.guest

    def guest(wanted: Wanted) -> Guest:
        return replace(make(wanted), deadline=deadline)

    return replace(bootable, ready=replace(bootable.ready, guest=guest))


def mutate(bench: Bench, mutants: Sequence[Mutant]) -> Iterator[Trial]:
    """Try `mutants` one by one; while one is booted the next is built. What was tried before with
    the same inputs is not tried again; each answer is kept before the next one is begun. One that
    comes to nothing by the machine's fault is said to be undecided.

    Raises KernelError where the patched kernel itself does not pass the suite: then nothing that
    a mutant's kernel does would tell; InfraError where that, or IN_A_ROW mutants one after the
    other, came to nothing."""
    reporter = bench.job.session.reporter
    baseline = bench.kernel()
    ran = sound(bench, baseline, bench.batches)
    config = config_of(baseline)
    title = f"try {len(mutants)} mutants on {bench.job.version}"
    ahead = ThreadPoolExecutor(max_workers=1)  # one work tree
    lost = 0
    try:
        with reporter.step(title) as step:
            planted = [ahead.submit(_plant, bench, mutant) for mutant in mutants]
            for number, (mutant, future) in enumerate(zip(mutants, planted, strict=True)):
                step.advance(number, len(mutants))
                try:
                    got = future.result()
                    trial = _try(bench, mutant, got, baseline=baseline, ran=ran, config=config)
                    lost = 0
                except InfraError as error:
                    lost += 1
                    if lost == IN_A_ROW:
                        raise
                    trial = Trial(mutant.name, mutant.kind, State.UNDECIDED, str(error))
                if trial.state.is_fault:
                    step.note(": ".join(filter(None, (trial.mutant, trial.state, trial.why))))
                yield trial
            step.advance(len(mutants), len(mutants))
    finally:
        ahead.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Planted:
    """A mutant's kernel, or why there is none."""

    placed: Placed | None
    kernel: Kernel | None
    why: str = ""


def _plant(bench: Bench, mutant: Mutant) -> _Planted:
    placed = bench.place(mutant)
    if isinstance(placed, str):
        return _Planted(None, None, placed)
    try:
        return _Planted(placed, bench.kernel(placed.files))
    except KernelError as error:
        return _Planted(placed, None, str(error))


def sound(bench: Bench, baseline: Kernel, batches: Sequence[Batch]) -> frozenset[str]:
    """The cases that the patched kernel runs, all of them as expected. Raises KernelError."""
    ran: set[str] = set()
    for batch in batches:
        found, _ = bench.ask(baseline, batch, frozenset(), "without a mutant")
        if found.catches:
            first = found.catches[0]
            raise KernelError(
                f"{baseline.version}: the patched kernel itself does not pass the suite: "
                f"{first.case or first.how}: {first.said}",
                f"see zpmaint verify {baseline.version}",
            )
        ran.update(found.ran)
    return frozenset(ran)


def config_of(kernel: Kernel) -> frozenset[str]:
    """The symbols that are set in the configuration a kernel was built with."""
    path = kernel.image.parent.parent / "obj" / ".config"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise InfraError(
            f"{path}: the objects of this kernel are gone", f"rm -r {path.parent.parent}"
        ) from None
    return frozenset(re.findall(r"^(CONFIG_\w+)=", text, re.MULTILINE))


def _try(
    bench: Bench,
    mutant: Mutant,
    planted: _Planted,
    *,
    baseline: Kernel,
    ran: frozenset[str],
    config: frozenset[str],
) -> Trial:
    placed, kernel = planted.placed, planted.kernel
    if placed is None or kernel is None:
        what = State.BROKEN if placed else State.UNPLACED
        return Trial(mutant.name, mutant.kind, what, planted.why)
    why = argued(placed, config)
    same = filecmp.cmp(kernel.image, baseline.image, shallow=False)
    witnesses: list[Catch] = []
    begun, known, seconds, outcome = False, True, 0.0, ""
    # The same bytes have been booted already: as the kernel without a mutant.
    for batch in [] if same else bench.batches:
        found, was_known = bench.ask(kernel, batch, ran & batch.names)
        witnesses += found.catches
        begun = begun or found.started
        known = known and was_known
        seconds += found.seconds
        outcome = found.outcome
        if witnesses:
            break
    return Trial(
        mutant.name,
        mutant.kind,
        state(tuple(witnesses), why, begun=begun),
        why,
        tuple(witnesses),
        same,
        outcome,
        round(kernel.seconds, 3),
        round(seconds, 3),
        known and not kernel.seconds,
    )


def argued(placed: Placed, config: frozenset[str]) -> str:
    """Why the mutant changes nothing in a kernel of this configuration; '' where it does."""
    missing = (
        f"without {symbol}: {why}"
        for symbol, why in placed.mutant.needs.items()
        if not config & {*symbol.split("|")}
    )
    return next(missing, placed.text.equivalent)


def state(witnesses: Sequence[Catch], argued_equivalent: str, *, begun: bool) -> State:
    """What became of a mutant. `begun`: its guest came as far as the suite."""
    if witnesses:
        if argued_equivalent:
            return State.WRONG
        return State.CAUGHT if begun else State.BOOT
    return State.EQUIVALENT if argued_equivalent else State.SURVIVED
