# SPDX-License-Identifier: GPL-2.0-only
"""The verdict on a pair, over all suites that were booted and what the build showed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.build.evidence import Evidence, FileEvidence
from zpmaint.build.executed import Executed
from zpmaint.core.result import Result
from zpmaint.judge.values import CaseVerdict, Mark, SuiteVerdict, Verdict

_NAMED = 3
"""Files, hunks or symbols that a line names."""
CONTRADICTED = "suite contradicted"
"""Stock is not as the suite says: what is wrong is the suite, or the kernel that it was run on."""
SAME_IMAGE = "the patched image is the stock one"


def conclude(
    suites: Sequence[SuiteVerdict],
    *,
    evidence: Evidence | None = None,
    same_image: bool = False,
    left_out: Sequence[str] = (),
    executed: Executed | None = None,
    least: float = 0.0,
) -> Verdict:
    """One verdict of what each suite showed. `evidence` is what the build showed of the port, None
    where nothing was looked at; `same_image` says that stock and patched boot the same bytes;
    `left_out` are cases that were asked for and could not be run, with the reason. `executed` is
    what of the change was seen to run, None where nobody looked; `least` is the share (0..1) of its
    lines that the set asks for.

    Where stock contradicts the suite and nothing else speaks against the pair, it is INDETERMINATE:
    what was seen of stock is no failure of the patch. PASS takes a case or a counter that showed
    the effect; without one it is NO_REGRESSION. What was not compiled was not shown, whatever the
    suites say; nor, where the set asks for a share, what did not run; only a failure says more."""
    cases = tuple(case for suite in suites for case in suite.cases)
    failures = tuple(failure for suite in suites for failure in suite.failures)
    shown_by = tuple(name for suite in suites for name in suite.shown_by)
    contradicted = tuple(
        f"{CONTRADICTED}: {seen}" for suite in suites for seen in suite.contradicted
    )
    if failures:
        result, why = Result.FAIL, failures[0]
    elif contradicted:
        result, why = Result.INDETERMINATE, contradicted[0]
    elif evidence and not evidence.is_whole:
        result, why = Result.NOT_COMPILED, not_compiled(evidence)
    elif executed and executed.share < least:
        result, why = Result.NOT_EXECUTED, f"the set asks for {least:.0%} of the lines"
    elif shown_by:
        result, why = Result.PASS, _praise(cases, shown_by)
    else:
        result, why = Result.NO_REGRESSION, _as_on_stock(cases)
    if same_image:
        why = f"{why}; {SAME_IMAGE}"
    if executed:
        why = f"{why}; {executed.words}"
    if left_out:
        why = f"{why}; left out, {len(left_out)}: {left_out[0]}"
    return Verdict(
        result=result,
        why=why,
        cases=cases,
        deltas=tuple(delta for suite in suites for delta in suite.deltas),
        failures=failures + contradicted,
        shown_by=shown_by,
        executed=executed,
    )


def not_compiled(evidence: Evidence) -> str:
    """What of a port is in no object that was built, and the symbols that would build it; the
    files where all is missing first."""
    missing = sorted(evidence.missing, key=lambda file: file.compiled.is_shown)
    symbols = dict.fromkeys(
        symbol
        for file in missing
        for symbol in (*file.symbols, *(s for hunk in file.hunks for s in hunk.symbols))
    )
    takes = f"; it takes {_some([f'CONFIG_{symbol}' for symbol in symbols])}" if symbols else ""
    off = _some([str(one) for one in evidence.derived.stays_off])
    return (
        f"{len(missing)} of {len(evidence.files)} files are in no object that was built, or not "
        f"whole: {_some([_part(file) for file in missing])}{takes}"
        + (f"; stays off: {off}" if off else "")
    )


def _part(file: FileEvidence) -> str:
    where = f"{file.patch}: {file.path}" if file.patch else file.path
    if not file.compiled.is_shown:
        return f"{where} ({file.why})" if file.why else where
    hunks = [hunk for hunk in file.hunks if not hunk.compiled.is_shown]
    return f"{where} {_some([f'{hunk.header} ({hunk.why})' for hunk in hunks])}"


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more


def _praise(verdicts: Sequence[CaseVerdict], shown_by: Sequence[str]) -> str:
    ran, skipped, on = _ran(verdicts)
    flipped = sum(v.flips for v in ran)
    how = "flipped by the patch" if on == "both kernels" else "tell the behaviour"
    beside = "" if flipped else f" (shown by {_some(shown_by)})"
    return f"{len(ran)} cases as expected on {on}, {flipped} of them {how}{beside}{skipped}"


def _as_on_stock(verdicts: Sequence[CaseVerdict]) -> str:
    ran, skipped, on = _ran(verdicts)
    if on != "both kernels":
        return f"{len(ran)} cases as expected on {on}{skipped}; nothing of the patch was shown"
    flips = [v for v in verdicts if v.flips]
    why = "no case or counter of the set covers it"
    if flips:
        said = flips[0].patched or flips[0].stock
        more = f" and {len(flips) - 1} more" if flips[1:] else ""
        why = f"{flips[0].name}{more} did not run: {said.observed if said else ''}"
    return (
        f"{len(ran)} cases as on stock on both kernels{skipped}; "
        f"the patch's effect was not shown: {why}"
    )


def _ran(verdicts: Sequence[CaseVerdict]) -> tuple[list[CaseVerdict], str, str]:
    """Those with a result, how many were skipped in words, and which kernels ran."""
    ran = [v for v in verdicts if any(r and r.mark is Mark.PASS for r in (v.stock, v.patched))]
    skipped = len(verdicts) - len(ran)
    sides = [
        name
        for name, there in (
            ("stock", any(v.stock for v in verdicts)),
            ("patched", any(v.patched for v in verdicts)),
        )
        if there
    ]
    on = f"the {sides[0]} kernel" if len(sides) == 1 else "both kernels"
    return ran, f", {skipped} skipped" if skipped else "", on
