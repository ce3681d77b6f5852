# SPDX-License-Identifier: GPL-2.0-only
"""Chosen cases on the kernels of one version: the set's suites without benchmark and ledger."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from zpmaint.app.executed import cases_touching, executed_of, watch
from zpmaint.app.job import Job
from zpmaint.app.judgement import verdict_on
from zpmaint.app.pair import build_pair
from zpmaint.app.port import built_of
from zpmaint.app.suite import Bootable, SuiteRuns, boot_suites, make_ready
from zpmaint.build import profiles
from zpmaint.build.evidence import Evidence
from zpmaint.build.options import BuildOptions
from zpmaint.build.values import Flavour, Kernel
from zpmaint.core.errors import KernelError, UserError
from zpmaint.core.tools import need_for
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.values import Verdict
from zpmaint.port.values import State
from zpmaint.suites.cases import matches, no_such_case, select
from zpmaint.suites.protocol import Suite
from zpmaint.suites.registry import booted, known_cases
from zpmaint.suites.values import FULL, MINIMAL, Case
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Run

TOUCHING = "touching"
"""The word for the cases that run a changed line: it is found out by a boot of all that the other
words choose."""


@dataclass(frozen=True)
class TestRun:
    """What came out, and of what."""

    version: KernelVersion
    arch: str
    profile: str
    """minimal, full, debug."""
    kernels: tuple[Kernel, ...]
    suites: tuple[SuiteRuns, ...]
    """In the order they were booted."""
    verdict: Verdict
    left_out: tuple[str, ...] = ()
    """What was asked for and could not be run, and why."""
    evidence: Evidence | None = None
    """What of the patch is compiled; None where no patched kernel was built."""
    untouched: tuple[str, ...] = ()
    """Of a run that was to have the cases that run a changed line: those that it left out."""

    @property
    def name(self) -> str:
        return f"{self.version} {self.arch} {self.profile}"

    @property
    def runs(self) -> dict[str, Run]:
        """Of the first suite, by flavour."""
        return dict(self.suites[0].runs)

    @property
    def seconds(self) -> dict[str, float]:
        """Wall time of all boots, by flavour."""
        return {
            flavour: sum(boot.seconds for one in self.suites for boot in one.runs[flavour].boots)
            for flavour in self.runs
        }

    def as_json(self) -> dict[str, Any]:
        """JSON's own types."""
        verdict = asdict(self.verdict)
        others = {
            one.bootable.suite.name: {f: run.as_json() for f, run in one.runs.items()}
            for one in self.suites[1:]
        }
        return {
            "version": str(self.version),
            "arch": self.arch,
            "profile": self.profile,
            "result": str(self.verdict.result),
            "passed": self.verdict.passed,
            "why": self.verdict.why,
            "failures": verdict["failures"],
            "cases": verdict["cases"],
            "shown_by": verdict["shown_by"],
            "figures": verdict["deltas"],
            "left_out": list(self.left_out),
            "kernels": [kernel.as_json() for kernel in self.kernels],
            "evidence": self.evidence.as_json() if self.evidence else None,
            "executed": verdict["executed"],
            "untouched": list(self.untouched),
            "runs": {flavour: run.as_json() for flavour, run in self.runs.items()},
        } | ({"suites": others} if others else {})


def check_words(suites: Sequence[Suite], words: Sequence[str]) -> tuple[Case, ...]:
    """The cases that `words` choose, as far as they are known before anything is built; all where
    there are none. Raises UserError for a word that can choose nothing."""
    words = [word for word in words if word != TOUCHING]
    there = booted(suites)
    cases = known_cases(there)
    opened = [glob for suite in there for glob in suite.open_names]
    for word in words:
        later = any(fnmatch.fnmatchcase(word, g) or fnmatch.fnmatchcase(g, word) for g in opened)
        if not later and not any(matches(case, word) for case in cases):
            raise no_such_case(word, cases)
    return tuple(c for c in cases if not words or any(matches(c, word) for word in words))


def _chosen(bootables: Sequence[Bootable], words: Sequence[str]) -> list[Bootable]:
    """Of each suite what `words` choose, all where there are none. Raises UserError where a word
    chooses nothing of what there is on this kernel."""
    if not words:
        return list(bootables)
    cases = tuple(case for one in bootables for case in one.ready.cases)
    wanted = {case.name for case in select(cases, *words)}
    picked = ((one, tuple(c for c in one.ready.cases if c.name in wanted)) for one in bootables)
    return [
        one if len(found) == len(one.ready.cases) else replace(one, chosen=found)
        for one, found in picked
        if found
    ]


