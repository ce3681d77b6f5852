# SPDX-License-Identifier: GPL-2.0-only
"""The kernels between two, in the order in which they were made from one another. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion


def between(
    one: KernelVersion, other: KernelVersion, served: Iterable[KernelVersion]
) -> list[KernelVersion]:
    """The releases from `one` to `other`, both included, as far as they are `served`: of one series
    its point releases; else mainline (the first release of each later series with its candidates)
    up to the other's, and the point releases of that. Newest first where `one` is the newer.

    Raises UserError for linux-next, which has no row, and for a kernel and itself."""
    if one == other:
        raise UserError(f"{one} and {other} are one kernel", "name a good one and a bad one")
    for version in (one, other):
        if version.next_date is not None:
            raise UserError(f"{version} is in no row of releases", "name releases")
    old, new = sorted((one, other))
    row = {old, new}
    for version in served:
        if version.next_date or version.debian or not old < version < new:
            continue
        if version.upstream in (old.upstream, new.upstream):
            continue  # a Debian revision of it is at the end of the row
        is_mainline = version.numbers[-1] == 0 and _later(version, old)
        if is_mainline or (version.is_release and version.series == new.series):
            row.add(version)
    return sorted(row, reverse=one > other)


def is_line(one: KernelVersion, other: KernelVersion) -> bool:
    """Whether each kernel between two is made from the one before it: not where the older one is a
    point release of another series, which mainline never had."""
    old, new = sorted((one, other))
    return old.series == new.series or old.numbers[-1] == 0


def _later(version: KernelVersion, old: KernelVersion) -> bool:
    """Whether it is of a later series, or the old one is a candidate of its own."""
    if old.rc is not None:
        return version.numbers >= old.numbers
    return version.numbers[:-1] > old.numbers[:-1]
