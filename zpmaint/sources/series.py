"""Which kernels a series holds, and which lie near one that is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.source import NotServedError

_SERIES = re.compile(r"\d+(\.\d+){0,2}")


def numbers_of(series: str) -> tuple[int, ...]:
    """The numbers that all kernels of a series begin with. Raises UserError where it is none."""
    if not _SERIES.fullmatch(series):
        raise UserError(f"{series!r} is not a series", "write it as 6.12, 7 or 2.6.20")
    return tuple(map(int, series.split(".")))


def releases_of(series: str, versions: Iterable[KernelVersion]) -> list[KernelVersion]:
    """The releases of `series`, newest first: 6.12.107 is of "6.12" and of "6", 6.1 is not of
    "6.12". Raises UserError where `series` is not one."""
    numbers = numbers_of(series)
    of_it = (v for v in versions if v.is_release and v.numbers[: len(numbers)] == numbers)
    return sorted(of_it, reverse=True)


def newest_of(series: str, versions: Iterable[KernelVersion], source: str) -> KernelVersion:
    """The newest release of `series`. Raises NotServedError, naming `source`."""
    found = releases_of(series, versions)
    if not found:
        raise NotServedError(f"{source}: no release of series {series}")
    return found[0]


def not_served(source: str, version: KernelVersion, has: Iterable[KernelVersion]) -> NotServedError:
    """The error that `source` does not have `version`, naming the two nearest it has."""
    ordered = sorted(has)
    near = [v for v in ordered if v < version][-1:] + [v for v in ordered if v > version][:1]
    said = f"the nearest it has: {', '.join(map(str, near))}" if near else "it has no kernel at all"
    return NotServedError(f"{source}: no kernel {version}; {said}")
