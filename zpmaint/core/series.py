# SPDX-License-Identifier: GPL-2.0-only
"""How people write a series of kernels: "6.12" (also "7" or "2.6.20"), and "6.12.y" or "6.12.*"
where one kernel could stand as well."""

from __future__ import annotations

import re

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion

_NUMBERS = r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}"
_SERIES = re.compile(_NUMBERS)
_NEWEST = re.compile(rf"v?({_NUMBERS})\.([*xy])")


def numbers_of(series: str) -> tuple[int, ...]:
    """The numbers that all kernels of a series begin with. Raises UserError where it is none."""
    if not _SERIES.fullmatch(series):
        raise UserError(f"{series!r} is not a series", "write it as 6.12, 7 or 2.6.20")
    return tuple(map(int, series.split(".")))


def named(text: str, wildcards: str = "*xy") -> str | None:
    """The series "6.12" of "6.12.y", "6.12.x" or "v6.12.*"; None where `text` names no series so.
    `wildcards` are the letters that may stand for the point release."""
    found = _NEWEST.fullmatch(text)
    return found[1] if found and found[2] in wildcards else None


def holds(series: str, version: KernelVersion) -> bool:
    """Whether a kernel is of a series: 6.12.107 is of "6.12" and of "6", and not of "6.1"."""
    numbers = numbers_of(series)
    return version.numbers[: len(numbers)] == numbers
