# SPDX-License-Identifier: GPL-2.0-only
"""Results as tables. Every state is a word, coloured where colour is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zpmaint.cli import evidence_tables, executed_tables, record_tables
from zpmaint.core.provenance import Provenance
from zpmaint.core.result import Result, Tone
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.port.proof import CompileProof
from zpmaint.port.values import Fate

if TYPE_CHECKING:
    # Whoever only reads the ledger waits for no source to be imported.
    from zpmaint.app.series import SeriesPort
    from zpmaint.app.test_run import TestRun
    from zpmaint.build.values import Kernel
    from zpmaint.judge.values import CaseResult, CaseVerdict, Delta
    from zpmaint.ledger.stages import CaseRecord, CaseResultRecord, DeltaRecord
    from zpmaint.ledger.values import Summary
    from zpmaint.port.values import Port
    from zpmaint.vm.values import Run

BOX = box.SIMPLE_HEAD

_TONES = {Tone.GOOD: "green", Tone.CALM: "cyan", Tone.BAD: "red", Tone.OPEN: "yellow"}
_STYLES = {
    "applies": "green",
    "ported": "green",
    "upstream": "cyan",
    "developed since": "cyan",
    "partly upstream": "yellow",
    "reversed": "red",
    "unread": "red",
    "unreadable": "red",
    "superseded": "yellow",
    "conflict": "red",
    "untried": "yellow",
    **{str(result): _TONES[result.tone] for result in Result},
    "fail": "bold red",
    "lost": "bold red",
    "skip": "yellow",
    "finished": "green",
    "panic": "bold red",
    "hang": "bold red",
    "triple-fault": "bold red",
    "died": "yellow",
    "not-started": "yellow",
}


def state(word: object) -> Text:
    """A state's word in its colour."""
    return Text(str(word), style=_STYLES.get(str(word), ""))


def span(first: KernelVersion, last: KernelVersion) -> str:
    """A range of kernels by their tags; one of them where it is but one."""
    return first.tag if first == last else f"{first.tag} .. {last.tag}"


def _table(*titles: str, right: Iterable[str] = (), title: str | None = None) -> Table:
    table = Table(box=BOX, title=title, title_justify="left", title_style="bold")
    for name in titles:
        table.add_column(name, justify="right" if name in set(right) else "left")
    return table


def port(out: Console, result: Port) -> None:
    """Each hunk: where it went, how, how sure, why."""
    table = _table(
        "file", "hunk", "in", "placed", "offset", "sure", "why", right=("offset", "sure")
    )
    for file in result.files:
        for hunk in file.hunks:
            offset = "" if hunk.offset is None else f"{hunk.offset:+d}"
            table.add_row(
                escape(file.path),
                escape(hunk.header),
                escape(hunk.scope),
                state(hunk.placed),
                offset,
                f"{hunk.sure:.2f}",
                escape(hunk.why),
            )
    heading = Text(f"{result.patchset} on {result.version}: ")
    heading.append_text(state(result.state))
    heading.append(f" (from {result.anchor}): {result.why}")
    out.print(heading)
    if table.row_count:
        out.print(table)
    for file in result.files:
        if file.conflict:
            out.print(f"{file.path}:\n{file.conflict}", markup=False)
    compiled(out, result.compiled)


def compiled(out: Console, proof: CompileProof | None) -> None:
    """What the compiler said of a port; nothing where none was asked."""
    if proof is not None:
        by = f" ({proof.by})" if proof.by else ""
        out.print(f"{proof.words}{by}", markup=False, soft_wrap=True)


