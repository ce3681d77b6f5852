# SPDX-License-Identifier: GPL-2.0-only
"""From boots to a verdict: each suite judged, and all of them concluded with what was compiled."""

from __future__ import annotations

import filecmp
from collections.abc import Sequence

from zpmaint.app.suite import SuiteRuns
from zpmaint.build.executed import Executed
from zpmaint.build.values import Flavour, Kernel, Pair
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.conclude import conclude
from zpmaint.judge.values import Verdict
from zpmaint.judge.verdict import judge
from zpmaint.patchset.values import PatchSet
from zpmaint.suites.guest.start import suite_profile
from zpmaint.suites.registry import all_flips


def verdict_on(
    patchset: PatchSet,
    version: KernelVersion,
    pair: Pair,
    booted: Sequence[SuiteRuns],
    *,
    adopted: bool,
    benchmark: bool = True,
    left_out: Sequence[str] = (),
    executed: Executed | None = None,
) -> Verdict:
    """The verdict on `pair` by all suites that were booted; `left_out` is what could not be.
    `executed` is what of the change was seen to run, None where nobody looked.
    Raises InfraError as `judge`."""
    flips = all_flips(patchset, [one.bootable.suite for one in booted])
    suites = [
        judge(
            one.bootable.cases,
            flips,
            patchset.telling,
            counters=one.bootable.suite.counters,
            adopted=adopted,
            version=version,
            stock=one.runs.get(Flavour.STOCK),
            patched=one.runs.get(Flavour.PATCHED),
            benchmark=benchmark and bool(one.bootable.suite.counters),
            profile=suite_profile(pair.stock),
            arch=pair.stock.arch,
            suite=one.bootable.suite.name,
            declared=one.bootable.suite.figures,
            again=one.again,
        )
        for one in booted
    ]
    return conclude(
        suites,
        evidence=pair.evidence,
        same_image=_same(pair.stock, pair.patched),
        left_out=left_out,
        executed=executed,
        least=patchset.min_executed,
    )


def _same(stock: Kernel, patched: Kernel | None) -> bool:
    """Whether both boot the same bytes."""
    return patched is not None and filecmp.cmp(stock.image, patched.image, shallow=False)
