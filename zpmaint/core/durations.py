# SPDX-License-Identifier: GPL-2.0-only
"""Times as text: 90s, 30m, 6h, 2d as people write them, a moment as programs do. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_FORM = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s?([smhd])", re.ASCII)


def seconds_of(text: object) -> float:
    """The seconds that "90s", "30m", "6h" or "2d" stands for. Raises ValueError for what is no such
    text, and for none at all."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not seconds:
        raise ValueError(f'{text!r} is no time; write it as "90s", "30m", "6h" or "2d"')
    return seconds


def written(seconds: float) -> str:
    """As `seconds_of` reads it, at least a millisecond."""
    return f"{seconds / 3600:.1f}h" if seconds >= 100_000 else f"{max(seconds, 0.001):.3f}s"


def said(seconds: float) -> str:
    """In the largest unit that leaves at least two of it: 45 s, 90 min, 6 h, 3 d."""
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def rfc3339(epoch: float) -> str:
    """Seconds since the epoch as RFC 3339 has them: 2026-11-25T12:05:13Z."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
