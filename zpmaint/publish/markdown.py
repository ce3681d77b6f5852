# SPDX-License-Identifier: GPL-2.0-only
"""All that the ledger knows of a patch set as one Markdown document. Pure.

The same records give the same bytes: no time of day, no wall time, no path is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from zpmaint.core.config import Config
from zpmaint.core.result import Result
from zpmaint.core.shown import visible
from zpmaint.ledger.values import Record
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.facts import Facts, Figure
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.looks import FLAKY
from zpmaint.publish.rows import Row, rows_of
from zpmaint.publish.words import NONE, number

_FIGURES = ("VmRSS", "AnonPages")
_LEGEND = """\
One row for each kernel and architecture: the newest verification that came to a result. *port*: how
the patch came onto this kernel, and the anchor it was carried from. *cases*: those that came out as
they have to on every kernel that was booted, and those that it cannot run.{figures}
"""
_LEGEND_OF_FIGURES = """ The figures are what
reading untouched memory adds, and the kernel's instructions for each page that is read, stock
{arrow} patched; one figure where there is no patched kernel, as upstream itself behaves as the
patch wants."""
_TRIED = f"The last try ended `{Result.INDETERMINATE}`: it failed, nobody knows why yet.\n"
_ARROW = "\N{RIGHTWARDS ARROW}"
_SPECIAL = re.compile(r"[\\`*|<>\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def document(config: Config, records: Iterable[Record], patchset: PatchSet) -> str:
    """The document of one patch set, newest kernel first; the order of `records` does not
    matter. A kernel that only the infrastructure failed on has no row: nothing is known of it. One
    that failed, nobody knows why, has none either, and is named below."""
    records = list(records)
    settled = kernels_of(record for record in records if record.result.settles)
    rows = [row for row in rows_of(config, settled, patchset.name) if row.kernel]
    every = rows_of(config, kernels_of(records), patchset.name)
    tried = [row for row in every if _is_open(row)]
    # What a set measures nothing of has no column.
    figures = [name for name in _FIGURES if any(row.read(name) for row in rows)]
    cost = any(row.cost for row in rows)
    measured = [*(f"{name}, kB" for name in figures), *(["instructions/page"] if cost else [])]
    legend = _LEGEND_OF_FIGURES.format(arrow=_ARROW) if measured else ""
    lines = [
        f"# {_escaped(patchset.title)}: kernels",
        "",
        _LEGEND.format(figures=legend),
        _summary(rows),
        "",
        _line(["kernel", "arch", "port", "cases", *measured, "result"]),
        _line([*["---"] * 4, *("---:" for _ in measured), "---"]),
        *(_line(_cells(row, figures, cost=cost)) for row in rows),
        *(["", _TRIED, *map(_named, tried)] if tried else []),
    ]
    return "\n".join(lines) + "\n"


def _is_open(row: Row) -> bool:
    """Whether the last that is known of a kernel is that it failed, nobody knows why."""
    newest = row.attempt or row.tried
    return newest is not None and newest.result is Result.INDETERMINATE


def _named(row: Row) -> str:
    return f"- {_escaped(row.version)} ({_escaped(row.arch)})"


def _summary(rows: list[Row]) -> str:
    looks = [row.look for row in rows]
    words = [*map(str, Result), FLAKY]
    counts = [f"{looks.count(look)} {look}" for look in words if look in looks]
    return f"{len(rows)} kernels: {', '.join(counts)}." if rows else "No kernel was verified yet."


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row, figures: Sequence[str], *, cost: bool) -> list[str]:
    why = "" if row.look == Result.PASS else f": {_escaped(row.why)}"
    return [
        _escaped(row.version),
        _escaped(row.arch),
        _port(row.facts),
        _cases(row),
        *(_pair(row.read(counter)) for counter in figures),
        *([_pair(row.cost)] if cost else []),
        f"{row.look}{why}{_since(row)}",
    ]


def _since(row: Row) -> str:
    """Since which kernel it is broken, where that is another one, and the last that was good."""
    run = row.episode
    if run is None or run.kind.is_good:
        return ""
    said = [
        f"since {_escaped(run.first)}" if run.first != row.version else "",
        f"last good {_escaped(run.last_good)}" if run.last_good else "",
    ]
    words = ", ".join(part for part in said if part)
    return f" ({words})" if words else ""


def _port(facts: Facts) -> str:
    if facts.port_state is None:
        return NONE
    # Where upstream behaves so by itself nothing was carried from anywhere.
    carried = facts.port_state in ("applies", "ported")
    return _escaped(facts.port_state) + (f" ({_escaped(facts.port_anchor)})" if carried else "")


def _cases(row: Row) -> str:
    if row.suite is None:
        return NONE
    parts = [str(row.suite.passed)]
    if row.suite.failed:
        parts.append(f"{row.suite.failed} not as expected")
    if row.suite.skipped:
        parts.append(f"{row.suite.skipped} skipped")
    return ", ".join(parts)


def _pair(figure: Figure | None) -> str:
    if figure is None:
        return NONE
    if figure.patched is None:
        return number(figure.stock)
    return f"{number(figure.stock)} {_ARROW} {number(figure.patched)}"


def _escaped(text: str) -> str:
    """Text as one line of a table's cell, its characters standing for themselves."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(visible(text).split()))
