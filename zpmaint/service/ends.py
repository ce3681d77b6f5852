# SPDX-License-Identifier: GPL-2.0-only
"""What the end of a run says: its exit status, and what it wrote. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from zpmaint.core import errors
from zpmaint.core.shown import one_line
from zpmaint.service.published import Count, count_of
from zpmaint.service.schedule import Outcome

_WELL = (errors.EXIT_OK, errors.EXIT_KERNEL)
"""A kernel that failed is what was to be found out."""
_WORDS = {
    errors.EXIT_USER: "a mistake in what was asked",
    errors.EXIT_INFRA: "the infrastructure failed",
    errors.EXIT_INTERNAL: "a bug of zpmaint",
    errors.EXIT_INTERRUPTED: "interrupted",
}


@dataclass(frozen=True)
class End:
    """How a run ended."""

    outcome: Outcome
    said: str
    has_news: bool = False
    """Whether something is to be done now."""
    undelivered: int | None = None
    """Notices that wait; None: the run does not say."""
    kernels: tuple[Count, ...] | None = None
    """What the published pages have; None: the run does not say."""


def end_of(status: int, result: bytes, last: str, *, cut_off: bool, overdue: bool) -> End:
    """From the exit status (negative: the signal), standard output and the last line said.
    `cut_off`: it was asked to end with the service; `overdue`: it was ended at its deadline."""
    value = _json(result)
    news, waiting, kernels = has_news(value), _undelivered(value), _kernels(value)
    if status in _WELL:
        told, nobody = stale(value)
        return End(Outcome.FAILED if nobody else Outcome.WELL, told, news, waiting, kernels)
    if cut_off:
        return End(Outcome.CUT_OFF, "ended with the service")
    if overdue:
        return End(Outcome.OVERDUE, f"ended at its deadline; last: {last}")
    what = _WORDS.get(status, f"ended by signal {-status}" if status < 0 else f"status {status}")
    # A step that failed may still have found what others are to go on with.
    return End(Outcome.FAILED, f"{what}; last: {last}" if last else what, news, waiting, kernels)


def has_news(value: Any) -> bool:
    """Whether `track --json` lists a kernel that is tracked and not known."""
    return isinstance(value, list) and any(
        isinstance(row, dict) and row.get("novelty") == "new" for row in value
    )


def stale(value: Any) -> tuple[str, bool]:
    """Which sources gave no answer of now to `track --json`, in words ('': all did), and whether
    none did."""
    rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    named: dict[str, str] = {}
    asked: set[str] = set()
    for row in rows:
        asked.update(str(name) for name in row.get("sources") or ())
        for one in row.get("stale") or ():
            if isinstance(one, dict):
                named[str(one.get("source"))] = str(one.get("why") or one.get("freshness") or "")
    told = "; ".join(f"{name}: {why}" if why else name for name, why in sorted(named.items()))
    words = f"no answer of now: {one_line(told)}" if named else ""
    return words, bool(named) and asked <= named.keys()


def _undelivered(value: Any) -> int | None:
    found = value.get("waiting") if isinstance(value, dict) else None
    return found if isinstance(found, int) else None


def _kernels(value: Any) -> tuple[Count, ...] | None:
    rows = value.get("kernels") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        return None
    return tuple(count for row in rows if (count := count_of(row)))


def _json(result: bytes) -> Any:
    if result[:1] not in (b"[", b"{"):
        return None
    try:
        return json.loads(result)
    except (ValueError, RecursionError):
        return None
