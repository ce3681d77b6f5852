# SPDX-License-Identifier: GPL-2.0-only
"""One verification: port, pair, boots, verdict. Every end of it is a Record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from zpmaint.app.circumstances import circumstances
from zpmaint.app.confirm import booted_again, built_again, not_built_again
from zpmaint.app.executed import executed_of, watch
from zpmaint.app.inputs import compilers_of, inputs_of, key_of, programs_of
from zpmaint.app.judgement import verdict_on
from zpmaint.app.kept_boots import KeptBoots
from zpmaint.app.kept_logs import KeptLogs
from zpmaint.app.origin import Origin, origin_of
from zpmaint.app.pace import AT_ONCE, Pace
from zpmaint.app.pair import build_pair
from zpmaint.app.port import built_of, port_onto
from zpmaint.app.records import build_record, port_record, runs_record, verdict_record
from zpmaint.app.session import Session
from zpmaint.app.suite import SuiteRuns, boot_suites, make_ready
from zpmaint.build.failure import BuildFailure
from zpmaint.build.options import BuildOptions
from zpmaint.build.values import Pair
from zpmaint.core.crash import as_failure
from zpmaint.core.errors import IndeterminateError, InfraError, KernelError, ZpmaintError
from zpmaint.core.in_use import scoped
from zpmaint.core.provenance import Provenance
from zpmaint.core.result import Result
from zpmaint.core.sealed import sha256_of
from zpmaint.core.tools import need_for
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.values import Verdict
from zpmaint.ledger.values import Record
from zpmaint.patchset.values import PatchSet
from zpmaint.port.values import Port, State
from zpmaint.sources.chain import Chain
from zpmaint.suites.registry import suites_of
from zpmaint.vm.profiles import Accelerator


@dataclass
class _Course:
    """What a verification has reached so far; becomes the Record whatever stops it."""

    port: Port | None = None
    provenance: Provenance | None = None
    origin: Origin | None = None
    pair: Pair | None = None
    failures: list[BuildFailure] = field(default_factory=list)
    runs: list[SuiteRuns] = field(default_factory=list)
    verdict: Verdict | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - began
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + took, 3)


@scoped
def verify(
    session: Session,
    patchset: PatchSet,
    version: KernelVersion,
    chain: Chain,
    *,
    build: BuildOptions = BuildOptions(),
    accelerator: Accelerator = Accelerator.ICOUNT,
    pace: Pace = AT_ONCE,
    kept: KeptBoots | None = None,
    with_executed: bool = False,
) -> Record:
    """Verify `patchset` on `version`, each step when `pace` lets it. The Record is the caller's to
    keep. What is `kept` is not booted again; None: all is booted. `with_executed` looks at which
    changed lines run, as it does where the set asks for a share of them.

    The kernel's failures and the infrastructure's end in the Record (result and why); only the
    user's mistakes are raised. What nobody expected is a bug of ours: indeterminate, its
    traceback kept in the state folder."""
    need_for("verify", build.arch)
    started = time.time()
    course = _Course()
    inputs = inputs_of(session, version, patchset, build, accelerator)
    try:
        result, why = _run_course(
            session,
            patchset,
            version,
            chain,
            course,
            inputs=inputs,
            build=build,
            accelerator=accelerator,
            pace=pace,
            kept=kept,
            with_executed=with_executed or patchset.min_executed > 0,
        )
    except KernelError as error:
        # Where the log is, the record says by itself: a path of this machine is no reason.
        result, why = Result.BUILD, error.what if course.failures else str(error)
    except IndeterminateError as error:
        result, why = Result.INDETERMINATE, str(error)
    except InfraError as error:
        result, why = Result.INFRA, str(error)
    except ZpmaintError:
        raise
    except Exception as error:  # a bug of ours, or the disk's trouble: no word about the kernel
        failure = as_failure(error, session.places.state / "crashes")
        is_ours = isinstance(failure, IndeterminateError)
        result, why = Result.INDETERMINATE if is_ours else Result.INFRA, str(failure)
    logs = KeptLogs(session.logs, session.reporter)
    return Record(
        key=key_of(inputs),
        version=str(version),
        arch=build.arch,
        patchset=patchset.name,
        result=result,
        why=why,
        started=started,
        finished=time.time(),
        port=port_record(course.port, course.provenance, course.origin) if course.port else None,
        build=build_record(course.pair, course.failures, logs),
        runs=runs_record(course.runs, logs) if course.runs else None,
        verdict=verdict_record(course.verdict) if course.verdict else None,
        seconds=course.seconds,
        project=session.project,
        inputs=inputs,
        profile=build.profile or "",
        circumstances=circumstances(
            str(accelerator),
            (source.name for source in chain.sources),
            programs_of(build.arch, compilers_of(session, build.profile)),
        ),
    )


def _run_course(
    session: Session,
    patchset: PatchSet,
    version: KernelVersion,
    chain: Chain,
    course: _Course,
    *,
    inputs: Mapping[str, str],
    build: BuildOptions,
    accelerator: Accelerator,
    pace: Pace,
    kept: KeptBoots | None,
    with_executed: bool,
) -> tuple[Result, str]:
    suites = suites_of(patchset, version=version)
    with pace.step("fetch"), course.timed("fetch"):
        is_archive = chain.fetch(version)
    if is_archive:  # else only what is built has to be unpacked
        _unpack(built_of(patchset.anchors, build.arch), version, chain, course, pace)
    with pace.step("port"), course.timed("port"):
        course.port = port_onto(session, patchset, version, chain)
        course.provenance = chain.provenance(version)
        course.origin = origin_of(course.port, patchset, chain, inputs)
    if not course.port.state.leads_on:
        return Result.CONFLICT, course.port.why
    if not is_archive:
        _unpack(built_of(patchset.anchors, build.arch), version, chain, course, pace)
    adopted = course.port.state is State.UPSTREAM

    def built(jobs: int | None, *, anew: bool = False) -> Pair:
        with course.timed("second build" if anew else "build"):
            return build_pair(
                session,
                patchset,
                version,
                chain,
                course.port,
                options=replace(build, jobs=jobs or build.jobs),
                on_failure=None if anew else course.failures.append,
                anew=anew,
                with_places=with_executed and not anew,
            )

    with pace.step("build") as jobs:
        # What it needs may have to be fetched: better known before a build of minutes than after.
        ready = make_ready(
            session,
            suites,
            version,
            build.arch,
            chain=chain,
            keep=built_of(patchset.anchors, build.arch),
        )
        pair = course.pair = built(jobs)

    def judged(pair: Pair, runs: Sequence[SuiteRuns]) -> Verdict:
        with pace.step("judge"), course.timed("judge"):
            return verdict_on(
                patchset,
                version,
                pair,
                runs,
                left_out=ready.left_out,
                adopted=adopted,
                executed=executed_of(pair, watched, runs),
            )

    def booted(pair: Pair, attempt: str = "") -> list[SuiteRuns]:
        stage = f"{attempt} boot" if attempt else "boot"
        with pace.step("boot") as jobs, course.timed(stage):
            return boot_suites(
                session,
                pair.kernels,
                ready.bootables,
                accelerator=accelerator,
                attempt=attempt,
                at_once=jobs,
                kept=None if attempt else kept,
            )

    def confirmed(first: Verdict) -> Verdict:
        """A failure, or what it is where it does not come again."""
        again = booted_again(first, judged(pair, booted(pair, "second")))
        if again.result is not Result.FAIL:
            return again
        before = [sha256_of(kernel.image) for kernel in pair.kernels]
        try:
            with pace.step("build") as jobs:
                anew = built(jobs, anew=True)
        except KernelError as error:
            return not_built_again(again, error.what)
        if [sha256_of(kernel.image) for kernel in anew.kernels] == before:
            return built_again(again, None)
        return built_again(again, judged(anew, booted(anew, "third")))

    course.runs += booted(pair)
    watched = None
    if pair.places is not None:
        with pace.step("boot"), course.timed("executed"):
            watched = watch(session, pair, ready.bootables)
    course.verdict = judged(pair, course.runs)
    if course.verdict.result is Result.FAIL:
        course.verdict = confirmed(course.verdict)
    if kept is not None:
        kept.judged(settles=course.verdict.result.settles)
    return course.verdict.result, course.verdict.why


def _unpack(
    needed: Sequence[str], version: KernelVersion, chain: Chain, course: _Course, pace: Pace
) -> None:
    with pace.step("unpack"), course.timed("unpack"):
        chain.tree(version, keep=needed)