def series(out: Console, result: SeriesPort) -> None:
    """The patches that did not go in as they were, and how many did."""
    table = _table("patch", "state", "sure", "why", right=("sure",))
    for one in result.ports:
        if one.fate is Fate.UNTRIED or (one.fate is Fate.APPLIES and not one.off_base):
            continue
        table.add_row(escape(one.name), state(one.fate), f"{one.sure:.2f}", escape(one.why))
        for said in one.off_base:
            table.add_row("", "", "", escape(f"not on its own base: {said}"))
        if one.fate is Fate.CONFLICT and (waiting := result.waiting(one)):
            table.add_row("", "", "", escape(f"holds up: {', '.join(waiting)}"))
    if table.row_count:
        out.print(table)
    for one in result.stuck[:1]:
        for file in one.files:
            if file.conflict:
                out.print(f"{one.name}: {file.path}:\n{file.conflict}", markup=False)
    said_of(out, result)
    compiled(out, result.compiled)
    counts = ", ".join(
        f"{count} {fate}" for fate in Fate if (count := sum(p.fate is fate for p in result.ports))
    )
    since = f" from {result.base}" if result.base else ""
    out.print(
        f"{result.series.name} on {result.version}{since}: {len(result.ports)} patches: {counts}",
        markup=False,
    )


def said_of(out: Console, result: SeriesPort) -> None:
    """What reading the series had to say: what was put right, left out, or is missing."""
    for said in result.series.notes:
        out.print(said, markup=False)
    for one in result.ports:
        for said in one.notes:
            out.print(f"{one.name}: {said}", markup=False)
    for what in result.series.missing:
        out.print(f"missing: {what}", markup=False)
    for name, why in result.series.left_out:
        out.print(f"left out: {name}: {why}", markup=False)


def kernels(out: Console, built: Iterable[Kernel]) -> None:
    """What was built, with what, and where it is."""
    table = _table("kernel", "arch", "image", "fix-ups", "wall", right=("wall",))
    for kernel in built:
        wall = f"{kernel.seconds:.1f} s" if kernel.seconds else "there"
        table.add_row(
            f"{kernel.version} {kernel.flavour}",
            kernel.arch,
            escape(str(kernel.image)),
            escape(", ".join(kernel.fixups)) or "none",
            wall,
        )
    out.print(table)


def runs(out: Console, ran: Mapping[Any, Run]) -> None:
    """How each boot ended."""
    table = _table("kernel", "ended", "why", "wall", "console", right=("wall",))
    boots = [
        (f"{flavour}, again" if number else str(flavour), boot)
        for flavour, run in ran.items()
        for number, boot in enumerate(run.boots)
    ]
    for name, boot in boots:
        table.add_row(
            name,
            state(boot.outcome),
            escape(boot.why),
            f"{boot.seconds:.2f} s",
            escape(str(boot.console)),
        )
    out.print(table)
    for name, boot in boots:
        for line in boot.complaints:
            out.print(f"{name} console: {line}", markup=False)


def test_run(out: Console, done: TestRun) -> None:
    """Chosen cases on the kernels they ran on, and the verdict last."""
    out.print(Text(f"\n{done.name}", style="bold"))
    for one in done.suites:
        suite = one.bootable.suite.name
        for flavour, run in one.runs.items():
            for number, boot in enumerate(run.boots):
                again = ", again" if number else ""
                out.print(
                    f"  {suite}: {flavour}{again}: {boot.outcome} in {boot.seconds:.2f} s "
                    f"({boot.accelerator}): {boot.why}",
                    markup=False,
                    soft_wrap=True,
                )
    for line in done.left_out:
        out.print(f"  left out: {line}", style="yellow", markup=False, soft_wrap=True)
    if done.evidence:
        evidence_tables.evidence(out, done.evidence)
    if done.verdict.executed:
        executed_tables.executed(out, done.verdict.executed)
    if done.untouched:
        names = ", ".join(done.untouched)
        out.print(f"  run no changed line, and were left out: {names}", markup=False)
    _cases(out, done.verdict.cases)
    _figures(out, done.verdict.deltas)
    for failure in done.verdict.failures:
        out.print(f"  against it: {failure}", style="red", markup=False, soft_wrap=True)
    if not done.verdict.passed:
        for one in done.suites:
            for flavour, run in one.runs.items():
                for boot in run.boots:
                    out.print(f"  {flavour} console: {boot.console}", markup=False, soft_wrap=True)
    word = state(done.verdict.result)
    word.append(f": {done.verdict.why}", style="")
    out.print(word, soft_wrap=True)


