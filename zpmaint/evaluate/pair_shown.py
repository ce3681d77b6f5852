# SPDX-License-Identifier: GPL-2.0-only
"""The silent differences on stable pairs laid out for a person to read and to class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zpmaint.core.files import landing, locked
from zpmaint.evaluate.engine import NAME
from zpmaint.evaluate.pair_classes import reading
from zpmaint.evaluate.pair_list import PairRow
from zpmaint.evaluate.pair_store import PairStore
from zpmaint.evaluate.pair_values import PairResult
from zpmaint.evaluate.shown import check_out, mark
from zpmaint.evaluate.values import Verdict


def write_pairs(
    results: Sequence[PairResult], rows: Sequence[PairRow], data: Path, out: Path
) -> int:
    """Write one file for each of zpmaint's silent differences under `out`/SET; returns how many.

    Each holds the mainline commit, the backport, and the diff from its files to zpmaint's. The
    folder is replaced as a whole. Raises UserError where `out` is something else."""
    check_out(out)
    by_commits = {(row.mainline, row.stable): row for row in rows}
    shown = [r for r in results if r.tool == NAME and r.verdict is Verdict.DIFFERENT]
    store = PairStore(data)
    try:
        with locked(out), landing(out) as fresh:
            mark(fresh)
            for row in shown:
                pair = store.pair(by_commits[row.mainline, row.stable])
                place = fresh / row.set / f"{row.mainline[:12]}-{row.stable[:12]}.diff"
                place.parent.mkdir(exist_ok=True)
                hunks = "".join(
                    f"{h.path}: {h.placed} {h.confidence:.3f} (raw {h.raw:.3f}): {h.why}\n"
                    for h in row.hunks
                )
                told = ", ".join(filter(None, reading(row)))
                head = (
                    f"{row.set}: {row.mainline} -> {row.stable}\n{row.subject}\n"
                    f"type {row.adaptation}, {'hard' if row.hard else 'patch -F0 takes it'}, "
                    f"confidence {row.confidence:.3f}: {row.why}\n{hunks}"
                    f"result {row.result}, {told}\n\n=== the mainline commit\n"
                )
                place.write_bytes(
                    head.encode("utf-8", "surrogateescape")
                    + pair.patch.data
                    + b"\n=== the backport\n"
                    + pair.theirs.data
                    + b"\n=== from the backport's files to zpmaint's\n"
                    + row.difference.encode("utf-8", "surrogateescape")
                )
    finally:
        store.close()
    return len(shown)
