# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a data set through zpmaint and the other tools, on several cores."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from zpmaint.core.progress import SILENT, Reporter
from zpmaint.diffs.writer import unified
from zpmaint.evaluate import engine, tools
from zpmaint.evaluate.cases import load
from zpmaint.evaluate.engine import Mode
from zpmaint.evaluate.values import Case, FileCase, Kind, Outcome, Result, Verdict
from zpmaint.merge.lines import lines_of

NAMES = (engine.NAME, *tools.TOOLS)
"""Everything that can be measured, in the order of the columns."""

_cases: list[Case] = []  # of this process


def measure(
    folder: Path,
    *,
    names: Sequence[str] = NAMES,
    pairs: Sequence[tuple[str, str]] | None = None,
    only_drifted: bool = False,
    mode: Mode = Mode.PORT,
    jobs: int | None = None,
    reporter: Reporter = SILENT,
) -> list[Result]:
    """Run `names` over every file case, in the order of the cases.

    `pairs` as `load` takes them; `only_drifted` leaves out all that `verdicts.drifted` does;
    `mode` has the terms that zpmaint's engine runs on; `jobs` processes, all cores if not given.
    """
    total = sum(1 for _ in load(folder, pairs))
    workers = max(1, min(jobs or os.cpu_count() or 1, total))
    found: list[Result] = []
    with (
        reporter.step(f"measure {', '.join(names)}", "cases") as step,
        ProcessPoolExecutor(workers, initializer=_open, initargs=(folder, pairs)) as pool,
    ):
        one = partial(_one, names=tuple(names), only_drifted=only_drifted, mode=mode)
        rounds = pool.map(one, range(total), chunksize=8)
        for number, results in enumerate(rounds):
            found += results
            step.advance(number + 1, total)
    return found


def _open(folder: Path, pairs: Sequence[tuple[str, str]] | None) -> None:
    _cases[:] = load(folder, pairs)


def _one(number: int, *, names: Sequence[str], only_drifted: bool, mode: Mode) -> list[Result]:
    return list(results(_cases[number], names, only_drifted=only_drifted, mode=mode))


def results(
    case: Case, names: Sequence[str], *, only_drifted: bool = False, mode: Mode = Mode.PORT
) -> Iterator[Result]:
    """Run each tool on each file of a case."""
    chosen = [f for f in case.files if not only_drifted or (f.kind is Kind.MODIFIED and f.drifted)]
    if not chosen:
        return
    ours = engine.attempt(case, mode) if engine.NAME in names else {}
    with tempfile.TemporaryDirectory(prefix="zpmaint-evaluate-") as folder:
        scratch = Path(folder)
        for file in chosen:
            exact = tools.attempt(tools.EXACT, file, scratch)
            drift = tools.drift(file, exact=exact.clean, scratch=scratch)
            for name in names:
                if name == engine.NAME:
                    done = ours[file.path]
                elif name == tools.EXACT:
                    done = exact
                else:
                    done = tools.attempt(name, file, scratch)
                verdict = done.verdict(file.truth)
                shown = name == engine.NAME and verdict is Verdict.DIFFERENT
                yield Result(
                    pair=case.pair,
                    case=case.name,
                    path=file.path,
                    kind=file.kind,
                    drifted=file.drifted,
                    exact=exact.clean,
                    drift=drift,
                    tool=name,
                    verdict=verdict,
                    confidence=done.confidence,
                    how=done.how,
                    placed=done.placed,
                    seconds=done.seconds,
                    same_lines=file.same_lines,
                    difference=_difference(file, done) if shown else "",
                    result=hashlib.sha256(done.result or b"").hexdigest()[:12] if shown else "",
                )


def _difference(file: FileCase, done: Outcome) -> str:
    truth, result = file.truth, done.result
    return unified(
        file.path,
        None if truth is None else lines_of(truth),
        None if result is None else lines_of(result),
    )
