"""Chosen cases on the kernels of one version: the suite without benchmark and ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from zpmaint.app.job import Job
from zpmaint.app.suite import boot_suites, suite_profile
from zpmaint.app.verify import build_pair
from zpmaint.core.errors import KernelError, UserError
from zpmaint.core.tools import need_for
from zpmaint.core.versions import KernelVersion
from zpmaint.guest.cases import all_cases
from zpmaint.guest.compile import init_program
from zpmaint.guest.counters import all_counters
from zpmaint.guest.values import FULL, MINIMAL, Case
from zpmaint.judge.values import Verdict
from zpmaint.judge.verdict import judge
from zpmaint.kbuild import profiles
from zpmaint.kbuild.options import BuildOptions
from zpmaint.kbuild.values import Flavour, Kernel
from zpmaint.port.values import State
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Run


@dataclass(frozen=True)
class TestRun:
    """What came out, and of what."""

    version: KernelVersion
    arch: str
    profile: str
    """minimal, full, debug."""
    kernels: tuple[Kernel, ...]
    runs: Mapping[str, Run]
    """By flavour."""
    verdict: Verdict

    @property
    def name(self) -> str:
        return f"{self.version} {self.arch} {self.profile}"

    @property
    def seconds(self) -> dict[str, float]:
        """Wall time of all boots, by flavour."""
        return {
            flavour: sum(boot.seconds for boot in run.boots) for flavour, run in self.runs.items()
        }

    def as_json(self) -> dict[str, Any]:
        """JSON's own types."""
        verdict = asdict(self.verdict)
        return {
            "version": str(self.version),
            "arch": self.arch,
            "profile": self.profile,
            "passed": self.verdict.passed,
            "why": self.verdict.why,
            "failures": verdict["failures"],
            "cases": verdict["cases"],
            "kernels": [kernel.as_json() for kernel in self.kernels],
            "runs": {flavour: run.as_json() for flavour, run in self.runs.items()},
        }


def profile_for(cases: Sequence[Case], arch: str) -> str:
    """The one profile in which all of `cases` tell, so that each kernel is booted once: the full
    one where a case needs it and the architecture has it."""
    full = any(case.profile == FULL for case in cases)
    has = any(row.name == FULL and row.arch == arch for row in profiles.declared())
    return FULL if full and has else MINIMAL


def test_run(
    job: Job,
    cases: Sequence[Case],
    *,
    flavours: Sequence[Flavour],
    build: BuildOptions,
    accelerator: Accelerator = Accelerator.ICOUNT,
) -> TestRun:
    """Run `cases` on the kernels of `flavours`, built unless they are there.

    Raises KernelError where the patch comes to a conflict or a kernel does not build, UserError
    where only a patched kernel is asked for and there is none, InfraError where a machine fails."""
    need_for("verify")
    session = job.session
    # What the stock kernel has to answer hangs on whether upstream does as the patch wants.
    port = job.port()
    wants_patched = Flavour.PATCHED in flavours
    if wants_patched and not port.state.leads_on:
        raise KernelError(
            f"{job.patchset.name} on {job.version}: {port.state}: {port.why}",
            f"see zpmaint port {job.version}, or run the stock kernel alone: --on stock",
        )
    if list(flavours) == [Flavour.PATCHED] and not port.patch:
        raise UserError(
            f"{job.version} has no patched kernel: {port.state}: {port.why}", "use --on stock"
        )
    init_program(build.arch, cache=session.places.cache, reporter=session.reporter)
    pair = build_pair(
        session,
        job.patchset,
        job.version,
        job.chain,
        port if wants_patched else None,
        options=replace(build, profile=None if build.profile == MINIMAL else build.profile),
        flavours=(Flavour.STOCK, *(f for f in flavours if f is Flavour.PATCHED)),
    )
    kernels = tuple(kernel for kernel in pair.kernels if kernel.flavour in flavours)
    whole = len(cases) == len(all_cases())
    runs = boot_suites(
        session,
        kernels,
        accelerator=accelerator,
        cases=None if whole else cases,
        benchmark=False,
    )
    verdict = judge(
        cases,
        job.patchset.flips,
        job.patchset.telling,
        counters=all_counters(),
        adopted=port.state is State.UPSTREAM,
        version=job.version,
        stock=runs.get(Flavour.STOCK),
        patched=runs.get(Flavour.PATCHED),
        benchmark=False,
        profile=suite_profile(pair.stock),
        chosen=not whole,
    )
    return TestRun(job.version, build.arch, build.profile or MINIMAL, kernels, runs, verdict)
