# SPDX-License-Identifier: GPL-2.0-only
"""How the page writes numbers and times."""

from __future__ import annotations

from datetime import UTC, datetime

from zpmaint.core.durations import rfc3339

NONE = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_AGES = (("years", 365 * 86_400), ("months", 30 * 86_400), ("days", 86_400), ("hours", 3_600))


def number(value: object) -> str:
    """2110.2 as '2,110', 4.0 as '4', 4.13 as '4.1'; a dash for what is not there."""
    if not isinstance(value, int | float):
        return NONE
    digits = 1 if abs(value) < 100 and abs(value - round(value)) >= 0.05 else 0
    return f"{value:,.{digits}f}".replace("-", _MINUS)


def signed(value: object) -> str:
    """A difference with its sign; '0' has none."""
    text = number(value)
    return f"+{text}" if isinstance(value, int | float) and value > 0 and text != "0" else text


def mebibytes(kilobytes: object) -> str:
    """A difference in the kernel's kB (1024 bytes) as '+64.0 MiB', below one MiB in kB."""
    if not isinstance(kilobytes, int | float):
        return NONE
    if abs(kilobytes) < 1024:
        return f"{signed(kilobytes)} kB"
    sign = "+" if kilobytes > 0 else _MINUS
    return f"{sign}{abs(kilobytes) / 1024:,.1f} MiB"


def size(pages: int) -> str:
    """Pages of 4 kB as '1 MB', '512 kB'."""
    kilobytes = 4 * pages
    return f"{kilobytes // 1024} MB" if kilobytes % 1024 == 0 else f"{kilobytes} kB"


def moment(epoch: object) -> str:
    """Seconds since the epoch as '2026-11-25 12:05' UTC."""
    return f"{_utc(epoch):%Y-%m-%d %H:%M}" if isinstance(epoch, int | float) else NONE


def day(epoch: object) -> str:
    """Seconds since the epoch as '2026-11-25' UTC."""
    return f"{_utc(epoch):%Y-%m-%d}" if isinstance(epoch, int | float) else NONE


def iso(epoch: object) -> str:
    """Seconds since the epoch as RFC 3339 has it; '' for what is no number."""
    return rfc3339(epoch) if isinstance(epoch, int | float) else ""


def duration(seconds: object) -> str:
    """'0.4 s', '48 s', '4 min 01 s'."""
    if not isinstance(seconds, int | float):
        return NONE
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60:02d} s"


def age(seconds: object) -> str:
    """How long ago: 'just now', '5 hours ago', '12 days ago', '5 months ago', '3 years ago'."""
    if not isinstance(seconds, int | float):
        return NONE
    for name, length in _AGES:
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {name} ago"
    return "1 hour ago" if seconds >= 3_600 else "just now"


def percent(share: object) -> str:
    """0.94 as '94 %'; never rounded up to a certainty that is not there."""
    if not isinstance(share, int | float):
        return NONE
    return f"{int(share * 100 + 1e-6)} %"


def _utc(epoch: int | float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
