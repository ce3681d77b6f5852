# SPDX-License-Identifier: GPL-2.0-only
"""Stable pairs through zpmaint and the other tools, on several cores.

A whole patch is right only if every file is the backport's, byte for byte: those that the patch
names, and those that zpmaint was offered for what left them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from zpmaint.core.cpu_time import cpu
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.diffs.writer import unified
from zpmaint.evaluate import engine
from zpmaint.evaluate.diffs import words
from zpmaint.evaluate.pair_list import PairRow
from zpmaint.evaluate.pair_store import PairStore, StoredPair
from zpmaint.evaluate.pair_tools import WHOLE, Contents, Sides
from zpmaint.evaluate.pair_values import HunkFigure, PairResult, adaptation, extra
from zpmaint.evaluate.tools import EXACT
from zpmaint.evaluate.values import Blob, Verdict
from zpmaint.merge.lines import lines_of
from zpmaint.port.terms import Offer
from zpmaint.port.values import contents_of

_stores: dict[Path, PairStore] = {}  # of this process


def measure_pairs(
    folder: Path,
    rows: Sequence[PairRow],
    names: Sequence[str],
    *,
    jobs: int | None = None,
    reporter: Reporter = SILENT,
) -> list[PairResult]:
    """Run `names` over every pair, in the order of the rows; `jobs` processes, all cores if not
    given."""
    workers = max(1, min(jobs or os.cpu_count() or 1, len(rows)))
    found: list[PairResult] = []
    with (
        reporter.step(f"measure {', '.join(names)}", "pairs") as step,
        ProcessPoolExecutor(workers) as pool,
    ):
        rounds = pool.map(partial(_one, folder, names=tuple(names)), rows, chunksize=8)
        for number, results in enumerate(rounds):
            found += results
            step.advance(number + 1, len(rows))
    return found


def _one(folder: Path, row: PairRow, *, names: Sequence[str]) -> list[PairResult]:
    if folder not in _stores:
        _stores[folder] = PairStore(folder)
    return list(results(_stores[folder].pair(row), names))


def results(pair: StoredPair, names: Sequence[str]) -> Iterator[PairResult]:
    """Run each tool on a pair."""
    states = {
        file.path: Sides(file.path, _data(file.base), _data(file.after), _data(file.target))
        for file in pair.files
    }
    truth = {file.path: _data(file.truth) for file in pair.files}
    kind, more = adaptation(pair), extra(pair)
    for name in names:
        started = cpu()
        hunks: tuple[HunkFigure, ...] = ()
        if name == engine.NAME:
            left, why, hunks = _ours(pair, states)
        elif name == EXACT and not pair.exact:
            left, why = None, ""
        else:
            own = [states[file.path] for file in pair.files if not file.offered]
            with tempfile.TemporaryDirectory(prefix="zpmaint-evaluate-") as scratch:
                left, why = WHOLE[name](pair.patch.data, own, Path(scratch)), ""
        seconds = cpu() - started
        yield _result(pair, truth, left, hunks)(
            adaptation=kind, extra=more, tool=name, why=why, seconds=seconds
        )


def _ours(
    pair: StoredPair, states: Mapping[str, Sides]
) -> tuple[Contents | None, str, tuple[HunkFigure, ...]]:
    """What zpmaint leaves of the files, or None; why; and its hunks."""
    own = [file.path for file in pair.files if not file.offered]
    offers = [
        Offer(file.path, file.target.data, file.offered)
        for file in pair.files
        if file.offered and file.target is not None
    ]
    # What came to mainline after the last release the index of that release does not know.
    bases = b"\n".join(states[path].base or b"" for path in own)
    spoken = frozenset(words(bases))

    def gone(name: str) -> bool:
        base, target = pair.names.get(name, (True, True))
        return not target and (base or name in spoken)

    done = engine.carried(
        pair.patch.data,
        "0001-case.patch",
        {path: states[path].base for path in own},
        {path: states[path].target for path in own},
        exists=lambda name: pair.names.get(name, (True, True))[1],
        gone=gone,
        moves=lambda *_: offers,
    )
    if isinstance(done, str):
        return None, done, ()
    hunks = tuple(
        HunkFigure(
            file.path,
            str(hunk.placed),
            hunk.confidence if hunk.raw is None else hunk.raw,
            hunk.confidence,
            hunk.why,
        )
        for file in done.files
        for hunk in file.hunks
    )
    left = contents_of(done.files) if done.fate in engine.CLEAN else None
    return left, done.why, hunks


def _result(
    pair: StoredPair,
    truth: Contents,
    left: Contents | None,
    hunks: tuple[HunkFigure, ...],
) -> partial[PairResult]:
    after: dict[str, bytes | None] = {file.path: _data(file.target) for file in pair.files}
    after |= left or {}
    bad = (
        [path for path, data in after.items() if data != truth.get(path)]
        if left is not None
        else []
    )
    verdict = Verdict.CONFLICT if left is None else Verdict.DIFFERENT if bad else Verdict.EQUAL
    return partial(
        PairResult,
        set=pair.row.set,
        mainline=pair.row.mainline,
        stable=pair.row.stable,
        subject=pair.subject,
        hard=not pair.exact,
        verdict=verdict,
        confidence=0.0 if left is None else min((h.confidence for h in hunks), default=1.0),
        hunks=hunks,
        bad=tuple(bad),
        result=_digest(after, bad) if bad and hunks else "",
        difference=_difference(after, truth, bad) if bad and hunks else "",
    )


def _data(blob: Blob | None) -> bytes | None:
    return None if blob is None else blob.data


def _digest(left: Contents, paths: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(path.encode("utf-8", "surrogateescape") + b"\0" + (left.get(path) or b""))
    return whole.hexdigest()[:12]


def _difference(left: Contents, truth: Contents, paths: Iterable[str]) -> str:
    return "".join(
        unified(
            path,
            None if (was := truth.get(path)) is None else lines_of(was),
            None if (now := left.get(path)) is None else lines_of(now),
        )
        for path in paths
    )
