# SPDX-License-Identifier: GPL-2.0-only
"""The news that stand on the published site, and which of them a receiver is told. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from zpmaint.core.service_table import ReceiverTable

_LASTING = ("new kernel untested",)
"""News of a state that may end by itself soon: told when it has lasted."""
_ID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST = 200
"""So many the site lists: of a list that is as long older ones may be missing."""


@dataclass(frozen=True)
class Notice:
    """A piece of news, as it is told. Its texts may be any: others wrote parts of them."""

    id: str
    """urn:uuid:..., the same for ever."""
    kind: str
    when: float
    """Seconds since the epoch."""
    patchset: str
    line: str
    version: str
    """'' where it is of no kernel."""
    before: str
    """The kernel on which it was otherwise last; '' where there is none."""
    words: str
    page: str
    """From the site's root."""

    @property
    def uuid(self) -> str:
        return self.id.removeprefix("urn:uuid:")

    @property
    def title(self) -> str:
        """In a line."""
        if self.kind == "service silent":
            return "service silent: nobody looks for new kernels"
        about = f" on {self.version}" if self.version else ""
        return f"{self.kind}: {self.patchset}{about} ({self.line})"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Baseline:
    """Where news begin for a receiver."""

    since: float = -math.inf
    """Seconds since the epoch: what is older is none; -inf: all are."""
    horizon: float = -math.inf
    """What is older than this stood beyond the end of the list when the receiver was first seen."""


def notices_of(status: Mapping[str, Any]) -> list[Notice]:
    """The news of a site's status.json, oldest first. Raises ValueError where it names none as a
    site of this zpmaint does."""
    try:
        found = [_notice(row) for row in status["transitions"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its transitions are not of this zpmaint: {error!r}") from None
    return found[::-1]


def notice_of(row: Mapping[str, Any]) -> Notice:
    """The one that `as_json` gave. Raises ValueError."""
    try:
        made = Notice(**row)
    except TypeError as error:
        raise ValueError(str(error)) from None
    texts = [value for name, value in row.items() if name != "when"]
    if not all(isinstance(text, str) for text in texts) or not isinstance(made.when, float):
        raise ValueError("no notice")
    return _checked(made)


def first_baseline(table: ReceiverTable, notices: Sequence[Notice]) -> Baseline:
    """Where news begin for a receiver that is seen for the first time, with these on the site."""
    if table.since == "all":
        return Baseline()
    if table.since == "now":
        oldest = min((one.when for one in notices), default=-math.inf)
        return Baseline(horizon=oldest if len(notices) >= _MOST else -math.inf)
    day = datetime.strptime(table.since, "%Y-%m-%d").replace(tzinfo=UTC)
    return Baseline(since=day.timestamp())


def due(
    table: ReceiverTable,
    notices: Sequence[Notice],
    known: Collection[str],
    baseline: Baseline,
    now: float,
) -> list[Notice]:
    """What the receiver is to be told now, oldest first; `known` are the ids of what it was told,
    or what was there before it was."""
    return [
        one
        for one in notices
        if one.id not in known
        and one.kind in table.kinds
        and (not table.patches or one.patchset in table.patches)
        and one.when >= baseline.horizon
        and _is_due(one, table, baseline, now)
    ]


def _is_due(one: Notice, table: ReceiverTable, baseline: Baseline, now: float) -> bool:
    if one.kind not in _LASTING:
        return one.when >= baseline.since
    # It becomes news then, and may have begun long before somebody was to be told.
    lasted = one.when + table.untested_after
    return baseline.since <= lasted <= now


def _notice(row: Mapping[str, Any]) -> Notice:
    return _checked(
        Notice(
            id=row["id"],
            kind=str(row["kind"]),
            when=_seconds(row["when"]),
            patchset=str(row["patchset"]),
            line=str(row["line"]),
            version=str(row["version"] or ""),
            before=str(row["before"] or ""),
            words=str(row["words"]),
            page=str(row["page"]),
        )
    )


def _checked(one: Notice) -> Notice:
    # It names a file and a mail.
    if not isinstance(one.id, str) or not _ID.fullmatch(one.id):
        raise ValueError(f"{one.id!r} is no name of a piece of news")
    return one


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()
