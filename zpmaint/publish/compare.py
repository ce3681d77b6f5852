# SPDX-License-Identifier: GPL-2.0-only
"""Pages that compare: each kernel with the one before it and with its own former run;
and one that compares any two, by a script that reads what each run says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from zpmaint.ledger.values import Record
from zpmaint.publish.comparison import FLAVOURS, compare, settings_of
from zpmaint.publish.kernel import Kernel
from zpmaint.publish.log_places import log_places
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import TEMPLATES, rendered
from zpmaint.publish.rows import Row
from zpmaint.publish.texts import Texts
from zpmaint.publish.values import Shown, Site
from zpmaint.timeline.values import Attempt

SCRIPT = "compare.js"
PAGE = "compare.html"
RUNS = "compare-runs.js"
"""What there is to compare, for the script."""


@dataclass(frozen=True)
class Other:
    """What a kernel is compared with."""

    file: str
    """The page's, below the kernel's folder."""
    words: str
    row: Row
    kernel: Kernel
    attempt: Attempt


def others_of(one: Shown, row: Row) -> list[Other]:
    """The kernel before it in its line, else the next older one; and its own former run."""
    found: list[Other] = []
    if row.kernel is None:
        return found
    if (older := one.before(row)) and older.kernel:
        is_near = older.line.name == row.line.name
        words = f"with {older.version}, " + ("the one before it" if is_near else "the next older")
        found.append(
            Other("with-predecessor.html", words, older, older.kernel, older.kernel.standing)
        )
    if former := former_of(row.kernel):
        found.append(Other("with-former.html", "with its former run", row, row.kernel, former))
    return found


def former_of(kernel: Kernel) -> Attempt | None:
    """The settled attempt before the one that stands for a kernel."""
    settled = [tried for tried in kernel.attempts if tried.result.settles]
    return settled[1] if len(settled) > 1 else None


def pages(site: Site) -> Iterator[Page]:
    """`SET/VERSION-ARCH/with-predecessor.html`, `with-former.html`, `run.js` and `run-former.js` of
    each kernel that has them, `compare.html` and its scripts."""
    runs: list[tuple[str, str]] = []
    for one in site.sets:
        title = made_of(one.title)
        for row in one.rows:
            kernel = row.kernel
            if kernel is None:
                continue
            here = f"{title} {kernel.state} {_config_state(site.texts, row)}"
            for other in others_of(one, row):
                there = f"{other.kernel.state} {_config_state(site.texts, other.row)}"
                inputs = made_of(here, there, other.words)
                make = partial(_comparison, site, one, row, other)
                yield Page(f"{row.log_folder}/{other.file}", inputs, make)
            for name, words, tried in _runs(row, kernel):
                address = f"{row.log_folder}/{name}"
                runs.append((address, f"{one.name}: {row.version} {row.arch}{words}"))
                yield Page(f"{address}.js", here, partial(_run, site, row, kernel, tried))
    yield Page(PAGE, made_of(), _any_two)
    yield Page(SCRIPT, made_of(), (TEMPLATES / SCRIPT).read_bytes)
    yield Page(RUNS, made_of(runs), lambda: _script("zpmaintRuns", runs))


def _runs(row: Row, kernel: Kernel) -> Iterator[tuple[str, str, Attempt]]:
    profile = f" {row.profile}" if row.profile else ""
    yield "run", profile, kernel.standing
    if former := former_of(kernel):
        yield "run-former", f"{profile}, its former run", former


def _config_state(texts: Texts, row: Row) -> str:
    return " ".join(texts.state(place) for place in row.logs if place.name == "config")


def _config(texts: Texts, record: Record) -> bytes | None:
    place = next((one for one in log_places(record) if one.name == "config"), None)
    return texts.text(place) if place else None


def _comparison(site: Site, one: Shown, row: Row, other: Other) -> bytes:
    assert row.kernel is not None
    after, before = row.kernel.record, other.kernel.read(other.attempt)
    configs = (_config(site.texts, before), _config(site.texts, after))
    return rendered(
        "comparison.html.j2",
        set=one,
        row=row,
        other=other,
        before=before,
        after=after,
        found=compare(before, after, configs),
        flavours=FLAVOURS,
        root="../../",
    )


def _any_two() -> bytes:
    return rendered("compare.html.j2", root="", here=PAGE, scripts=(SCRIPT, RUNS))


def _run(site: Site, row: Row, kernel: Kernel, tried: Attempt) -> bytes:
    record = kernel.read(tried)
    return _script("zpmaintRun", document(record, _config(site.texts, record), row.page))


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


def _script(name: str, value: Any) -> bytes:
    """A call that hands a value to the script; pages without a server may load nothing else."""
    return f"{name}({json.dumps(value, sort_keys=True, separators=(',', ':'))});\n".encode()
