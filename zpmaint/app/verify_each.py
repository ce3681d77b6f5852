# SPDX-License-Identifier: GPL-2.0-only
"""`verify --each` with its inputs fetched: the port, the tree, the suites, the machine."""

from __future__ import annotations

from zpmaint.app.each import Each, each
from zpmaint.app.job import Job
from zpmaint.app.judgement import verdict_on
from zpmaint.app.pair import build_pair
from zpmaint.app.port import built_of
from zpmaint.app.suite import SuiteRuns, boot_suites, make_ready
from zpmaint.build.options import BuildOptions
from zpmaint.build.values import Flavour, Pair
from zpmaint.core.errors import UserError
from zpmaint.core.result import Result
from zpmaint.core.tools import need_for
from zpmaint.judge.values import Verdict
from zpmaint.suites.registry import suites_of
from zpmaint.vm.profiles import Accelerator


def verify_each(job: Job, *, build: BuildOptions, accelerator: Accelerator) -> Each:
    """Verify the set on a kernel patch by patch; see `each`. A conflict ends as an Each without
    steps. Raises UserError where the kernel has all of it, InfraError for a machine's trouble."""
    need_for("verify", build.arch)
    session, port = job.session, job.port()
    if not port.state.leads_on:
        return Each(port, (), Result.CONFLICT, port.why, port.stuck)
    if not port.steps:
        raise UserError(
            f"{port.patchset} on {port.version}: {port.state}: {port.why}: no step to build",
            f"{job.command('verify')} judges the kernel as it is",
        )
    keep = built_of(job.patchset.anchors, build.arch)
    suites = suites_of(job.patchset, version=job.version)
    ready = make_ready(session, suites, job.version, build.arch, chain=job.chain, keep=keep)

    def built(patches: int) -> Pair:
        return build_pair(
            session,
            job.patchset,
            job.version,
            job.chain,
            port,
            options=build,
            patches=patches,
        )

    stock: list[SuiteRuns] = []

    def judged(pair: Pair) -> Verdict:
        # The stock kernel is the same for all steps, and says the same.
        kernels = [k for k in pair.kernels if not stock or k.flavour is Flavour.PATCHED]
        booted = boot_suites(session, kernels, ready.bootables, accelerator=accelerator)
        if stock:
            booted = [
                SuiteRuns(now.bootable, {**before.runs, **now.runs}, before.again)
                for before, now in zip(stock, booted, strict=True)
            ]
        stock[:] = booted
        return verdict_on(
            job.patchset, job.version, pair, booted, left_out=ready.left_out, adopted=False
        )

    return each(port, built, judged, session.reporter)
