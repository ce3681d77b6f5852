# SPDX-License-Identifier: GPL-2.0-only
"""kernel.org's releases.json: the heads that are maintained now, row by row. Pure.

A row that cannot be read is named and left out; a document of which nothing can be read is none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.document import RefusedError
from zpmaint.sources.http_errors import shown

_MONIKERS = ("mainline", "stable", "longterm", "linux-next")
_LONGEST = 60
"""Characters of what is named of a row that cannot be read."""


@dataclass(frozen=True)
class Release:
    """One row of releases.json: a head that is maintained now."""

    version: KernelVersion
    moniker: str
    """mainline, stable, longterm or linux-next; '' for a word that is none of these."""
    eol: bool
    released: date | None
    source: str | None
    """Where its tarball is."""
    changelog: str | None

    @property
    def midnight(self) -> float | None:
        """Its day, in seconds since the epoch (UTC)."""
        if self.released is None:
            return None
        day = self.released
        return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Releases:
    """What a releases.json says."""

    rows: tuple[Release, ...]
    left_out: tuple[str, ...] = ()
    """The rows that cannot be read, each by its version, or by what stands in its place."""


def read(url: str, body: bytes) -> Releases:
    """The rows of a document. Raises RefusedError where it is not kernel.org's list, or nothing in
    it can be read: an empty list would say that all kernels have ended."""
    try:
        rows = json.loads(body)["releases"]
        if not isinstance(rows, list):
            raise TypeError("its releases are no list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedError(
            f"{url}: not kernel.org's list of releases: {error!r:.200}",
            "something answers in its place, or it is damaged; try again later",
        ) from None
    good, bad = [], []
    for row in rows:
        try:
            good.append(_row(row))
        except (UserError, ValueError, TypeError, AttributeError, KeyError, OverflowError):
            bad.append(_name(row))
    if not good:
        raise RefusedError(
            f"{url}: not kernel.org's list of releases: "
            + (f"none of its {len(rows)} rows can be read" if rows else "it has no row"),
            "try again later",
        )
    return Releases(tuple(good), tuple(bad))


def _row(row: Any) -> Release:
    """One row. Raises whatever reading it raises; only its version has to be right."""
    version = KernelVersion.parse(row["version"])
    if version.debian is not None:
        raise ValueError("kernel.org makes no such kernel")
    moniker = row.get("moniker")
    return Release(
        version=version,
        moniker=moniker if moniker in _MONIKERS else "",
        eol=row.get("iseol") is True,
        released=_day(row.get("released")),
        source=_text(row.get("source")),
        changelog=_text(row.get("changelog")),
    )


def _day(told: Any) -> date | None:
    """Of {"isodate": "2026-11-27", "timestamp": ...}; None where it is no day."""
    try:
        return date.fromisoformat(told["isodate"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _name(row: Any) -> str:
    named = row.get("version", row) if isinstance(row, dict) else row
    return repr(shown(named)[:_LONGEST])
