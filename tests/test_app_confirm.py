# SPDX-License-Identifier: GPL-2.0-only
"""What a failure comes to when its kernels are booted, and built, a second time."""

from __future__ import annotations

import pytest

from zpmaint.app.confirm import booted_again, built_again, not_built_again
from zpmaint.core.result import Result, is_both_ways
from zpmaint.judge.values import Verdict


def verdict(*failures: str, result: Result = Result.FAIL) -> Verdict:
    return Verdict(result, failures[0] if failures else "as on stock", (), (), failures)


FIRST = verdict("patched: read.faults: zero-page, expected private", "stock: swap.read: lost")


@pytest.mark.parametrize(
    ("second", "agrees"),
    [
        (FIRST, True),
        (verdict("patched: read.faults: lost, expected private"), True),
        (verdict("stock: read.faults: lost, expected zero-page"), False),
        (verdict("patched: write.faults: lost"), False),
        (verdict(result=Result.PASS), False),
        (verdict(result=Result.NO_REGRESSION), False),
        (verdict(*FIRST.failures, result=Result.INDETERMINATE), False),
    ],
)
def test_it_is_the_kernels_where_both_fail_for_one_of_the_same_reasons(
    second: Verdict, agrees: bool
) -> None:
    booted, built = booted_again(FIRST, second), built_again(FIRST, second)
    assert booted == FIRST if agrees else is_both_ways(booted.result, booted.why)
    assert built.result is (Result.FAIL if agrees else Result.INDETERMINATE)
    assert built.why.endswith("(confirmed by a second boot and a second build)") is agrees
    if not agrees:
        assert is_both_ways(built.result, built.why)
        for one in (booted, built):
            assert FIRST.why in one.why and second.why in one.why
        assert booted.why != built.why, "which of the two it was is told"


def test_the_same_images_need_no_third_boot_and_none_at_all_settle_nothing() -> None:
    assert built_again(FIRST, None) == built_again(FIRST, FIRST)
    gone = not_built_again(FIRST, "patched 6.12.1: mm/memory.c:3: error")
    assert gone.result is Result.INDETERMINATE and is_both_ways(gone.result, gone.why)
    assert gone.why.endswith("then: patched 6.12.1: mm/memory.c:3: error")
