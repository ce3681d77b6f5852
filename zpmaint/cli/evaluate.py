# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint evaluate`: how well ports come out, beside the common tools, on Debian's own queues."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click
from rich.table import Table

from zpmaint.app.port import base_blobs
from zpmaint.cli import evaluate_pairs, options, tables, writable
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.errors import UserError
from zpmaint.core.files import write_whole
from zpmaint.core.tools import need_for
from zpmaint.evaluate import chart, engine, histories, shown, verdicts
from zpmaint.evaluate import report as reports
from zpmaint.evaluate.build import prepare, prepare_others
from zpmaint.evaluate.cases import load
from zpmaint.evaluate.classes import Class
from zpmaint.evaluate.engine import Mode
from zpmaint.evaluate.other_queues import SHIPPED, read_table
from zpmaint.evaluate.packages import Packages
from zpmaint.evaluate.pairs import declared, parse_pair
from zpmaint.evaluate.report import Groups, Report
from zpmaint.evaluate.run import NAMES, measure
from zpmaint.evaluate.store import FILE
from zpmaint.evaluate.tags import tags as sweep_tags
from zpmaint.evaluate.tools import available


@click.command()
@click.option(
    "--pair",
    "pairs",
    multiple=True,
    metavar="OLD..NEW",
    help="Two of Debian's packages by version, as 6.1.187-1..6.12.107-1; may be given several "
    "times (default: the pairs of zpmaint/evaluate/pairs.toml).",
)
@click.option(
    "--package",
    default="linux",
    show_default=True,
    metavar="NAME",
    help="Take the queues of another Debian source package (with --pair).",
)
@click.option(
    "--tool",
    "names",
    multiple=True,
    type=click.Choice(NAMES),
    help="Measure this one alone; may be given several times (default: all).",
)
@click.option(
    "--drifted", is_flag=True, help="Leave out the files that did not drift, which take longest."
)
@click.option(
    "--terms",
    type=click.Choice([str(mode) for mode in Mode]),
    default=str(Mode.PORT),
    show_default=True,
    help="On which terms zpmaint's engine runs: `port`, those of `zpmaint port --series`, or "
    "`yields`, which drops the hunks that upstream has or whose code it deleted. Tables and JSON "
    "name any but the first.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the data set (default: evaluate in the cache).",
)
@click.option(
    "--show-different",
    type=writable.FOLDER,
    metavar="FOLDER",
    help="Write each clean port that is not what the maintainers have, with the diff from theirs.",
)
@click.option(
    "--curve",
    type=writable.FILE,
    metavar="FILE.svg",
    help="Draw what a threshold on confidence trades.",
)
@click.option(
    "--pairs",
    "pair_list",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Measure on pairs of a mainline commit and its backport instead, as this list names them; "
    "the git histories are read below the folder that ZPMAINT_PAIRS_GIT names.",
)
@click.option(
    "--queues",
    is_flag=False,
    flag_value=str(SHIPPED),
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="[FILE.toml]",
    help="Measure on the queues of others instead, as this table names them (default: "
    "zpmaint/evaluate/other_queues.toml); their repositories are read below the folder that "
    "ZPMAINT_PAIRS_GIT names.",
)
@click.option(
    "--split",
    multiple=True,
    metavar="SET",
    help="With --pairs: the sets that the engine was tuned on, beside the others; may be given "
    "several times.",
)
@click.option(
    "--reliability",
    type=writable.FILE,
    metavar="FILE.svg",
    help="With --pairs: draw confidence against the share that is equal.",
)
@click.option(
    "--calibrate",
    type=writable.FILE,
    metavar="FILE.toml",
    help="With --pairs and --split: learn how sure each strategy is from the sets named there, "
    "and write the table that the engine reads (zpmaint/port/confidence.toml).",
)
@click.option(
    "--tags",
    is_flag=True,
    help="Sweep the patch set's first two anchors, each alone, "
    "over the tags of the repository that ZPMAINT_KERNEL_GIT names, instead.",
)
@options.patch
@options.jobs
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    pairs: tuple[str, ...],
    package: str,
    names: tuple[str, ...],
    drifted: bool,
    terms: str,
    data: Path | None,
    show_different: Path | None,
    curve: Path | None,
    pair_list: Path | None,
    queues: Path | None,
    split: tuple[str, ...],
    reliability: Path | None,
    calibrate: Path | None,
    tags: bool,
    patch: str | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Measure zpmaint's ports against maintainers', beside patch, git merge-file and wiggle.

    Debian's maintainers carry their patch queues (and PREEMPT_RT) from kernel to kernel by hand.
    A patch that stands in an older and in a newer package is a case: the older patch is carried
    onto the newer tree, and the maintainers' newer patch is the truth. The data set is built from
    the packages once and kept in the cache.

    \b
    Examples:
      zpmaint evaluate --curve curve.svg --show-different different/
      zpmaint evaluate --pair 6.1.187-1..6.12.107-1 --tool zpmaint
      zpmaint evaluate --pairs stable-pairs.csv --split 2.6.32 --reliability reliability.svg
      zpmaint evaluate --queues --drifted
      zpmaint evaluate --package util-linux --pair 2.38.1-5+deb12u3..2.41-5
    """
    need_for("evaluate")
    chosen = tuple(names) or available(context.reporter)
    if tags:
        _tags(context, patch, chosen, as_json=as_json)
        return
    if pair_list is not None:
        given = {
            "--queues": queues,
            "--pair": pairs,
            "--package": package != "linux",
            "--drifted": drifted,
            "--terms": terms != Mode.PORT,
            "--curve": curve,
        }
        if strange := [name for name, value in given.items() if value]:
            raise UserError(f"{strange[0]} is not for --pairs", "leave one of the two out")
        evaluate_pairs.run(
            context,
            evaluate_pairs.Wanted(
                pairs=pair_list,
                names=chosen,
                tuning=split,
                data=data,
                show_different=show_different,
                reliability=reliability,
                calibrate=calibrate,
                jobs=jobs,
                as_json=as_json,
            ),
        )
        return
    if split or reliability or calibrate:
        raise UserError("--split, --reliability and --calibrate are for --pairs", "name a list")
    session = context.session
    if queues is not None:
        if pairs or package != "linux":
            raise UserError("--pair and --package are not for --queues", "leave one of them out")
        table = read_table(queues)
        wanted = list(table.pairs)
        folder = data or session.places.cache / "evaluate-queues"
        packages = Packages.of("linux", session.places.cache, context.reporter)
        # What was built before does without the repositories.
        known = (folder / FILE).is_file() and not os.environ.get(histories.VARIABLE)
        top = None if known else histories.folder()
        usable = prepare_others(folder, table, top, packages, context.reporter)
    else:
        wanted = [parse_pair(text) for text in pairs]
        if package != "linux" and not wanted:
            raise UserError(f"no pairs are declared for {package}", "name two with --pair OLD..NEW")
        wanted = wanted or declared()
        own = "evaluate" if package == "linux" else f"evaluate-{package}"
        folder = data or session.places.cache / own
        packages = Packages.of(package, session.places.cache, context.reporter)
        usable = prepare(folder, wanted, packages, context.reporter)
    started = time.perf_counter()
    results = measure(
        folder,
        names=chosen,
        pairs=usable,
        only_drifted=drifted,
        mode=Mode(terms),
        jobs=jobs,
        reporter=context.reporter,
    )
    wall = time.perf_counter() - started
    figures = reports.report(results)
    if curve is not None:
        others = [(row.tool, row.other) for row in figures.coverage]
        write_whole(curve, chart.svg(_title("Drifted files", Mode(terms)), figures.curve, others))
    if show_different is not None:
        shown.write(results, folder, show_different)
    left_out = [pair for pair in wanted if pair not in usable]
    if as_json:
        context.json(
            figures.as_json()
            | {
                "terms": terms,
                "pairs": [f"{old}..{new}" for old, new in usable],
                "left_out": [f"{old}..{new}" for old, new in left_out],
                "cases": [row.as_json() for row in results],
                "wall_seconds": round(wall, 1),
            }
        )
        return
    _print(context, figures, chosen, Mode(terms))
    files = {(case.pair, case.name): len(case.files) for case in load(folder, usable)}
    context.out.print(
        f"{len(usable)} pairs, {len(files)} patch cases, {sum(files.values())} file cases; "
        f"{wall:.0f} s of wall time"
    )
    for old, new in left_out:
        context.out.print(f"left out: {old}..{new} (a package or a queue is not to be had)")


def _tags(
    context: CommandContext, patch: str | None, names: Sequence[str], *, as_json: bool
) -> None:
    where = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not where:
        raise UserError(
            "--tags: ZPMAINT_KERNEL_GIT is not set", "let it name a git repository of the kernel"
        )
    session = context.session
    chain = session.chain([f"git:{where}"])
    found = sweep_tags(
        session.patchset(patch),
        chain,
        lambda anchor: base_blobs(session, anchor, chain),
        names,
        context.reporter,
    )
    if as_json:
        context.json(
            {
                anchor: [
                    {
                        "version": str(row.version),
                        "state": str(row.port.state),
                        "confidence": round(row.port.confidence, 3),
                        "why": row.port.why,
                        "tools": row.tools,
                    }
                    for row in rows
                ]
                for anchor, rows in found.items()
            }
        )
        return
    for anchor, rows in found.items():
        table = Table(box=tables.BOX, title=f"{anchor} alone, over all tags", title_justify="left")
        tools = [name for name in names if name != engine.NAME]
        for word in ("kernels", "count", "zpmaint", "confidence", *tools, "zpmaint's reason"):
            table.add_column(word, justify="right" if word in ("count", "confidence") else "left")
        for _, run in groupby(rows, key=lambda r: (r.port.state, tuple(r.tools.values()))):
            group = list(run)
            worst = min(group, key=lambda row: row.port.confidence)
            table.add_row(
                tables.span(group[0].version, group[-1].version),
                str(len(group)),
                tables.state(worst.port.state),
                f"{worst.port.confidence:.2f}",
                *("clean" if worst.tools[name] else "conflict" for name in tools),
                worst.port.why,
            )
        context.out.print(table)


def _title(what: str, mode: Mode) -> str:
    """What a table or a picture is about; other terms than port's are named."""
    return what if mode is Mode.PORT else f"{what} (not port's terms: {mode})"


