# SPDX-License-Identifier: GPL-2.0-only
"""A verdict of failure against what the same inputs come to a second time: the same images booted
again, then both kernels built again from a clean work folder. Pure."""

from __future__ import annotations

from dataclasses import replace

from zpmaint.core.result import CAME_OUT_OTHERWISE, Result
from zpmaint.judge.values import Verdict

_TWO_BOOTS, _TWO_BUILDS, _ = CAME_OUT_OTHERWISE
_CONFIRMED = " (confirmed by a second boot and a second build)"


def booted_again(first: Verdict, second: Verdict) -> Verdict:
    """The first verdict where the second fails for one of the same reasons; else one that says
    both and settles nothing: a kernel that fails now and then, or a machine that does."""
    if second.result is Result.FAIL and _subjects(first) & _subjects(second):
        return first
    then = second.why if second.result is Result.FAIL else f"{second.result}: {second.why}"
    return _both(_TWO_BOOTS, first, then)


def built_again(first: Verdict, second: Verdict | None) -> Verdict:
    """What a verdict that two boots agreed on comes to once both kernels were built again: `second`
    is the verdict on the new images; None where they are the former ones, byte for byte. Where it
    was otherwise, an object was not what its sources make: nobody's fault, and settled by nobody.
    """
    if second is None or (second.result is Result.FAIL and _subjects(first) & _subjects(second)):
        return replace(first, why=first.why + _CONFIRMED)
    then = second.why if second.result is Result.FAIL else f"{second.result}: {second.why}"
    return _both(_TWO_BUILDS, first, then)


def not_built_again(first: Verdict, why: str) -> Verdict:
    """As `built_again`, where a kernel that had been built could not be built again."""
    return _both(_TWO_BUILDS, first, why)


def _both(what: str, first: Verdict, then: str) -> Verdict:
    why = f"{what}first: {first.why}; then: {then}"
    return replace(first, result=Result.INDETERMINATE, why=why)


def _subjects(verdict: Verdict) -> set[str]:
    """Kernel and case of each failure, without figures that may differ."""
    return {": ".join(failure.split(": ")[:2]) for failure in verdict.failures}
