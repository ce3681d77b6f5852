# SPDX-License-Identifier: GPL-2.0-only
"""status.json: the page's content for programs, version 2.

What stands in it is told, field by field, by its JSON Schema: `status-2.schema.json` beside this
module, published as `schema/status-2.json`. A field may be added at any time; a change that could
break a reader raises the version. All that version 1 had is there under its former name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from zpmaint.core.releases import Outlook, Release
from zpmaint.core.shown import json_visible
from zpmaint.publish.addresses import SCHEMA, line_badge, line_feed, line_page, set_feed
from zpmaint.publish.facts import Facts, Figure, Suite, Told
from zpmaint.publish.feeds import MOST, id_of, once
from zpmaint.publish.glance import News
from zpmaint.publish.rows import Row
from zpmaint.publish.values import Piece, Shown, Site, Whole
from zpmaint.publish.words import iso
from zpmaint.timeline.values import Attempt, Episode, Freshness, Line

VERSION = 2
HISTORY = 5
"""So many attempts of a kernel are told, the newest first."""
TRANSITIONS = MOST
_LOOKED = '"looked": '


def schema() -> bytes:
    """The JSON Schema (2020-12) of the document."""
    return (Path(__file__).parent / "status-2.schema.json").read_bytes()


def status_json(site: Site) -> bytes:
    """The document, one kernel or line on each line of text. It may be of tens of megabytes: it is
    put together of what is at hand, and never as a text as well."""
    head = {
        "$schema": SCHEMA,
        "schema": VERSION,
        "generator": "zpmaint",
        "generated": iso(site.generated),
        "looked": _time(site.outlook.looked),
        "next_look": _time(site.outlook.next_look),
    }
    news = once(told for one in site.sets for told in one.news)
    parts = [_ascii(f'{_text(head)[:-1]},\n"patchsets": [\n')]
    for place, one in enumerate(site.sets):
        parts += [b",\n" if place else b"", *_patchset(one)]
    transitions = _list("transitions", news[:TRANSITIONS], _transition)
    releases = _list("releases", _newest_first(site.outlook), _release)
    return b"".join([*parts, _ascii(f"],\n{transitions},\n{releases}}}\n")])


def _ascii(text: str) -> bytes:
    return text.encode("ascii")


def lines_of(one: Shown) -> list[tuple[str, str]]:
    """The lines of a part, each as it stands in the document, before and after when somebody looked
    which kernels of it are out."""
    return [_around(_text(_line(line))) for line in one.timelines]


def _around(line: str) -> tuple[str, str]:
    before, name, rest = line.partition(_LOOKED)  # within a word each " has a stroke before it
    _, _, after = rest.partition(", ")
    return f"{before}{name}", f", {after}"


def kernels_of(one: Shown) -> bytes:
    """The kernels of a part, as they stand in the document one after another."""
    return _ascii(",\n".join(_text(_kernel(row)) for row in one.rows))


def _patchset(one: Whole) -> Iterator[bytes]:
    passing, tracked = one.passing
    head = {
        "name": one.name,
        "title": one.title,
        "tracked": tracked,
        "passing": passing,
        "no_regression": one.holding,
        "newest_good": [
            {"tracked_as": line, "arch": arch, "version": version}
            for glance in one.glances
            for line, arch, version in glance.holding
        ],
        "feed": quote(set_feed(one.name)),
        "badge": quote(one.badge),
    }
    around = one.in_order([both for told in one.read(Piece.LINES) for both in told])
    lines = ",\n".join(
        f"{before}{json.dumps(_time(line.line.freshness.looked))}{after}"
        for line, (before, after) in zip(one.lines, around, strict=True)
    )
    yield _ascii(f'{_text(head)[:-1]},\n"lines": [\n{lines}],\n"kernels": [\n')
    between = b""
    for kernels in one.pieces(Piece.KERNELS):
        if kernels:
            yield between
            yield kernels
            between = b",\n"
    yield b"]}"


def _list(name: str, items: Iterable[Any], told: Callable[[Any], dict[str, Any]]) -> str:
    """`"name": [...]` with an item on each line: were all of it indented, the standard library's
    encoder would be ten times slower, and what differs between two documents hard to read."""
    rows = ",\n".join(_text(told(item)) for item in items)
    return f'"{name}": [\n{rows}]'


def _text(document: dict[str, Any]) -> str:
    return json_visible(json.dumps(document, ensure_ascii=True, allow_nan=False))


def _line(line: Line) -> dict[str, Any]:
    newest = line.newest
    return {
        "name": line.name,
        "series": line.series,
        "arch": line.arch,
        "profile": line.profile or None,
        "tracked_as": line.tracked_as or None,
        "note": line.note or None,
        "state": str(line.current.kind) if line.current else None,
        "newest": newest.version if newest else None,
        "newest_good": line.newest_good,
        "freshness": _freshness(line.freshness),
        "episodes": [_episode(one) for one in reversed(line.episodes)],
        "cost_changes": [
            {
                "counter": change.counter,
                "phase": change.phase,
                "unit": change.unit,
                "side": change.side,
                "version": change.first,
                "before": change.last,
                "was": change.before,
                "now": change.after,
                "words": change.words,
                "when": iso(change.when),
            }
            for change in reversed(line.cost_changes)
        ],
        "page": quote(line_page(line)),
        "feed": quote(line_feed(line)),
        "badge": quote(line_badge(line)),
    }


def _freshness(fresh: Freshness) -> dict[str, Any]:
    return {
        "state": str(fresh.state),
        "verified": _time(fresh.verified),
        "newest_out": fresh.newest_out,
        "out_since": _time(fresh.out_since),
        "untested": fresh.untested,
        "looked": _time(fresh.looked),
        "confirmed": _time(fresh.confirmed),
        "words": fresh.words,
    }


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "kind": str(episode.kind),
        "first": episode.first,
        "last": episode.last,
        "kernels": len(episode.versions),
        "last_good": episode.last_good,
        "ended_by": episode.ended_by,
        "fixed": episode.fixed,
        "since": iso(episode.when),
        "reason": episode.reason,
    }


def _transition(one: News) -> dict[str, Any]:
    return {
        "id": id_of(one),
        "kind": str(one.kind),
        "when": iso(one.when),
        "patchset": one.patchset,
        "line": one.line,
        "version": one.version or None,
        "before": one.before,
        "words": one.words,
        "page": quote(one.line_page),
    }


def _newest_first(outlook: Outlook) -> list[Release]:
    return sorted(outlook.releases, key=lambda one: (one.out_since, one.version), reverse=True)


def _release(one: Release) -> dict[str, Any]:
    return {
        "version": one.version,
        "series": one.series,
        "moniker": one.moniker or None,
        "released": iso(one.released)[:10] if one.released is not None else None,
        "end_of_life": one.eol,
        "withdrawn": one.withdrawn,
        "first_seen": iso(one.first_seen),
        "seen": iso(one.seen),
    }


def _kernel(row: Row) -> dict[str, Any]:
    facts, suite, cost, offer = row.facts, row.suite, row.cost, row.offer
    return {
        "version": row.version,
        "arch": row.arch,
        "profile": row.profile or None,
        "line": row.line.name,
        "standing": str(row.standing),
        "tracked_as": row.tracked_as or None,
        "state": row.look,
        "result": str(row.tried.result) if row.tried else None,
        "good": row.is_good,
        "flaky": row.flaky,
        "why": row.why if row.kernel else None,
        "verified": iso(row.verified) if row.kernel else None,
        "change": row.change or None,
        "compared_with": row.compared_with or None,
        "episode": None if row.episode is None else _episode(row.episode),
        "retried": iso(row.attempt.finished) if row.attempt else None,
        "attempts": len(row.history),
        "history": [_attempt(tried) for tried in row.history[:HISTORY]],
        "port": None
        if facts.port_state is None
        else {
            "state": facts.port_state,
            "confidence": facts.port_confidence,
            "anchor": facts.port_anchor,
        },
        "source": _named(("name", "verified", "words", "keys"), facts.source),
        "compiled": _compiled(facts),
        "configuration": [_named(("symbol", "value", "why"), row) for row in facts.derived],
        "shown_by": None if facts.shown_by is None else list(facts.shown_by),
        "suite": suite and _counts(suite),
        "suites": [{"name": name, **_counts(Suite(*counts))} for name, *counts in facts.suites],
        "memory": _figure(row.memory),
        "rss_telling": not row.rss_is_silent if row.rss and _differs(row.memory) else None,
        "instructions_per_page": cost and {"stock": cost.stock, "patched": cost.patched},
        "page": quote(row.page) or None,
        "patch": quote(row.patch_file) or None,
        "sha256": offer.newest.sha256 if offer.newest and row.patch_file else None,
        "files": [
            {"address": quote(row.file(ending)), "sha256": digest}
            for ending, digest in sorted(offer.sums.items())
        ],
        "patches": [
            {
                "address": quote(patch.address),
                "sha256": patch.sha256,
                "state": patch.state,
                "anchor": patch.anchor,
                "since": iso(patch.spans[-1].since),
            }
            for patch in offer.patches
        ],
    }


def _attempt(tried: Attempt) -> dict[str, Any]:
    return {
        "when": iso(tried.finished),
        "result": str(tried.result),
        "inputs": tried.key,
        "why": tried.why,
    }


def _named(names: Sequence[str], told: Told | None) -> dict[str, Any] | None:
    return None if told is None else dict(zip(names, told, strict=True))


def _counts(suite: Suite) -> dict[str, int]:
    return {"passed": suite.passed, "skipped": suite.skipped, "failed": suite.failed}


def _compiled(facts: Facts) -> dict[str, Any] | None:
    found = _named(("whole", "hunks", "not_compiled", "files"), facts.compiled)
    if found is not None:
        found["files"] = [_named(("path", "compiled", "symbols"), file) for file in found["files"]]
    return found


def _differs(figure: Figure | None) -> bool:
    return figure is not None and figure.patched is not None


def _figure(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {
        "counter": figure.counter,
        "unit": figure.unit,
        "stock": figure.stock,
        "patched": figure.patched,
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds)
