# SPDX-License-Identifier: GPL-2.0-only
"""status.json: the page's content for programs.

The document's shape, version 1 (a change that could break a reader raises the number)::

    schema      1
    generator   "zpmaint"
    generated   RFC 3339, UTC
    patchsets   a list, each:
      name, title
      tracked         how many kernels of kernels.toml are tracked with it
      passing         how many of those pass: the patch's effect was shown
      no_regression   how many of those are as on stock, the effect untested
      newest_good     a list: {tracked_as, arch, version or null}
      kernels         a list, newest first, each:
        version       the kernel, or the tracked series ("6.12.*") where none was verified
        arch          "x86_64" or "i386"
        standing      "tracked", "earlier" or "untracked"
        tracked_as    the line of kernels.toml, or null
        state         "pass", "no regression" (as on stock, the patch's effect untested),
                      "not compiled" (a part of the change is in no object), "fail", "conflict",
                      "build-failed", "infrastructure" or "indeterminate" (no result: neither
                      says anything about the kernel, and it is tried again) or "pending" (never
                      verified)
        good          whether the patch holds as far as it was looked at: the first two states
        why           one line, or null
        verified      RFC 3339, or null
        change        "regression", "fixed" or null, against compared_with
        compared_with a kernel, or null
        retried       RFC 3339 of a later attempt without a result, or null
        port          {state, confidence 0..1, anchor} or null
        source        {name, verified, words, keys} of the kernel's bytes: whether signatures
                      vouch for them, in words, and the fingerprints; null where it is not known
        compiled      {whole, hunks, not_compiled, files: [{path, compiled, symbols}]}, or null
                      where it is not known what was compiled
        shown_by      the cases that showed the patch's effect, or null
        suite         {passed, skipped, failed} of all cases, or null
        suites        a list: {name, passed, skipped, failed} of each suite
        memory        the telling counter after the read pass:
                      {counter, unit, stock, patched or null} or null
        rss_telling   whether VmRSS shows the difference that memory shows; null where no
                      difference was measured
        instructions_per_page   {stock, patched or null} of the read pass, or null
        page, patch   addresses relative to this file, or null
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from zpmaint.core.result import Result
from zpmaint.publish.facts import Facts, Figure, Suite, Told
from zpmaint.publish.rows import Row, Standing, newest_good
from zpmaint.publish.words import iso

SCHEMA = 1


def status_json(sets: Sequence[tuple[str, str, Sequence[Row]]], generated: float) -> str:
    """The document for (name, title, rows) of each patch set, as text."""
    document = {
        "schema": SCHEMA,
        "generator": "zpmaint",
        "generated": iso(generated),
        "patchsets": [_patchset(name, title, rows) for name, title, rows in sets],
    }
    return json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def passing_of(rows: Sequence[Row]) -> tuple[int, int]:
    """How many of the tracked kernels pass, the effect shown, and how many there are."""
    tracked = [row for row in rows if row.standing is Standing.TRACKED]
    return sum(row.look == Result.PASS for row in tracked), len(tracked)


def holding_of(rows: Sequence[Row]) -> int:
    """On how many of the tracked kernels nothing that worked is broken, the effect untested."""
    tracked = [row for row in rows if row.standing is Standing.TRACKED]
    return sum(row.look == Result.NO_REGRESSION for row in tracked)


def _patchset(name: str, title: str, rows: Sequence[Row]) -> dict[str, Any]:
    passing, tracked = passing_of(rows)
    return {
        "name": name,
        "title": title,
        "tracked": tracked,
        "passing": passing,
        "no_regression": holding_of(rows),
        "newest_good": [
            {"tracked_as": line, "arch": arch, "version": row.version if row else None}
            for line, arch, row in newest_good(rows)
        ],
        "kernels": [_kernel(row) for row in rows],
    }


def _kernel(row: Row) -> dict[str, Any]:
    facts, suite, cost = row.facts, row.suite, row.cost
    return {
        "version": row.version,
        "arch": row.arch,
        "standing": str(row.standing),
        "tracked_as": row.tracked_as or None,
        "state": row.look,
        "why": row.why if row.kernel else None,
        "verified": iso(row.verified) if row.kernel else None,
        "change": row.change or None,
        "compared_with": row.compared_with or None,
        "retried": iso(row.attempt.finished) if row.attempt else None,
        "good": row.is_good,
        "port": None
        if facts.port_state is None
        else {
            "state": facts.port_state,
            "confidence": facts.port_confidence,
            "anchor": facts.port_anchor,
        },
        "source": _named(("name", "verified", "words", "keys"), facts.source),
        "compiled": _compiled(facts),
        "shown_by": None if facts.shown_by is None else list(facts.shown_by),
        "suite": suite and _counts(suite),
        "suites": [{"name": name, **_counts(Suite(*counts))} for name, *counts in facts.suites],
        "memory": _figure(row.memory),
        "rss_telling": not row.rss_is_silent if row.rss and _differs(row.memory) else None,
        "instructions_per_page": cost and {"stock": cost.stock, "patched": cost.patched},
        "page": quote(row.page) or None,
        "patch": quote(row.patch_file) or None,
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
