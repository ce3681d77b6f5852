# SPDX-License-Identifier: GPL-2.0-only
"""Pages that compare: each kernel with the one before it and with its own former run;
and one that compares any two, by a script that reads what each run says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from zpmaint.ledger.values import Record
from zpmaint.publish.comparison import FLAVOURS, compare, settings_of
from zpmaint.publish.kernel import Kernel
from zpmaint.publish.log_places import LogPlace, log_places
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import TEMPLATES, rendered
from zpmaint.publish.rows import Row
from zpmaint.publish.texts import Texts
from zpmaint.publish.values import Frame, Piece, Shown, Site
from zpmaint.timeline.values import Attempt

SCRIPT = "compare.js"
PAGE = "compare.html"
RUNS = "compare-runs.js"
"""What there is to compare, for the script."""
_PREDECESSOR = "with-predecessor.html"


@dataclass(frozen=True)
class Other:
    """What a kernel is compared with."""

    file: str
    """The page's, below the kernel's folder."""
    words: str
    state: str
    """A digest of what is compared of it."""
    row: Callable[[], Row] = field(compare=False)
    is_former: bool = False
    """Whether it is the kernel's own former run."""

    @property
    def run(self) -> tuple[Row, Kernel, Attempt]:
        """Its kernel with the attempt that is compared."""
        row = self.row()
        assert row.kernel is not None
        former = former_of(row.kernel) if self.is_former else None
        return row, row.kernel, former or row.kernel.standing


def others_of(frame: Frame, one: Shown, row: Row) -> list[Other]:
    """The kernel before it in its line, else the next older one; and its own former run."""
    found: list[Other] = []
    if row.kernel is None:
        return found
    if older := one.before(row):
        is_near = older.line.name == row.line.name
        words = f"with {older.version}, " + ("the one before it" if is_near else "the next older")
        found.append(Other(_PREDECESSOR, words, state_of(frame.texts, older), _given(older)))
    elif far := one.older.get((row.arch, row.profile)):
        found.append(Other(_PREDECESSOR, f"with {far.version}, the next older", far.state, far.row))
    if former_of(row.kernel):
        state = state_of(frame.texts, row)
        found.append(
            Other("with-former.html", "with its former run", state, _given(row), is_former=True)
        )
    return found


def _given(row: Row) -> Callable[[], Row]:
    return lambda: row


def state_of(texts: Texts, row: Row) -> str:
    """A digest of what is compared of a kernel."""
    state = row.kernel.state if row.kernel else ""
    return f"{state} {config_state(texts, row.logs)}"


def former_of(kernel: Kernel) -> Attempt | None:
    """The settled attempt before the one that stands for a kernel."""
    settled = [tried for tried in kernel.attempts if tried.result.settles]
    return settled[1] if len(settled) > 1 else None


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/VERSION-ARCH/with-predecessor.html`, `with-former.html`, `run.js` and `run-former.js` of
    each kernel that has them."""
    title = made_of(one.title)
    for row in one.rows:
        if row.kernel is None:
            continue
        here = f"{title} {state_of(frame.texts, row)}"
        for other in others_of(frame, one, row):
            inputs = made_of(here, other.state, other.words)
            make = partial(_comparison, frame, one, row, other)
            yield Page(f"{row.log_folder}/{other.file}", inputs, make)
        for name, _, tried in _runs(row, row.kernel):
            make = partial(_run, frame, row, row.kernel, tried)
            yield Page(f"{row.log_folder}/{name}.js", here, make)


def runs_of(one: Shown) -> list[tuple[str, str]]:
    """Address and words of what there is to compare."""
    return [
        (f"{row.log_folder}/{name}", f"{one.name}: {row.version} {row.arch}{words}")
        for row in one.rows
        if row.kernel
        for name, words, _ in _runs(row, row.kernel)
    ]


def pages(site: Site) -> Iterator[Page]:
    """`compare.html` and its scripts."""
    yield Page(PAGE, made_of(), _any_two)
    yield Page(SCRIPT, made_of(), (TEMPLATES / SCRIPT).read_bytes)
    yield Page(RUNS, made_of([one.digests(Piece.RUNS) for one in site.sets]), partial(_every, site))


def _runs(row: Row, kernel: Kernel) -> Iterator[tuple[str, str, Attempt]]:
    profile = f" {row.profile}" if row.profile else ""
    yield "run", profile, kernel.standing
    if former := former_of(kernel):
        yield "run-former", f"{profile}, its former run", former


def config_state(texts: Texts, places: Iterable[LogPlace]) -> str:
    """Whether a kernel's configuration is there, among its logs."""
    return " ".join(texts.state(place) for place in places if place.name == "config")


def _config(texts: Texts, record: Record) -> bytes | None:
    place = next((one for one in log_places(record) if one.name == "config"), None)
    return texts.text(place) if place else None


def _comparison(frame: Frame, one: Shown, row: Row, other: Other) -> bytes:
    assert row.kernel is not None
    older, kernel, tried = other.run
    after, before = row.kernel.record, kernel.read(tried)
    configs = (_config(frame.texts, before), _config(frame.texts, after))
    return rendered(
        "comparison.html.j2",
        set=one,
        row=row,
        other=older,
        words=other.words,
        before=before,
        after=after,
        found=compare(before, after, configs),
        flavours=FLAVOURS,
        root="../../",
    )


def _every(site: Site) -> bytes:
    parts = (runs.decode() for one in site.sets for runs in one.pieces(Piece.RUNS) if runs)
    return _call("zpmaintRuns", f"[{','.join(parts)}]")


def _any_two() -> bytes:
    return rendered("compare.html.j2", root="", here=PAGE, scripts=(SCRIPT, RUNS))


def _run(frame: Frame, row: Row, kernel: Kernel, tried: Attempt) -> bytes:
    record = kernel.read(tried)
    return _script("zpmaintRun", document(record, _config(frame.texts, record), row.page))


def document(record: Record, config: bytes | None, page: str) -> dict[str, Any]:
    """What a run says of itself, for the script: JSON's own types."""
    verdict, port = record.verdict, record.port
    return {
        "schema": 1,
        "page": page,
        "settings": settings_of(record),
        "why": record.why,
        "outcome": record.outcome,
        "finished": record.finished,
        "cases": {
            f"{case.suite} {case.name}": [
                [found.mark, found.observed] if (found := case.results.get(name)) else None
                for name in FLAVOURS
            ]
            for case in (verdict.cases if verdict else ())
        },
        "figures": {
            f"{delta.counter}, {delta.phase} ({delta.unit})": [delta.stock, delta.patched]
            for delta in (verdict.deltas if verdict else ())
        },
        "config": config.decode("utf-8", "replace").splitlines() if config is not None else None,
        "patch": port.patch.splitlines() if port and port.patch else None,
    }


def listed(runs: Sequence[Any]) -> str:
    """The items of a list as JSON: lists of several parts are put together so."""
    return json.dumps(runs, sort_keys=True, separators=(",", ":"))[1:-1]


def _script(name: str, value: Any) -> bytes:
    """A call that hands a value to the script; pages without a server may load nothing else."""
    return _call(name, json.dumps(value, sort_keys=True, separators=(",", ":")))


def _call(name: str, value: str) -> bytes:
    return f"{name}({value});\n".encode()