def record(out: Console, row: Record, *, cases: bool = True) -> None:
    """One verification, whole: hunks, cases, deltas, and the verdict last."""
    heading = Text(f"\n{row.patchset} on {row.version} {row.arch}: ", style="bold")
    heading.append_text(state(row.result))
    out.print(heading)
    _facts(out, row)
    if row.build and row.build.evidence:
        evidence_tables.evidence(out, row.build.evidence)
    if row.verdict and row.verdict.executed:
        executed_tables.executed(out, row.verdict.executed)
    if row.verdict and cases:
        _cases(out, row.verdict.cases)
    if row.verdict:
        if row.verdict.deltas:
            _deltas(out, row.verdict.deltas)
            _figures(out, row.verdict.deltas)
        for failure in row.verdict.failures:
            out.print(f"  against it: {failure}", style="red", markup=False, soft_wrap=True)
    if not row.result.is_good and row.runs:
        for booted in (row.runs, *row.runs.suites.values()):
            for flavour, run in booted.ran.items():
                out.print(f"  {flavour} console: {run.console}", markup=False)
    verdict = state(row.result)
    verdict.append(f": {row.why}", style="")
    out.print(verdict, soft_wrap=True)
    out.print(f"  outcome: {row.outcome}", markup=False, style="dim")


def vouched(provenance: Provenance | None) -> str:
    """What vouches for a kernel's bytes, in a line."""
    if provenance is None:
        return "not known who vouches for it"
    return f"{provenance.source}: {provenance.words}"


def _facts(out: Console, row: Record) -> None:
    if row.port:
        out.print(
            f"  port: {row.port.state} from {row.port.anchor}, "
            f"confidence {row.port.confidence:.2f}: {row.port.why}",
            markup=False,
        )
        out.print(f"  source: {vouched(row.port.provenance)}", markup=False, soft_wrap=True)
    if row.port and row.port.members:
        record_tables.members(out, row.port.members)
    if row.build and (stock := row.build.stock):
        out.print(
            f"  build: {stock.toolchain}; fix-ups: {', '.join(stock.fixups) or 'none'}",
            markup=False,
        )
    if row.build and (failed := row.build.failed):
        record_tables.failed_build(out, failed)
    if row.build and row.build.confined:
        out.print(f"  confined by: {row.build.confined}", markup=False, soft_wrap=True)
    runs = {"": row.runs, **row.runs.suites} if row.runs else {}
    for suite, booted in runs.items():
        for flavour, run in booted.ran.items():
            out.print(
                f"  {suite}{': ' if suite else ''}{flavour}: {run.outcome} in {run.seconds:.2f} s "
                f"({run.accelerator}): {run.why}",
                markup=False,
            )
    stages = [stage for stage in ("port", "build", "boot") if stage in row.seconds]
    took = ", ".join(f"{stage} {row.seconds[stage]:.1f} s" for stage in stages)
    if took:
        out.print(f"  wall: {took}", markup=False)


def _cases(out: Console, rows: Iterable[CaseRecord | CaseVerdict]) -> None:
    """A table for each suite; what failed and what flips stands first in it."""
    suites: dict[str, list[CaseRecord | CaseVerdict]] = {}
    for case in rows:
        suites.setdefault(case.suite, []).append(case)
    for suite, cases in suites.items():
        table = _table("case", "stock", "", "patched", "", "flips", title=f"suite {suite}")
        for case in sorted(cases, key=_weight):
            cells: list[Text | str] = [case.name]
            for got in (case.stock, case.patched):
                cells += [state(got.mark), _seen(got)] if got else ["-", ""]
            cells.append("flips" if case.flips else "")
            table.add_row(*cells)
        out.print(table)


