# SPDX-License-Identifier: GPL-2.0-only
"""A verdict of failure against a second one on the same kernels, booted again. Pure."""

from __future__ import annotations

from dataclasses import replace

from zpmaint.core.result import CAME_OUT_OTHERWISE, Result
from zpmaint.judge.values import Verdict


def confirmed(first: Verdict, second: Verdict) -> Verdict:
    """The first verdict where the second fails for one of the same reasons; else one that says
    both and settles nothing: a kernel that fails now and then, or a machine that does."""
    if second.result is Result.FAIL and _subjects(first) & _subjects(second):
        return replace(first, why=f"{first.why} (confirmed by a second boot)")
    then = second.why if second.result is Result.FAIL else f"{second.result}: {second.why}"
    why = f"{CAME_OUT_OTHERWISE[0]}first: {first.why}; then: {then}"
    return replace(first, result=Result.INDETERMINATE, why=why)


def _subjects(verdict: Verdict) -> set[str]:
    """Kernel and case of each failure, without figures that may differ."""
    return {": ".join(failure.split(": ")[:2]) for failure in verdict.failures}
