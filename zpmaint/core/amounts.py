# SPDX-License-Identifier: GPL-2.0-only
"""Amounts of bytes as people write and read them."""

from __future__ import annotations

import re

from zpmaint.core.errors import UserError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
          "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}  # fmt: skip
_AMOUNT = re.compile(r"(?P<number>\d{1,15}(?:\.\d{1,9})?)\s*(?P<unit>[kmgt]?i?)b?", re.ASCII | re.I)


def bytes_of(text: str) -> int:
    """The bytes that "6 GB", "500M", "1.5 GiB" or "1000" say: 10^9 to a GB, 2^30 to a GiB. Raises
    UserError, naming the text."""
    found = _AMOUNT.fullmatch(text.strip())
    unit = found["unit"].lower() if found else "i"
    if found is None or unit not in _UNITS:
        raise UserError(f"{text!r} is no amount of bytes", "write it as 6 GB, 500 MB or 1.5 GiB")
    return int(float(found["number"]) * _UNITS[unit])


def shown(count: int) -> str:
    """'0.6 GB', '12 MB', '3 kB', '0 B'."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size * 0.9995:
            number = count / size
            return (
                f"{number:.1f} {unit}"
                if unit == "GB" and number < 99.95
                else f"{number:.0f} {unit}"
            )
    return f"{count} B"
