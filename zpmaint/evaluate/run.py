"""The cases of a data set through zpmaint and the other tools, on several cores."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from zpmaint.evaluate import engine, tools
from zpmaint.evaluate.cases import load
from zpmaint.evaluate.values import Case, FileCase, Outcome, Result
from zpmaint.progress import SILENT, Reporter

NAMES = (engine.NAME, *tools.TOOLS)
"""Everything that can be measured, in the order of the columns."""

_cases: list[Case] = []  # of this process


def measure(
    folder: Path,
    *,
    names: Sequence[str] = NAMES,
    pairs: Sequence[tuple[str, str]] | None = None,
    jobs: int | None = None,
    reporter: Reporter = SILENT,
) -> list[Result]:
    """Run `names` over every file case, in the order of the cases.

    `pairs` as `load` takes them; `jobs` processes, all cores if not given.
    """
    total = sum(1 for _ in load(folder, pairs))
    workers = max(1, min(jobs or os.cpu_count() or 1, total))
    found: list[Result] = []
    with (
        reporter.step(f"measure {', '.join(names)}", "cases") as step,
        ProcessPoolExecutor(workers, initializer=_open, initargs=(folder, pairs)) as pool,
    ):
        rounds = pool.map(_one, range(total), [tuple(names)] * total, chunksize=8)
        for number, results in enumerate(rounds):
            found += results
            step.advance(number + 1, total)
    return found


def outcomes(case: Case, names: Iterable[str]) -> Iterator[tuple[str, FileCase, Outcome]]:
    """What each tool makes of each file of a case."""
    ours = engine.attempt(case) if engine.NAME in names else {}
    with tempfile.TemporaryDirectory(prefix="zpmaint-evaluate-") as scratch:
        for file in case.files:
            for name in names:
                done = (
                    ours[file.path]
                    if name == engine.NAME
                    else tools.attempt(name, file, Path(scratch))
                )
                yield name, file, done


def _open(folder: Path, pairs: Sequence[tuple[str, str]] | None) -> None:
    _cases[:] = load(folder, pairs)


def _one(number: int, names: Sequence[str]) -> list[Result]:
    case = _cases[number]
    return [
        Result(
            pair=case.pair,
            case=case.name,
            path=file.path,
            kind=file.kind,
            drifted=file.drifted,
            touched=file.touched,
            tool=name,
            verdict=done.verdict(file.truth),
            confidence=done.confidence,
            how=done.how,
            seconds=done.seconds,
        )
        for name, file, done in outcomes(case, names)
    ]