def _print(context: CommandContext, figures: Report, names: Sequence[str], mode: Mode) -> None:
    on = _title("", mode)
    how = "% without conflict / % equal to the truth / % clean but different, CPU seconds"
    for title, groups in (
        (f"Files that drifted: {how}", figures.drifted),
        ("Of these the hard ones (patch -F0 refuses them)", figures.hard),
        ("Files that drifted, by kind of drift", figures.drift),
        ("Files that drifted, by what the maintainers changed of the patch", figures.lines),
        ("Everything else, by what it is", figures.other),
        ("Whole patches with a file that drifted (all its files must be right)", figures.patches),
    ):
        context.out.print(_groups(title + on, groups, names))
    if engine.NAME not in names:
        return
    table = Table(box=tables.BOX, title=f"zpmaint, by strategies{on}", title_justify="left")
    for word in ("placed", "equal", "different", "conflict"):
        table.add_column(word, justify="left" if word == "placed" else "right")
    for word, counts in figures.how.items():
        table.add_row(word, *(str(counts[k]) for k in ("equal", "different", "conflict")))
    context.out.print(table)
    table = Table(
        box=tables.BOX,
        title=f"A threshold on confidence, drifted files{on}",
        title_justify="left",
    )
    for word in ("at least", "% equal", "% different", "hard: % equal", "hard: % different"):
        table.add_column(word, justify="right")
    hard = list(figures.hard_curve)
    for point in figures.curve:
        there = next((p for p in hard if p.threshold >= point.threshold), None)
        table.add_row(
            f"{point.threshold:.2f}",
            f"{point.equal:.1f}",
            f"{point.different:.2f}",
            f"{there.equal:.1f}" if there else "0.0",
            f"{there.different:.2f}" if there else "0.00",
        )
    context.out.print(table)
    if figures.coverage:
        context.out.print(_coverage(figures, on))
    if figures.classes:
        context.out.print(_classes(figures, on))


