# SPDX-License-Identifier: GPL-2.0-only
"""What came out of a verification, in one sentence. Pure."""

from __future__ import annotations

from zpmaint.core.result import Result
from zpmaint.ledger.stages import VerdictRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import Suite


def sentence(record: Record, *, flaky: bool = False) -> str:
    """For a reader who reads nothing else. `flaky`: the same inputs came out otherwise before."""
    said = _said(record, f"{record.version} ({record.arch})")
    if flaky:
        return f"Not to be relied on: the very same inputs came out otherwise before. Now: {said}"
    return said


def _said(record: Record, kernel: str) -> str:
    verdict, port = record.verdict, record.port
    if record.result is Result.PASS:
        shown = len(verdict.shown_by) if verdict else 0
        has = f", and {_counted(shown, 'case')} showed what it is for" if shown else ""
        if port and port.state == "upstream":
            return f"{kernel} does by itself what the patch is for: {_cases(verdict)}{has}."
        return f"The patch holds on {kernel}: {_cases(verdict)}{has}."
    if record.result is Result.NO_REGRESSION:
        return (
            f"The patch does no harm on {kernel}, and no case showed what it is for: "
            f"{_cases(verdict)}."
        )
    if record.result is Result.NOT_COMPILED:
        return f"Nothing is shown on {kernel}: a part of the patch is in no object that was built."
    if record.result is Result.NOT_EXECUTED:
        return f"Too little is shown on {kernel}: less of the patch ran than its set asks for."
    if record.result is Result.FAIL:
        return f"The patch fails on {kernel}: {_failures(verdict)}."
    if record.result is Result.CONFLICT:
        why = port.why if port else record.why
        return f"There is no patch for {kernel}: it could not be carried there: {_end(why)}"
    if record.result is Result.BUILD:
        return _build(record, kernel)
    if record.result is Result.INFRA:
        return (
            f"Nothing is known of {kernel}: the surroundings failed (network, disk, a missing "
            f"program), which says nothing about the patch: {_end(record.why)}"
        )
    return (
        f"Nothing is known of {kernel}: something failed, and nothing shows that it was the kernel "
        f"or the patch: {_end(record.why)}"
    )


def _build(record: Record, kernel: str) -> str:
    failed = record.build.failed if record.build else None
    if failed is None:
        return f"A kernel of the pair does not build on {kernel}: {_end(record.why)}"
    first = next((line.text.strip() for line in failed.lines if line.telling), failed.why)
    which = "patched" if failed.flavour == "patched" else "stock"
    whose = "" if which == "patched" else ", without the patch already"
    return f"The {which} kernel of {kernel} does not build{whose}: {_end(first)}"


def _cases(verdict: VerdictRecord | None) -> str:
    if verdict is None or not verdict.cases:
        return "no case was run"
    suite = Suite.of(verdict.cases)
    skipped = f" ({suite.skipped} could not be run here)" if suite.skipped else ""
    return f"{_counted(suite.passed, 'case')} came out as expected{skipped}"


def _failures(verdict: VerdictRecord | None) -> str:
    if verdict is None:
        return "nothing was judged"
    failed = Suite.of(verdict.cases).failed
    first = verdict.failures[0] if verdict.failures else verdict.why
    of = f"{failed} of {_counted(len(verdict.cases), 'case')} came out otherwise than expected; "
    return (of if failed else "") + f"first of all: {first}".rstrip(". ")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _end(text: str) -> str:
    return f"{text.rstrip('. ')}."
