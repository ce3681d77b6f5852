# SPDX-License-Identifier: GPL-2.0-only
"""Names of kernels as the ledger has them: ordered, and given to the lines that track them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from zpmaint.core.config import KernelTable
from zpmaint.core.errors import UserError
from zpmaint.core.series import numbers_of
from zpmaint.core.versions import KernelVersion

Order = tuple[int, KernelVersion, str]

_NO_KERNEL = KernelVersion((0, 0, 0))


@lru_cache(maxsize=1 << 16)
def parsed(text: str) -> KernelVersion | None:
    """The kernel that a name stands for; None where it is no kernel's name."""
    try:
        return KernelVersion.parse(text)
    except UserError:
        return None


@lru_cache(maxsize=1 << 16)
def order_of(text: str) -> Order:
    """Sorts names as the kernels were made; what is no kernel's name comes first."""
    kernel = parsed(text)
    return (0, _NO_KERNEL, text) if kernel is None else (1, kernel, text)


def padded(text: str) -> str:
    """A kernel's name with all its numbers: 6.12.0 of 6.12, which is a series' name as well."""
    kernel = parsed(text)
    if kernel is None or kernel.debian or not kernel.is_release:
        return text
    return ".".join(map(str, kernel.numbers))


class Coverage:
    """Which lines of kernels.toml cover a kernel, without asking each of them."""

    def __init__(self, lines: Iterable[KernelTable]) -> None:
        self._series: dict[tuple[int, ...], list[tuple[int, KernelTable]]] = {}
        self._single: dict[KernelVersion, list[tuple[int, KernelTable]]] = {}
        for place, line in enumerate(lines):
            if line.series is not None:
                self._series.setdefault(numbers_of(line.series), []).append((place, line))
            else:
                version = KernelVersion.parse(line.version)
                self._single.setdefault(version, []).append((place, line))

    def of(self, version: KernelVersion) -> list[KernelTable]:
        """Those lines, in the order of kernels.toml. See KernelTable.covers."""
        found = [
            *(
                one
                for length in range(1, len(version.numbers) + 1)
                for one in self._series.get(version.numbers[:length], ())
            ),
            *self._single.get(version, ()),
        ]
        if version.debian:
            found += self._single.get(version.upstream, ())
        return [line for _, line in sorted(found, key=lambda one: one[0])]
