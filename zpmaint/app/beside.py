# SPDX-License-Identifier: GPL-2.0-only
"""Other suites beside the fault-path one: their programs on kernels with planted bugs.

A program has noticed a mutant where it ends otherwise, or with other numbers of passed, failed and
skipped tests, than on the patched kernel without one, or the kernel complains or dies in its time.
The patched kernel is booted twice, each time begun a little otherwise: a program that does not
report the same each time is no witness. Each answer is kept.
"""

from __future__ import annotations

import filecmp
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from zpmaint.app.job import Job
from zpmaint.app.mutate import Bench, argued
from zpmaint.build.values import Kernel
from zpmaint.core.errors import KernelError
from zpmaint.core.files import write_whole
from zpmaint.mutation.beside import Heard, Witness, heard, ran, sound, witnesses
from zpmaint.mutation.values import Mutant, Placed
from zpmaint.suites.commands.programs import DEADLINES, Command, listed
from zpmaint.suites.commands.suite import dot_config
from zpmaint.vm.boot import boot
from zpmaint.vm.initramfs import file, pack

_FORMAT = 1  # raised when what is kept is made in another way
_BASELINES = 2
Key = tuple[str, str]
"""A mutant and a suite."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """Programs of one suite that share a boot."""

    suite: str
    slow: bool
    programs: tuple[Command, ...]

    @property
    def name(self) -> str:
        return f"{self.suite}-slow" if self.slow else self.suite


def parts(suite: str, programs: Iterable[Command]) -> list[Part]:
    """Those that take long are booted apart: what the quick ones notice is noticed soon."""
    there = tuple(programs)
    halves = {slow: tuple(p for p in there if p.slow == slow) for slow in (False, True)}
    return [Part(suite, slow, half) for slow, half in halves.items() if half]


@dataclass(frozen=True)
class Boots:
    """Boots of kernels with other suites, each made once."""

    job: Job
    init: bytes
    state: Path
    verbose: bool
    say: Say

    def ask(
        self,
        part: Part,
        kernel: Kernel,
        title: str,
        *,
        shift: int = 0,
        words: Mapping[str, str] | None = None,
    ) -> Heard:
        """What `part` sees on `kernel`; with `words`, what its programs are expected to report,
        no further than to the first that notices something."""
        initramfs = pack(
            [
                file("init", self.init),
                *listed(
                    part.programs,
                    config=dot_config(kernel),
                    shift=shift,
                    verbose=self.verbose,
                    expected=words,
                ),
            ]
        )
        inputs = "\0".join((str(_FORMAT), kernel.inputs)).encode()
        kept = self.state / f"{hashlib.sha256(inputs + initramfs).hexdigest()[:32]}.json"
        try:
            return Heard.of_json(json.loads(kept.read_text()))
        except (FileNotFoundError, KeyError, TypeError, ValueError):
            pass
        console = self.state / "consoles" / f"{part.name}-{title}.log"
        run = boot(kernel, initramfs, console=console, deadline=DEADLINES[part.slow])
        write_whole(self.state / "results" / f"{part.name}-{title}.txt", run.results)
        if run.outcome.is_infrastructure:
            raise KernelError(
                f"the machine failed: {run.why}", "the same command goes on from here"
            )
        found = heard(run, {program.name for program in part.programs}, self.job.version)
        write_whole(kept, json.dumps(found.as_json(), indent=1) + "\n")
        self.say(f"{part.name}: {title}: {run.outcome}, {run.seconds:.0f} s")
        return found


@dataclass(frozen=True)
class Held:
    """Programs, and what they report without a mutant."""

    part: Part
    expected: dict[str, str]
    quiet: bool

    @classmethod
    def of(cls, part: Part, heards: Sequence[Heard]) -> Held:
        """Raises KernelError where the kernel without a mutant dies of a program."""
        for number, one in enumerate(heards):
            if one.died or len(one.words) != len(part.programs):
                raise KernelError(
                    f"{part.name}, the patched kernel itself: {one.outcome}: {one.why}",
                    f"leave out {one.died}" if one.died else f"see {part.name}-baseline-{number}",
                )
        return cls(part, sound(heards), not any(one.faults for one in heards))

    @property
    def unstable(self) -> list[str]:
        return [p.name for p in self.part.programs if p.name not in self.expected]

    def __str__(self) -> str:
        looking = sum(map(ran, self.expected.values()))
        return (
            f"{self.part.name}: {len(self.part.programs)} programs: {looking} look at something,"
            f" {len(self.expected) - looking} do not run here,"
            f" {len(self.unstable)} do not report the same each time"
            f" ({', '.join(self.unstable) or '-'})"
        )


def _hold(pool: Executor, boots: Boots, kernel: Kernel, stage: Sequence[Part]) -> Iterator[Held]:
    heards = [
        [
            pool.submit(boots.ask, part, kernel, f"baseline-{number}", shift=number)
            for number in range(_BASELINES)
        ]
        for part in stage
    ]
    for part, futures in zip(stage, heards, strict=True):
        held = Held.of(part, [future.result() for future in futures])
        boots.say(str(held))
        yield held


@dataclass(frozen=True)
class Planted:
    """A mutant's kernel; None where it is the one without, byte for byte."""

    mutant: Mutant
    equivalent: bool
    kernel: Kernel | None


def plant(bench: Bench, baseline: Kernel, mutants: Iterable[Mutant]) -> Iterator[Planted]:
    """Those of `mutants` that have a text for this kernel."""
    text = dot_config(baseline).decode(errors="replace")
    config = frozenset(re.findall(r"^(CONFIG_\w+)=", text, re.MULTILINE))
    for mutant in mutants:
        placed = bench.place(mutant)
        if isinstance(placed, Placed):
            kernel = bench.kernel(placed.files)
            same = filecmp.cmp(kernel.image, baseline.image, shallow=False)
            yield Planted(mutant, bool(argued(placed, config)), None if same else kernel)


def noticers(
    boots: Boots,
    baseline: Kernel,
    planted: Sequence[Planted],
    stage: Sequence[Part],
    *,
    known: Mapping[Key, tuple[Witness, ...]],
    brief: bool,
    jobs: int,
) -> tuple[list[Held], dict[Key, tuple[Witness, ...]]]:
    """What the parts of `stage` report without a mutant, and who of them notices which."""
    pool = ThreadPoolExecutor(jobs)
    try:
        held = list(_hold(pool, boots, baseline, stage))
        answers = {}
        for one, by in itertools.product(planted, held):
            key = (one.mutant.name, by.part.suite)
            if one.kernel and not (brief and known.get(key)):
                words = by.expected if brief else None
                ask = partial(boots.ask, by.part, one.kernel, one.mutant.name, words=words)
                answers[key] = by, pool.submit(ask)
        return held, {
            key: witnesses(answer.result(), by.expected, by.quiet)
            for key, (by, answer) in answers.items()
        }
    finally:
        pool.shutdown(cancel_futures=True)
