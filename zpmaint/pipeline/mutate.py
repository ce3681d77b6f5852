"""Trying a suite with planted bugs: one mutant at a time is placed, built, booted and judged."""

from __future__ import annotations

import filecmp
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zpmaint.build.pair import build
from zpmaint.build.values import Flavour, Kernel
from zpmaint.build.worktree import fingerprint
from zpmaint.errors import InfraError, KernelError
from zpmaint.guest.cases import TABLE as CASES
from zpmaint.guest.cases import all_cases
from zpmaint.guest.compile import init_program
from zpmaint.machine.boot import boot
from zpmaint.machine.initramfs import file, pack
from zpmaint.machine.values import Run
from zpmaint.mutation.catch import cases_run, catches, started
from zpmaint.mutation.place import place
from zpmaint.mutation.store import Found, Store, key
from zpmaint.mutation.values import Mutant, Placed, State, Trial
from zpmaint.patchset.values import Flip
from zpmaint.pipeline.job import Job
from zpmaint.pipeline.port import touched
from zpmaint.progress import SILENT

# The suite alone: what the benchmark notices is no merit of a case's.
_APPEND = ("zp.bench=0",)


@dataclass(frozen=True)
class Bench:
    """A kernel as patched, ready to have mutants planted in it."""

    job: Job
    arch: str
    profile: str
    jobs: int | None
    accelerator: str
    tree: Path
    source_id: str
    patched: Mapping[str, bytes | None]

    @classmethod
    def lay(cls, job: Job, *, arch: str, profile: str, jobs: int | None, accelerator: str) -> Bench:
        """Port, and fetch the tree. Raises KernelError where the port is a conflict."""
        port = job.port()
        if not port.state.leads_on:
            raise KernelError(
                f"{job.patchset.name} on {job.version}: {port.state}: {port.why}",
                f"see zpmaint port {job.version}",
            )
        tree = job.chain.tree(job.version, keep=touched(job.patchset.anchors))
        files = {f.path: f.result for f in port.files} if port.patch else {}
        return cls(job, arch, profile, jobs, accelerator, tree, fingerprint(tree), files)

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
        places = self.job.shop.places
        files = {**self.patched, **(over or {})}
        flavours = (Flavour.STOCK, Flavour.PATCHED) if files else (Flavour.STOCK,)
        pair = build(
            self.job.version,
            self.arch,
            self.tree,
            files or None,
            work=places.cache / "mutants",
            ccache=places.cache / "ccache",
            # One object and a link: the progress is that of the mutants.
            reporter=SILENT if over else self.job.shop.reporter,
            jobs=self.jobs,
            flavours=flavours,
            source_id=self.source_id,
            profile=self.profile or None,
            narrow=True,
        )
        return pair.patched or pair.stock

    @cached_property
    def program(self) -> Path:
        shop = self.job.shop
        return init_program(self.arch, cache=shop.places.cache, reporter=shop.reporter)

    @cached_property
    def store(self) -> Store:
        return Store(self.job.shop.places.state / "mutants")

    @cached_property
    def flips(self) -> dict[str, Flip]:
        flips = self.job.patchset.flips
        return {flip.case: flip for flip in flips if self.job.version in flip.era}

    def key(self, kernel: Kernel, baseline: Kernel) -> str:
        """What a trial's answer depends on."""
        return key(
            (
                kernel.inputs,
                baseline.inputs,
                self.accelerator,
                repr(sorted(self.flips.items())),
                hashlib.sha256(CASES.read_bytes()).hexdigest(),
                hashlib.sha256(self.program.read_bytes()).hexdigest(),
            )
        )

    def boot(self, kernel: Kernel, console: Path) -> Run:
        """Boot with the suite. Raises InfraError where that says nothing about the kernel."""
        run = boot(
            kernel,
            pack([file("init", self.program.read_bytes())]),
            console=console,
            append=_APPEND,
            accelerator=self.accelerator,
            cache=self.job.shop.places.cache,
        )
        if run.outcome.is_infrastructure:
            raise InfraError(
                f"{kernel.version}: the machine failed ({run.outcome}): {run.why}",
                f"its console is {run.console}; the same command goes on from here",
            )
        return run


def mutate(bench: Bench, mutants: Sequence[Mutant]) -> Iterator[Trial]:
    """Try `mutants` one by one. What was tried before with the same inputs is not tried again;
    each answer is kept before the next mutant is begun.

    Raises KernelError where the patched kernel itself does not pass the suite: then nothing that
    a mutant's kernel does would tell."""
    reporter = bench.job.shop.reporter
    baseline = bench.kernel()
    ran = _sound(bench, baseline)
    config = _config(baseline)
    title = f"try {len(mutants)} mutants on {bench.job.version}"
    with reporter.step(title) as step:
        for number, mutant in enumerate(mutants):
            step.advance(number, len(mutants))
            trial = _try(bench, mutant, baseline, ran, config)
            if trial.state.is_fault:
                step.note(f"{trial.mutant}: {trial.state}{f': {trial.why}' if trial.why else ''}")
            yield trial
        step.advance(len(mutants), len(mutants))


def _sound(bench: Bench, baseline: Kernel) -> frozenset[str]:
    """The cases that the patched kernel runs, all of them as expected."""
    of = bench.key(baseline, baseline)
    with bench.job.shop.reporter.step(f"boot {baseline.version} without a mutant"):
        run = bench.boot(baseline, bench.store.console(of))
    found = catches(all_cases(), bench.flips, bench.job.version, run, frozenset())
    if found:
        raise KernelError(
            f"{baseline.version}: the patched kernel itself does not pass the suite: "
            f"{found[0].case or found[0].how}: {found[0].said}",
            f"see zpmaint verify {baseline.version}",
        )
    return cases_run(run)


def _config(kernel: Kernel) -> frozenset[str]:
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
    bench: Bench, mutant: Mutant, baseline: Kernel, ran: frozenset[str], config: frozenset[str]
) -> Trial:
    placed = bench.place(mutant)
    if isinstance(placed, str):
        return Trial(mutant.name, mutant.kind, State.UNPLACED, placed)
    try:
        kernel = bench.kernel(placed.files)
    except KernelError as error:
        return Trial(mutant.name, mutant.kind, State.BROKEN, str(error))
    of = bench.key(kernel, baseline)
    same = filecmp.cmp(kernel.image, baseline.image, shallow=False)
    found = bench.store.get(of)
    known = found is not None
    if found is None:
        run = bench.boot(kernel, bench.store.console(of))
        found = Found(
            catches(all_cases(), bench.flips, bench.job.version, run, ran),
            started(run),
            str(run.outcome),
            round(run.seconds, 3),
        )
        bench.store.put(of, found)
    why = argued(placed, config)
    return Trial(
        mutant.name,
        mutant.kind,
        state(found, why),
        why,
        found.catches,
        same,
        found.outcome,
        round(kernel.seconds, 3),
        found.seconds,
        known,
    )


def argued(placed: Placed, config: frozenset[str]) -> str:
    """Why the mutant changes nothing in a kernel of this configuration; '' where it does."""
    missing = (
        f"without {symbol}: {why}"
        for symbol, why in placed.mutant.needs.items()
        if not config & {*symbol.split("|")}
    )
    return next(missing, placed.text.equivalent)


def state(found: Found, argued_equivalent: str) -> State:
    """What became of a mutant."""
    if found.catches:
        if argued_equivalent:
            return State.WRONG
        return State.CAUGHT if found.started else State.BOOT
    return State.EQUIVALENT if argued_equivalent else State.SURVIVED
