# SPDX-License-Identifier: GPL-2.0-only
"""`verify --each` with its inputs fetched: the port, the tree, the machine."""

from __future__ import annotations

from zpmaint.app.each import Each, each
from zpmaint.app.job import Job
from zpmaint.app.port import touched
from zpmaint.app.suite import boot_suites, suite_profile
from zpmaint.core.errors import UserError
from zpmaint.core.result import Result
from zpmaint.core.tools import need_for
from zpmaint.guest.cases import all_cases
from zpmaint.guest.compile import init_program
from zpmaint.guest.counters import all_counters
from zpmaint.judge.values import Verdict
from zpmaint.judge.verdict import judge
from zpmaint.kbuild.options import BuildOptions
from zpmaint.kbuild.pair import build as build_kernels
from zpmaint.kbuild.values import Flavour, Pair
from zpmaint.port.values import Port
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Run


def verify_each(job: Job, *, build: BuildOptions, accelerator: Accelerator) -> Each:
    """Verify the set on a kernel patch by patch; see `each`. A conflict ends as an Each without
    steps. Raises UserError where the kernel has all of it, InfraError for a machine's trouble."""
    need_for("verify")
    session, port = job.session, job.port()
    if not port.state.leads_on:
        return Each(port, (), Result.CONFLICT, port.why, port.stuck)
    if not port.steps:
        raise UserError(
            f"{port.patchset} on {port.version}: {port.state}: {port.why}: no step to build",
            f"zpmaint verify {port.version} judges the kernel as it is",
        )
    init_program(build.arch, cache=session.places.cache, reporter=session.reporter)
    tree = job.chain.tree(job.version, keep=touched(job.patchset.anchors))

    def built(patches: int) -> Pair:
        return build_kernels(
            job.version,
            tree,
            build,
            port.contents(patches),
            work=session.places.cache / "work",
            reporter=session.reporter,
        )

    stock: dict[str, Run] = {}

    def judged(pair: Pair) -> Verdict:
        # The stock kernel is the same for all steps, and says the same.
        kernels = [kernel for kernel in pair.kernels if kernel.flavour not in stock]
        runs = stock | boot_suites(session, kernels, accelerator=accelerator)
        stock[Flavour.STOCK] = runs[Flavour.STOCK]
        return _verdict(job, port, pair, runs)

    return each(port, built, judged, session.reporter)


def _verdict(job: Job, port: Port, pair: Pair, runs: dict[str, Run]) -> Verdict:
    return judge(
        all_cases(),
        job.patchset.flips,
        job.patchset.telling,
        counters=all_counters(),
        adopted=False,
        version=port.version,
        stock=runs[Flavour.STOCK],
        patched=runs.get(Flavour.PATCHED),
        profile=suite_profile(pair.stock),
    )
