# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint evaluate --pairs`: commits of mainline carried to where the stable maintainers did."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from zpmaint.cli import tables
from zpmaint.cli.context import CommandContext
from zpmaint.core.errors import UserError
from zpmaint.core.files import write_whole
from zpmaint.evaluate import engine, histories, reliability
from zpmaint.evaluate.calibration import as_toml
from zpmaint.evaluate.classes import Class
from zpmaint.evaluate.pair_build import is_whole, prepare_pairs
from zpmaint.evaluate.pair_list import read_list
from zpmaint.evaluate.pair_report import PairReport, Part, learned_from, pair_report
from zpmaint.evaluate.pair_run import measure_pairs
from zpmaint.evaluate.pair_shown import write_pairs
from zpmaint.evaluate.values import Verdict


@dataclass(frozen=True)
class Wanted:
    """What a run over pairs is to do."""

    pairs: Path
    names: tuple[str, ...]
    """The tools."""
    tuning: tuple[str, ...]
    """The sets that the engine was tuned on; none for no split."""
    data: Path | None
    show_different: Path | None
    reliability: Path | None
    calibrate: Path | None
    jobs: int | None
    as_json: bool


def run(context: CommandContext, wanted: Wanted) -> None:
    """Build the data set if need be, measure, print and write what is asked for."""
    rows = read_list(wanted.pairs)
    sets = {row.set for row in rows}
    if strange := [name for name in wanted.tuning if name not in sets]:
        raise UserError(
            f"--split {strange[0]}: no such set", f"there are {', '.join(sorted(sets))}"
        )
    ours = engine.NAME in wanted.names
    if not ours and (wanted.reliability or wanted.calibrate):
        raise UserError("--reliability and --calibrate are about zpmaint", "add --tool zpmaint")
    if wanted.calibrate and not wanted.tuning:
        raise UserError("--calibrate: on which sets?", "name them with --split")
    folder = wanted.data or context.session.places.cache / "evaluate-pairs"
    if not is_whole(folder, rows):
        top = histories.folder()
        prepare_pairs(folder, rows, top, jobs=wanted.jobs, reporter=context.reporter)
    started = time.perf_counter()
    results = measure_pairs(folder, rows, wanted.names, jobs=wanted.jobs, reporter=context.reporter)
    wall = time.perf_counter() - started
    figures = pair_report(results, wanted.tuning)
    if wanted.reliability is not None:
        shown = figures.parts[1:] or figures.parts
        series = {f"{part.name} ({', '.join(part.sets)})": part.calibration for part in shown}
        write_whole(wanted.reliability, reliability.svg("Confidence against equal", series))
    if wanted.calibrate is not None:
        learned = learned_from(results, wanted.tuning)
        measured = f"{wanted.pairs.name}, sets {', '.join(wanted.tuning)}"
        write_whole(wanted.calibrate, as_toml(learned, measured))
    if wanted.show_different is not None:
        write_pairs(results, rows, folder, wanted.show_different)
    if wanted.as_json:
        context.json(
            {"terms": str(engine.Mode.PORT)}
            | figures.as_json()
            | {"cases": [row.as_json() for row in results], "wall_seconds": round(wall, 1)}
        )
        return
    _print(context, figures, wanted.names)
    context.out.print(f"{len(rows)} pairs; {wall:.0f} s of wall time")


def _print(context: CommandContext, figures: PairReport, names: Sequence[str]) -> None:
    for part in figures.parts:
        context.out.print(_groups(part, names))
    if engine.NAME not in names:
        return
    context.out.print(_sure(figures.parts))
    context.out.print(_calibration(figures.parts))
    table = Table(
        box=tables.BOX, title="Clean ports, by strategy of the weakest hunk", title_justify="left"
    )
    for word in ("placed", "equal", "different"):
        table.add_column(word, justify="left" if word == "placed" else "right")
    for word, counts in figures.parts[0].how.items():
        table.add_row(word, str(counts[Verdict.EQUAL]), str(counts[Verdict.DIFFERENT]))
    context.out.print(table)
    if figures.classes:
        context.out.print(_classes(figures))


def _groups(part: Part, names: Sequence[str]) -> Table:
    sets = f" ({', '.join(part.sets)})"
    table = Table(
        box=tables.BOX,
        title=f"Whole patches, {part.name}{sets}: % equal / % different / % conflict, CPU seconds",
        title_justify="left",
    )
    table.add_column("")
    table.add_column("pairs", justify="right")
    for name in names:
        table.add_column(name, justify="right")
    for group, by_tool in part.groups.items():
        cells = []
        for name in names:
            t = by_tool[name]
            stuck = t.share(t.cases - t.clean)
            cells.append(
                f"{t.share(t.equal):.1f}/{t.share(t.different):.1f}/{stuck:.1f} {t.seconds:.0f}s"
            )
        table.add_row(group, str(next(iter(by_tool.values())).cases), *cells)
    return table


def _sure(parts: Sequence[Part]) -> Table:
    table = Table(
        box=tables.BOX,
        title=f"zpmaint's answers at confidence >= {reliability.SURE:.2f}",
        title_justify="left",
    )
    for word in ("", "pairs", "sure", "different", "% of all", "read as wrong, or unread"):
        table.add_column(word, justify="right" if word else "left")
    for part in parts:
        sure = part.sure
        table.add_row(
            part.name,
            str(sure.answers),
            str(sure.sure),
            str(sure.wrong),
            f"{sure.share:.2f}",
            str(part.wrong),
        )
    return table


def _calibration(parts: Sequence[Part]) -> Table:
    table = Table(
        box=tables.BOX, title="Clean ports by confidence: equal of all, %", title_justify="left"
    )
    table.add_column("confidence")
    for part in parts:
        table.add_column(part.name, justify="right")
    lows = sorted({bucket.low for part in parts for bucket in part.calibration})
    for low in lows:
        cells = []
        high = 1.0
        for part in parts:
            own = next((bucket for bucket in part.calibration if bucket.low == low), None)
            if own is None:
                cells.append("-")
                continue
            high = own.high
            cells.append(f"{own.equal} of {own.count} {100 * own.share:.1f}")
        table.add_row(f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}", *cells)
    return table


def _classes(figures: PairReport) -> Table:
    table = Table(
        box=tables.BOX,
        title="Clean but different: what people found (zpmaint/evaluate/pair_classes.toml)",
        title_justify="left",
    )
    table.add_column("")
    for word in Class:
        table.add_column(str(word), justify="right")
    for name, counts in figures.classes.items():
        table.add_row(name, *(str(counts[word]) for word in Class))
    return table