def _touching(
    bootables: Sequence[Bootable], touching: Collection[str]
) -> tuple[list[Bootable], tuple[str, ...]]:
    """Of each suite the cases of `touching`, and the names of those that are left out. Raises
    UserError where none is left."""
    picked = [
        (one, tuple(case for case in one.cases if case.name in touching)) for one in bootables
    ]
    if not any(found for _, found in picked):
        raise UserError(
            "no case runs a line that the patch changes", "write one: docs/suites.md says how"
        )
    left_out = tuple(c.name for one in bootables for c in one.cases if c.name not in touching)
    return [replace(one, chosen=found) for one, found in picked if found], left_out


def profile_for(cases: Sequence[Case], arch: str) -> str:
    """The one profile in which all of `cases` tell, so that each kernel is booted once: the full
    one where a case needs it and the architecture has it."""
    full = any(case.profile == FULL for case in cases)
    has = any(row.name == FULL and row.arch == arch for row in profiles.declared())
    return FULL if full and has else MINIMAL


def test_run(
    job: Job,
    suites: Sequence[Suite],
    words: Sequence[str] = (),
    *,
    flavours: Sequence[Flavour],
    build: BuildOptions,
    accelerator: Accelerator = Accelerator.ICOUNT,
    with_executed: bool = False,
) -> TestRun:
    """Run the cases of `suites` that `words` choose (globs, tags, TOUCHING; all without) on the
    kernels of `flavours`, built unless they are there. `with_executed` looks at which changed lines
    run.

    Raises KernelError where the patch comes to a conflict or a kernel does not build, UserError
    where only a patched kernel is asked for and there is none, InfraError where a machine fails."""
    need_for("verify", build.arch)
    session = job.session
    # What the stock kernel has to answer hangs on whether upstream does as the patch wants.
    port = job.port()
    wants_patched = Flavour.PATCHED in flavours
    if wants_patched and not port.state.leads_on:
        raise KernelError(
            f"{job.patchset.name} on {job.version}: {port.state}: {port.why}",
            f"see {job.command('port')}, or run the stock kernel alone: --on stock",
        )
    if list(flavours) == [Flavour.PATCHED] and not port.patch:
        raise UserError(
            f"{job.version} has no patched kernel: {port.state}: {port.why}", "use --on stock"
        )
    ready = make_ready(
        session,
        suites,
        job.version,
        build.arch,
        chain=job.chain,
        keep=built_of(job.patchset.anchors, build.arch),
    )
    is_touching = TOUCHING in words
    if is_touching and not (wants_patched and port.patch):
        raise UserError(
            f"--case {TOUCHING}: there is no patched kernel whose lines could be run",
            "leave --on stock out" if port.patch else f"{job.version}: {port.state}: {port.why}",
        )
    bootables = _chosen(ready.bootables, [word for word in words if word != TOUCHING])
    pair = build_pair(
        session,
        job.patchset,
        job.version,
        job.chain,
        port if wants_patched else None,
        options=replace(build, profile=None if build.profile == MINIMAL else build.profile),
        flavours=(Flavour.STOCK, *(f for f in flavours if f is Flavour.PATCHED)),
        with_places=with_executed or is_touching,
    )
    watched = watch(session, pair, bootables) if pair.places else None
    untouched: tuple[str, ...] = ()
    if is_touching:
        bootables, untouched = _touching(bootables, cases_touching(pair, watched))
    kernels = tuple(kernel for kernel in pair.kernels if kernel.flavour in flavours)
    runs = boot_suites(session, kernels, bootables, accelerator=accelerator, benchmark=False)
    verdict = verdict_on(
        job.patchset,
        job.version,
        pair,
        runs,
        left_out=ready.left_out,
        adopted=port.state is State.UPSTREAM,
        benchmark=False,
        executed=executed_of(pair, watched, runs),
    )
    return TestRun(
        job.version,
        build.arch,
        build.profile or MINIMAL,
        kernels,
        tuple(runs),
        verdict,
        ready.left_out,
        pair.evidence,
        untouched,
    )
