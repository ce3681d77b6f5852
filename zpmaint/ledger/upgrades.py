# SPDX-License-Identifier: GPL-2.0-only
"""Older records made readable: numbered steps over a record's documents. Pure.

A record in the ledger is never rewritten. It carries the number of its format, and what is read
goes through the steps from that number to FORMAT. To change the shape of `stages`: where a default
does for older records, nothing is needed; else raise FORMAT and add the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Documents = dict[str, Any]
"""port, build, runs and verdict as JSON objects, None where the stage was not reached; seconds."""

FORMAT = 2
"""What is written now."""


def upgraded(documents: Documents, number: int) -> Documents:
    """The documents of a record of format `number`, as FORMAT has them."""
    for step in _STEPS[number - 1 :]:
        documents = step(documents)
    return documents


def _words_of_a_verdict(documents: Documents) -> Documents:
    """1 to 2: `passed` becomes a result, and what showed the patch's effect is named.

    In format 1 a verdict passed only if cases that the patch flips had run, so that a pass is one
    in the present sense, too."""
    verdict = documents.get("verdict")
    if not isinstance(verdict, dict) or "result" in verdict:
        return documents
    shown = [
        case.get("name", "")
        for case in verdict.get("cases") or []
        if case.get("flips")
        and all(result.get("mark") == "pass" for result in _results(case))
        and _results(case)
    ]
    result = "pass" if verdict.get("passed") else "fail"
    return documents | {"verdict": verdict | {"result": result, "shown_by": shown}}


def _results(case: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for name in ("stock", "patched") if (result := case.get(name))]


_STEPS: tuple[Callable[[Documents], Documents], ...] = (_words_of_a_verdict,)
"""Number N brings documents of format N to N + 1."""
