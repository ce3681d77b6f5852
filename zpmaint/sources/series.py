# SPDX-License-Identifier: GPL-2.0-only
"""Which kernels a series holds, and which lie near one that is missing."""

from __future__ import annotations

from collections.abc import Iterable

from zpmaint.core.series import holds, numbers_of
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.source import NotServedError


def releases_of(series: str, versions: Iterable[KernelVersion]) -> list[KernelVersion]:
    """The releases of `series`, newest first: 6.12.107 is of "6.12" and of "6", 6.1 is not of
    "6.12". Raises UserError where `series` is not one."""
    numbers_of(series)
    return sorted((v for v in versions if v.is_release and holds(series, v)), reverse=True)


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