def _classes(figures: Report, on: str) -> Table:
    table = Table(
        box=tables.BOX,
        title=f"Clean but different: what people found (zpmaint/evaluate/classes.toml){on}",
        title_justify="left",
    )
    table.add_column("")
    for word in Class:
        table.add_column(str(word), justify="right")
    for pair, counts in figures.classes.items():
        table.add_row(pair, *(str(counts[word]) for word in Class))
    return table


def _coverage(figures: Report, on: str) -> Table:
    table = Table(
        box=tables.BOX,
        title="At equal coverage: zpmaint held back to each tool's share without conflict" + on,
        title_justify="left",
    )
    for word in ("tool", "% clean", "its % different", "zpmaint's", "threshold"):
        table.add_column(word, justify="left" if word == "tool" else "right")
    for row in figures.coverage:
        share = row.other.share
        point = row.point
        table.add_row(
            row.tool,
            f"{share(row.other.clean):.1f}",
            f"{share(row.other.different):.2f}",
            f"{point.different:.2f} (of {point.clean:.1f} clean)" if point else "-",
            f"{point.threshold:.2f}" if point and row.reaches else "covers less",
        )
    return table


def _groups(title: str, groups: Groups, names: Sequence[str]) -> Table:
    table = Table(box=tables.BOX, title=title, title_justify="left")
    table.add_column("")
    table.add_column("cases", justify="right")
    for name in names:
        table.add_column(name, justify="right")
    for group, by_tool in groups.items():
        first = next(iter(by_tool.values()))
        cells = [
            f"{t.share(t.clean):.1f}/{t.share(t.equal):.1f}/{t.share(t.different):.1f} "
            f"{t.seconds:.0f}s"
            for t in (by_tool[name] for name in names)
        ]
        label = "all" if group == verdicts.ALL else group
        table.add_row(label, str(first.cases), *cells)
    return table
