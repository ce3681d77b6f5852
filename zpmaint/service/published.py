# SPDX-License-Identifier: GPL-2.0-only
"""status.json of the published site, as far as the service goes by it. It may have tens of
megabytes: the commands read it, which end; the service is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zpmaint.core.beneath import read_beneath

STATUS = "status.json"
_SCHEMAS = (2,)


@dataclass(frozen=True)
class Count:
    """So many tracked kernels of a patch set are so."""

    patchset: str
    state: str
    count: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def status_of(site: Path) -> dict[str, Any]:
    """The document. Raises FileNotFoundError, OSError, and ValueError where it is none of ours."""
    raw = read_beneath(site, STATUS)
    if raw is None:
        raise FileNotFoundError(2, "no such file", str(site / STATUS))
    try:
        found = json.loads(raw)
    except RecursionError:
        raise ValueError("not a document of ours") from None
    if not isinstance(found, dict) or found.get("schema") not in _SCHEMAS:
        raise ValueError(f"not of schema {_SCHEMAS[0]}")
    return found


def counted(status: Mapping[str, Any]) -> list[Count]:
    """The tracked kernels by patch set and state. Raises KeyError or TypeError for a document of
    another shape."""
    found = Counter(
        (str(one["name"]), str(kernel["state"]))
        for one in status["patchsets"]
        for kernel in one["kernels"]
        if kernel["standing"] == "tracked"
    )
    return [Count(*name, count) for name, count in sorted(found.items())]


def count_of(row: object) -> Count | None:
    """The one that `as_json` gave; None for what is none."""
    if not isinstance(row, dict):
        return None
    patchset, state, count = (row.get(name) for name in ("patchset", "state", "count"))
    if isinstance(patchset, str) and isinstance(state, str) and isinstance(count, int):
        return Count(patchset, state, count)
    return None