def _weight(case: CaseRecord | CaseVerdict) -> tuple[bool, bool]:
    wrong = any(got and got.mark in ("fail", "lost") for got in (case.stock, case.patched))
    return (not wrong, not case.flips)


def _seen(got: CaseResultRecord | CaseResult) -> Text:
    text = got.observed
    if got.mark == "pass" and got.detail.startswith("known defect"):
        text += " (known defect)"
    if got.mark in ("fail", "lost"):
        text += f" (expected {got.expected})"
        if got.detail:
            text += f"; {got.detail}"
    return Text(text)


_PHASES = ("read", "write", "fresh-write")


def _deltas(out: Console, rows: Iterable[DeltaRecord]) -> None:
    """A line per counter: growth after the read, the write and the fresh write, stock and patched.
    What tells is marked *, and stands first."""
    counters: dict[str, dict[str, DeltaRecord]] = {}
    for row in rows:
        if row.phase in _PHASES:
            counters.setdefault(row.counter, {})[row.phase] = row
    if not counters:
        return
    figures = [f"{phase}: {side}" for phase in _PHASES for side in ("stock", "patched")]
    table = _table("counter", "unit", *figures, right=figures)
    notes: dict[str, list[str]] = {}
    for name, phases in sorted(counters.items(), key=lambda item: not _tells(item[1])):
        cells = [
            _cell(phases[phase], side) if phase in phases else ""
            for phase in _PHASES
            for side in ("stock", "patched")
        ]
        unit = next(iter(phases.values())).unit
        table.add_row(
            escape(name),
            "" if unit == name else unit,
            *cells,
            style="bold" if _tells(phases) else "",
        )
        for note in dict.fromkeys(row.note for row in phases.values() if row.note):
            notes.setdefault(note, []).append(name)
        if not all(row.exact for row in phases.values()):
            notes.setdefault("not repeatable, shown only", []).append(name)
    out.print(table)
    out.print("  * tells stock from patched on this kernel")
    for note, names in notes.items():
        out.print(f"  {', '.join(names)}: {note}", markup=False, soft_wrap=True)


def _figures(out: Console, rows: Iterable[DeltaRecord | Delta]) -> None:
    """What cases reported beside their word, stock and patched."""
    own = [row for row in rows if row.phase not in _PHASES]
    if not own:
        return
    table = _table("figure", "case", "unit", "stock", "patched", right=("stock", "patched"))
    for row in own:
        patched = "-" if row.patched is None else _figure(row.patched)
        table.add_row(escape(row.counter), row.phase, escape(row.unit), _figure(row.stock), patched)
    out.print(table)


def _tells(phases: Mapping[str, DeltaRecord]) -> bool:
    return any(row.telling for row in phases.values())


def _cell(row: DeltaRecord, side: str) -> str:
    value = row.stock if side == "stock" else row.patched
    if value is None:
        return "-"
    return _figure(value) + ("*" if row.telling else "")


def _figure(value: float) -> str:
    return format(value, ",.0f" if value % 1 == 0 else ",.1f")


def records(out: Console, rows: Sequence[Record | Summary], notes: Sequence[str] = ()) -> None:
    """One line per verification; `notes`, one for each, are what is to be said beside why."""
    table = _table(
        "kernel", "arch", "patch", "result", "port", "cases", "when", "why", right=("cases",)
    )
    for place, one in enumerate(rows):
        row = one.summary if isinstance(one, Record) else one
        note = notes[place] if notes else ""
        table.add_row(
            row.version,
            f"{row.arch} {row.profile}".strip(),
            row.patchset,
            state(row.result),
            state(row.port_state) if row.port_state else "-",
            str(row.counted) if row.counted else "-",
            when(row.finished),
            escape("; ".join(part for part in (row.why, note) if part)),
        )
    out.print(table)


def when(seconds: float) -> str:
    """A time for people, UTC, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
